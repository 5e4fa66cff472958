import { hash } from 'node:crypto'
import type { GrantedPlan } from '../metadata/plan.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import { GatewayError } from '../model/errors.ts'
import type { FanoutItem, NotifyExchange } from '../model/exchange.ts'
import type { RequestContext } from '../model/handle.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { requireAdmitted } from './admit.ts'
import { disclose } from './disclose.ts'
import { observedOfFrame, requirePadding } from './message-forms.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { record, recordRefusal } from './record.ts'
import { requireNoDescription } from './room-description.ts'
import { keepStamp } from './relay.ts'
import { franked } from './stamp.ts'
import { catchUp } from './update.ts'

export interface FanoutRequest {
  readonly room: MimiUri
  /** One FanoutMessage without a frank. */
  readonly bytes: Buffer
  readonly destinations: readonly ProviderDomain[]
}

/**
 * What our delivery service hands out for a room of ours: stamped once, queued durably for each
 * follower that may have it, and given back for its own clients. The same bytes go to everybody, but
 * for the frank, which only those get to whom the plan shows it.
 * Throws `malformed-body`, `room-unknown`, `queue-full`. draft-ietf-mimi-protocol-06 §5.5
 */
export async function fanout(
  parts: PipelineParts,
  { room, bytes, destinations }: FanoutRequest,
  context: RequestContext,
): Promise<Buffer> {
  const followed = parts.rooms.find(room)
  if (followed === undefined) throw new GatewayError('room-unknown')
  const suite = parts.suites.suiteByName(followed.suite)
  if (suite === undefined) throw new GatewayError('suite-unavailable')
  const item = parts.bytes.parseFanout(bytes)
  if (item.kind === 'commit' || item.kind === 'proposal') await catchUp(parts, room, item.message)
  const stamp = await stampOf(parts, { room, item, widthMs: roomTimeWidthMs(suite) })
  const body = parts.bytes.stampFanout(item, stamp)
  const exchange: NotifyExchange = {
    protocol: parts.adapter.name,
    operation: 'notify',
    direction: 'egress',
    origin: { kind: 'local' },
    room,
    items: [item],
    bytes: body,
  }
  const tag = item.frame?.frankingTag
  const withFrank: ProviderDomain[] = []
  const withoutFrank: ProviderDomain[] = []
  for (const peer of parts.sanctions.isRetracted(room, tag) ? [] : destinations) {
    const plan = planFor(parts, { exchange, context, peer })
    if (plan === undefined) continue
    const shown = parts.transforms.showFrank(stamp.frank, plan.request['message.frank'])
    ;(shown === stamp.frank ? withFrank : withoutFrank).push(peer)
  }
  const shared = { room, suite: suite.name, tag }
  if (withFrank.length > 0) await parts.outbox.enqueue({ ...shared, peers: withFrank, bytes: body })
  if (withoutFrank.length > 0) {
    const bare = parts.bytes.stampFanout(item, { ...stamp, frank: undefined })
    await parts.outbox.enqueue({ ...shared, peers: withoutFrank, bytes: bare })
  }
  // One that was retracted while it was written down.
  if (tag !== undefined && parts.sanctions.isRetracted(room, tag))
    await parts.outbox.withdraw(room, tag)
  if (item.kind === 'application')
    parts.metrics.stamped(stamp.frank === undefined ? 'unfranked' : 'franked')
  return body
}

interface Stampable {
  readonly room: MimiUri
  readonly item: FanoutItem
  readonly widthMs: number
}

/**
 * The stamp of its submission; a message that was never submitted here goes out without a frank.
 * INVARIANT: times follow the order of the fan-outs: what was answered since says nothing about them.
 */
async function stampOf(parts: PipelineParts, { room, item, widthMs }: Stampable) {
  const show = (timestampMs = item.timestampMs) =>
    parts.fanoutTimes.show(room, timestampMs, widthMs)
  if (item.kind !== 'application') return { timestampMs: show(), frank: undefined }
  const digest = hash('sha256', item.message, 'buffer')
  const stamp = await parts.stamps.find(room, digest)
  if (stamp !== undefined) {
    show(stamp.timestampMs)
    return stamp
  }
  const unheard = parts.unheardMessages.find(room, digest)
  if (unheard === undefined) {
    await parts.logCoverage.interrupt(room)
    return { timestampMs: show(), frank: undefined }
  }
  await parts.relayLog.ready(parts.clock())
  const late = franked(parts, unheard, { timestampMs: show(), sequence: NOT_TOLD })
  return keepStamp(parts, late, unheard)
}

/** Where the answer that carried the number never came. */
const NOT_TOLD = 0

interface Destination {
  readonly exchange: NotifyExchange
  readonly context: RequestContext
  readonly peer: ProviderDomain
}

/** A follower that policy, suite or configuration shuts out gets nothing, and the journal says so. */
function planFor(
  parts: PipelineParts,
  { exchange, context, peer }: Destination,
): GrantedPlan | undefined {
  try {
    const passage = openPassage(parts, { exchange, context }, peer)
    const policies = requireAdmitted(passage)
    const [item] = exchange.items
    const audience = 'follower'
    const plan = disclose(passage, audience, item?.frame && observedOfFrame(item.frame))
    requireNoDescription(parts, passage, { plan, audience })
    if (item?.frame !== undefined) requirePadding(passage, { plan, audience }, item.frame)
    record(parts, passage, { kind: 'exchange.accepted', outcome: 'queued', policies })
    return plan
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    recordRefusal(parts, { exchange, context, other: peer, kind: 'fanout.failed', error })
    return undefined
  }
}
