import { transformAnswer } from '../metadata/transforms.ts'
import type { Answer } from '../model/answer.ts'
import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type {
  ConsentExchange,
  IdentifierQueryExchange,
  KeyMaterialExchange,
} from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { uriDomain, type ProviderDomain } from '../model/ids.ts'
import { admit } from './admit.ts'
import { consentEvent, keepConsent, requireKnownTerms, requireTerms } from './consent.ts'
import { carriedByAnswer } from './carried.ts'
import { countAnswer, countTaken, type Reader } from './count.ts'
import { deliver } from './deliver.ts'
import { disclose } from './disclose.ts'
import { observedOf } from './observed.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { forPinnedRoom } from './pinned-room.ts'
import { record, shownOutcome } from './record.ts'
import { showRequest } from './show-request.ts'

export type QueryExchange = KeyMaterialExchange | ConsentExchange | IdentifierQueryExchange

/**
 * What other providers ask about our users: keyMaterial, consent and identifier queries. The
 * delivery service answers, and we show of it what the plan shows. draft-ietf-mimi-protocol-06 §5.2, §5.7, §5.8
 */
export async function answerQuery(
  parts: PipelineParts,
  exchange: QueryExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const { asked, asker } = parties(exchange, parts.peers.self)
  const plan = disclose(passage, asked, observedOf(exchange, passage.suite))
  const response = disclose(passage, asker)
  requireKnownTerms(parts, exchange)
  if (!parts.bytes.isSignedByRequester(exchange)) throw new GatewayError('invalid-signature')
  requireTerms(parts, passage)
  const shown = { ...passage, exchange: showRequest(parts, passage, plan) }
  const { answer: given, original } = await deliver(parts, shown)
  const answer = inRoom(parts, exchange, given)
  await keepConsent(parts, exchange)
  record(parts, passage, {
    kind: consentEvent(exchange) ?? 'exchange.accepted',
    outcome: shownOutcome(parts, passage, answer),
    policies,
  })
  const seen = transformAnswer(answer, response, parts)
  countTaken(parts, shown, { audience: asked, plan })
  const observed = carriedByAnswer(seen)
  countAnswer(parts, shown, { audience: asker, plan: response, observed })
  return parts.adapter.serialise(exchange, seen, original)
}

/** Key material for a pinned room is only what can enter it. */
function inRoom(parts: PipelineParts, exchange: QueryExchange, answer: Answer): Answer {
  if (answer.operation !== 'keyMaterial') return answer
  const outcome = forPinnedRoom(parts, exchange, answer.outcome)
  return outcome === answer.outcome ? answer : { ...answer, outcome }
}

/** As whom we read the request, and who reads the answer. Key material goes by way of a room's hub. */
function parties(
  exchange: QueryExchange,
  self: ProviderDomain,
): { readonly asked: Reader; readonly asker: Reader } {
  if (exchange.operation !== 'keyMaterial') return { asked: 'target', asker: 'target' }
  const relayed = uriDomain(exchange.target) !== self
  return relayed ? { asked: 'hub', asker: 'follower' } : { asked: 'target', asker: 'hub' }
}
