import type { Suite } from '../metadata/suite.ts'
import type { PeerAnswer, PeerCall } from '../delivery/peer-call.ts'
import { isSent } from '../delivery/sent.ts'
import type { GrantedPlan } from '../metadata/plan.ts'
import type { Operation } from '../model/exchange.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Audience } from '../model/metadata.ts'
import type { Passed } from '../receipts/passed.ts'
import { carriedByRequest } from './carried.ts'
import type { Observed } from './disclose.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { factsOf, type Passage } from './passage.ts'

/** Another provider, as whom it reads. */
export type Reader = Exclude<Audience, 'archive'>

interface Seen {
  readonly audience: Reader
  readonly plan: GrantedPlan
}

/** For receipts: another provider's request that our side took. Nothing for our own users. */
export function countTaken(parts: PipelineParts, passage: Passage, seen: Seen): void {
  const { exchange, agreement } = passage
  const peer = originDomain(exchange)
  if (peer === undefined) return
  const { operation } = exchange
  const observed = carriedByRequest(parts, exchange, passage)
  const passed = {
    kind: 'received',
    peer,
    agreement,
    operation,
    part: 'request',
    observed,
  } as const
  parts.receipts.count({ ...passed, ...seen })
}

/** For receipts: what an answer shows another provider, just before it leaves. */
export function countAnswer(
  { receipts }: PipelineParts,
  { exchange, agreement }: Passage,
  { observed, ...seen }: Seen & { readonly observed: Observed },
): void {
  const peer = originDomain(exchange)
  if (peer === undefined) return
  const { operation } = exchange
  const passed = { kind: 'shown', peer, agreement, operation, part: 'response', observed } as const
  receipts.count({ ...passed, ...seen })
}

/** A request of ours, without the agreement that each attempt names. */
export interface Sending extends Seen {
  readonly peer: ProviderDomain
  readonly operation: Operation
  readonly observed: Observed
}

/**
 * For receipts: counts one attempt. Any answer tells that the peer has the request; where there was
 * none it may have it or not, unless not an octet of it can have left.
 */
export async function counted<T>(
  { receipts }: Pick<PipelineParts, 'receipts'>,
  sending: Sending & { readonly agreement: string | undefined },
  attempt: () => Promise<T>,
): Promise<T> {
  const passed = { ...sending, part: 'request' } as const satisfies Omit<Passed, 'kind'>
  try {
    const answer = await attempt()
    receipts.count({ ...passed, kind: 'shown' })
    return answer
  } catch (error) {
    if (isSent(error)) receipts.count({ ...passed, kind: 'unanswered' })
    throw error
  }
}

/** What there is of the parts before there is an outbox. */
type FanoutParts = Pick<
  PipelineParts,
  'bytes' | 'suites' | 'peers' | 'agreements' | 'policies' | 'home' | 'receipts'
>

export interface FanoutBody {
  readonly peer: ProviderDomain
  readonly room: MimiUri
  /** The name of the suite of the room. */
  readonly suite: string | undefined
  readonly bytes: Buffer
}

/**
 * Counts every attempt to deliver one fan-out. Policies may have changed since it was queued: where
 * they no longer grant it, what its suite lets anybody see stands for what they granted then.
 */
export function countedFanout(
  parts: FanoutParts,
  body: FanoutBody,
  call: (call: PeerCall) => Promise<PeerAnswer>,
): (call: PeerCall) => Promise<PeerAnswer> {
  const sending = fanoutSending(parts, body)
  return async (peerCall) => {
    const { agreement } = peerCall
    if (sending !== undefined)
      return counted(parts, { ...sending, agreement }, () => call(peerCall))
    parts.receipts.lose()
    return call(peerCall)
  }
}

function fanoutSending(
  parts: FanoutParts,
  { peer, room, suite: name, bytes }: FanoutBody,
): Sending | undefined {
  const suite = name === undefined ? undefined : parts.suites.suiteByName(name)
  const profile = parts.peers.find(peer)
  if (suite === undefined || profile === undefined) return undefined
  const granted = parts.policies.current().look({
    peer: factsOf(parts, profile),
    room: parts.home.room(room, suite),
    operation: 'notify',
    direction: 'egress',
    audience: 'follower',
    purpose: 'delivery',
  })
  const plan =
    granted.kind === 'granted' ? granted : parts.receipts.planOf(suite).plan('notify', 'follower')
  if (plan === undefined) return undefined
  const observed = carriedByFanout(parts, { room, suite, bytes })
  return { peer, operation: 'notify', audience: 'follower', plan, observed }
}

/** The same octets go to every follower: they are read once. */
function carriedByFanout(
  parts: FanoutParts,
  { room, suite, bytes }: Pick<FanoutBody, 'room' | 'bytes'> & { readonly suite: Suite },
): Carried {
  const known = fanoutsRead.get(bytes)
  if (known?.suite === suite) return known.carried
  const exchange = {
    protocol: '',
    operation: 'notify',
    direction: 'egress',
    origin: { kind: 'local' },
    room,
    items: [parts.bytes.parseFanout(bytes)],
    bytes,
  } as const
  const carried = carriedByRequest(parts, exchange, { suite, attested: {} })
  fanoutsRead.set(bytes, { suite, carried })
  return carried
}

type Carried = ReturnType<typeof carriedByRequest>

const fanoutsRead = new WeakMap<Buffer, { readonly suite: Suite; readonly carried: Carried }>()
