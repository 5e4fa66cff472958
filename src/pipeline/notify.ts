import { createHash } from 'node:crypto'
import type { GrantedPlan } from '../metadata/plan.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { NotifyExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { uriDomain } from '../model/ids.ts'
import { admit } from './admit.ts'
import { countTaken } from './count.ts'
import { deliver } from './deliver.ts'
import { disclose } from './disclose.ts'
import { originDomain } from './identify.ts'
import { observedOfFrame } from './message-forms.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { record } from './record.ts'
import { noteReceived } from './relay.ts'
import { requireNoDescription } from './room-description.ts'

/**
 * What a hub fans out to us. The same bytes again are answered like the first time and processed
 * once. draft-ietf-mimi-protocol-06 §5.5
 */
export async function notify(
  parts: PipelineParts,
  exchange: NotifyExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const plan = disclose(passage, 'follower')
  requireNoDescription(parts, passage, { plan, audience: 'follower' })
  for (const { frame } of exchange.items)
    if (frame !== undefined) disclose(passage, 'follower', observedOfFrame(frame))
  const outcome = await parts.notifications.once(digestOf(exchange), async () => {
    await parts.roomSuites.announce(exchange.room, passage.suite.name)
    const { answer } = await deliver(parts, { ...passage, exchange: shownTo(parts, passage, plan) })
    if (answer.operation !== 'notify' || answer.outcome.kind !== 'accepted')
      throw new GatewayError('upstream-invalid')
    noteReceived(parts, passage)
  })
  record(parts, passage, {
    kind: 'exchange.accepted',
    outcome,
    policies,
    values: { 'room.id': { form: 'exact', value: exchange.room } },
  })
  countTaken(parts, passage, { audience: 'follower', plan })
  return parts.adapter.serialise(exchange, {
    operation: 'notify',
    outcome: { kind: 'accepted' },
  })
}

/**
 * What our delivery service gets of it: no frank that the plan does not show, and then, as nothing is
 * bound to it, no finer time either.
 */
function shownTo(
  parts: PipelineParts,
  { exchange, suite }: Passage<NotifyExchange>,
  { request }: GrantedPlan,
): NotifyExchange {
  const bytes = exchange.items.map((item) => {
    const frank = parts.transforms.showFrank(item.frank, request['message.frank'])
    if (item.kind === 'application' && frank !== undefined) return item.bytes
    const timestampMs = parts.transforms.bucketTime(item.timestampMs, roomTimeWidthMs(suite))
    if (frank === item.frank && timestampMs === item.timestampMs) return item.bytes
    return parts.bytes.stampFanout(item, { timestampMs, frank })
  })
  return { ...exchange, bytes: Buffer.concat(bytes) }
}

/** Hub and room are length-prefixed by what they are: a URI has no line feed. */
function digestOf({ room, bytes }: NotifyExchange): Buffer {
  return createHash('sha256')
    .update(`${uriDomain(room)}\n${room}\n`)
    .update(bytes)
    .digest()
}
