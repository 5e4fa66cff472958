import type { ErrorCode } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { Exchange } from '../model/exchange.ts'
import type { Handle, HandleLocal, ListenerResponse, RequestContext } from '../model/handle.ts'
import { safeWord } from '../signals/log-safe.ts'
import { withSpan } from '../signals/spans.ts'
import { answerQuery } from './answer-query.ts'
import { attestDelivery } from './attest-delivery.ts'
import { forward } from './forward.ts'
import { groupInfo } from './group-info.ts'
import { identify } from './identify.ts'
import { notify } from './notify.ts'
import type { PipelineParts } from './parts.ts'
import { forwardDownload, proxyDownload } from './proxy-download.ts'
import { refuse } from './refuse.ts'
import { reportAbuse } from './report-abuse.ts'
import { routeOf } from './route.ts'
import { submitMessage } from './submit-message.ts'
import { update } from './update.ts'
import { requireWithinLimits } from './within-limits.ts'

/** The two ways in: from other providers, and from our own delivery service. */
export interface Pipeline {
  readonly handle: Handle
  readonly handleLocal: HandleLocal
}

/**
 * Takes every exchange through the stages in their only order: identify, admit, limit, disclose,
 * deliver, stamp, record. A refusal is answered in the protocol's own terms where it has some.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  return {
    handle: async (request, context) => {
      const attempt = parts.limiter.mayAttempt(request, context.receivedAtMs)
      requireWithinLimits(context, isPending(attempt) ? await attempt : attempt)
      const exchange = parseOrCharge(parts, request, context)
      return measured(parts, { exchange, context }, async () => {
        identify(exchange, parts.peers.self)
        await recognise(parts, exchange, context)
        return perform(parts, exchange, context)
      })
    },
    handleLocal: (request, context) => {
      const exchange = parts.adapter.parse({
        ...request,
        direction: 'egress',
        origin: { kind: 'local' },
      })
      const route = routeOf(exchange, parts.peers.self)
      if (route.kind === 'peer')
        return measured(parts, { exchange, context }, () =>
          exchange.operation === 'proxyDownload'
            ? forwardDownload(parts, { exchange, context }, route.domain)
            : forward(parts, { exchange, context }, route.domain),
        )
      const inwards: Exchange = { ...exchange, direction: 'ingress' }
      return measured(parts, { exchange: inwards, context }, () => perform(parts, inwards, context))
    },
  }
}

/** A peer that names an agreement that we do not know may have published something new. */
async function recognise(
  { agreements, refreshPeer }: PipelineParts,
  { origin }: Exchange,
  { agreement }: RequestContext,
): Promise<void> {
  if (agreement === undefined || origin.kind === 'local') return
  if (agreements.standingOf(origin.domain, agreement) === 'unknown')
    await refreshPeer(origin.domain)
}

/** One operation on its way to our own delivery service. */
function perform(
  parts: PipelineParts,
  exchange: Exchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  switch (exchange.operation) {
    case 'submitMessage':
      return submitMessage(parts, exchange, context)
    case 'update':
      return update(parts, exchange, context)
    case 'notify':
      return attestDelivery(parts, { exchange, context }, () => notify(parts, exchange, context))
    case 'groupInfo':
      return groupInfo(parts, exchange, context)
    case 'keyMaterial':
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
      return answerQuery(parts, exchange, context)
    case 'reportAbuse':
      return reportAbuse(parts, exchange, context)
    case 'proxyDownload':
      return proxyDownload(parts, exchange, context)
  }
}

/** Bytes that are no request cost an attempt too. */
function parseOrCharge(
  parts: PipelineParts,
  request: Parameters<Handle>[0],
  context: RequestContext,
): Exchange {
  try {
    return parts.adapter.parse(request)
  } catch (error) {
    parts.limiter.refused(request.origin, context.receivedAtMs)
    throw error
  }
}

interface Measured {
  readonly exchange: Exchange
  readonly context: RequestContext
}

/** Metrics and a span for an exchange. INVARIANT: both know an outcome as the archive may see it. */
async function measured(
  parts: PipelineParts,
  { exchange, context }: Measured,
  run: () => Promise<ListenerResponse>,
): Promise<ListenerResponse> {
  const { operation, direction } = exchange
  const facts = { operation: safeWord(operation), direction: safeWord(direction) }
  const { response, error } = await withSpan('exchange', facts, async (tell) => {
    const ended = await answered(run, (fault) => refuse(parts, { exchange, context }, fault))
    const { outcome } = ended
    tell({ outcome: safeWord(outcome) })
    const durationMs = parts.clock() - context.receivedAtMs
    parts.metrics.exchangeEnded({ operation, direction, outcome, durationMs })
    return ended
  })
  if (response === undefined) throw error
  return response
}

interface Ended {
  readonly outcome: 'accepted' | ErrorCode
  readonly response?: ListenerResponse | undefined
  readonly error?: unknown
}

async function answered(
  run: () => Promise<ListenerResponse>,
  refused: (error: unknown) => ReturnType<typeof refuse>,
): Promise<Ended> {
  try {
    return { outcome: 'accepted', response: await run() }
  } catch (error) {
    const { kept, response } = refused(error)
    return { outcome: kept, response, error }
  }
}
