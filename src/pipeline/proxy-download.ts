import { finished } from 'node:stream'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { ProxyDownloadExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext, StreamedBody } from '../model/handle.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { admit } from './admit.ts'
import { counted, countTaken } from './count.ts'
import { disclose } from './disclose.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { record } from './record.ts'

/**
 * As a hub: fetches an asset for a provider, so that the asset's host sees us and neither that provider
 * nor its client. Who hosts it must be known here, and may be shown what the plan shows.
 * Throws what `AssetProxy.fetch` throws. draft-ietf-mimi-protocol-06 §5.10.2
 */
export async function proxyDownload(
  parts: PipelineParts,
  exchange: ProxyDownloadExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const plan = disclose(passage, 'hub', OBSERVED)
  const { provider } = parts.assets.homeOf(exchange.url)
  const outwards: ProxyDownloadExchange = { ...exchange, direction: 'egress' }
  const host = provider === parts.peers.self ? undefined : provider
  const onwards = openPassage(parts, { exchange: outwards, context }, host)
  const toHost = {
    ...SENDING,
    audience: 'target',
    plan: disclose(onwards, 'target', OBSERVED),
  } as const
  const fetch = () =>
    parts.assets.fetch({
      url: exchange.url,
      requester: originDomain(exchange) ?? parts.peers.self,
      signal: context.signal,
    })
  const body =
    host === undefined
      ? await fetch()
      : await counted(parts, { ...toHost, peer: host, agreement: onwards.agreement }, fetch)
  record(parts, passage, { kind: 'exchange.accepted', outcome: 'success', policies })
  countTaken(parts, passage, { audience: 'hub', plan })
  return passOn(parts, body)
}

interface Forwarded {
  readonly exchange: ProxyDownloadExchange
  readonly context: RequestContext
}

/**
 * As a follower: asks the hub for an asset that one of our clients wants; the hub learns our domain and
 * nothing of the client. Throws `asset-not-allowed`, `not-found`, `rate-limited`, `peer-invalid` by the
 * hub's status, and what `PeerClients.download` throws.
 */
export async function forwardDownload(
  parts: PipelineParts,
  { exchange, context }: Forwarded,
  hub: ProviderDomain,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, hub)
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const { agreement } = passage
  const plan = disclose(passage, 'hub', OBSERVED)
  const sending = { ...SENDING, audience: 'hub', plan, peer: hub, agreement } as const
  const { status, body, retryAfterMs } = await counted(parts, sending, () =>
    parts.peerClients.download({
      peer: hub,
      operation: 'proxyDownload',
      target: exchange.url.text,
      agreement,
      signal: context.signal,
    }),
  )
  if (body === undefined)
    throw new GatewayError(
      REFUSALS[status] ?? 'peer-invalid',
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  record(parts, passage, { kind: 'exchange.accepted', outcome: String(status), policies })
  return passOn(parts, body)
}

function passOn(parts: PipelineParts, body: StreamedBody): ListenerResponse {
  finished(body.stream, (error) => {
    parts.metrics.downloadEnded(error === undefined || error === null ? 'complete' : 'cut')
  })
  return { status: 200, bytes: NO_BYTES, body }
}

const OBSERVED = { 'asset.url': 'exact' } as const
const SENDING = { operation: 'proxyDownload', observed: OBSERVED } as const
const NO_BYTES = Buffer.alloc(0)
/** What the hub's refusals are to our own client. */
const REFUSALS: Readonly<Record<number, ErrorCode>> = {
  403: 'asset-not-allowed',
  404: 'not-found',
  429: 'rate-limited',
  503: 'peer-unreachable',
  504: 'peer-timeout',
}
