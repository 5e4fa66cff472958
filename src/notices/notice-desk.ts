import type { KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type {
  EvidenceToForward,
  ForwardEvidence,
  ForwardedEvidence,
} from '../reports/forward-evidence.ts'
import type { SealedEvidence } from '../reports/sealing.ts'
import type { Store } from '../sqlite/store.ts'
import { reporterBucket, roomDigest, timeBucket } from './coarse.ts'
import { noticeKeptMs } from './judge-message.ts'
import {
  instantOf,
  noticeMessageSchema,
  type ActionClass,
  type AnswerState,
  type NoticeMessage,
  type RequestedAction,
} from './messages.ts'
import { newNoticeId } from './notice-ids.ts'
import { createPeerRate } from './peer-rate.ts'
import { receiveMessage, type ReceivingParts } from './receive-message.ts'
import type { ReceivedNotice, ReceivedPage } from './received-notices.ts'
import { scorecards, type Scorecard } from './scorecard.ts'
import type { SentNotice, SentPage } from './sent-notices.ts'

export interface NoticeDeskParts extends ReceivingParts {
  readonly store: Store
  /** 32 octets of the purpose `notice-rooms`. */
  readonly roomKey: () => KeyObject
  readonly answerByMs: (provider: ProviderDomain, nowMs: number) => number
  /** Called when something waits. */
  readonly onQueued: () => void
}

/** What a notice to the sender's provider is made of. */
export interface NoticeOrder {
  readonly peer: ProviderDomain
  /** The report or decision that it is about. */
  readonly about: string
  readonly policies: readonly string[]
  readonly room: string
  readonly subject: string
  readonly category: string
  readonly verification: 'frank' | 'relay_log' | 'mls_signature'
  readonly reporters: number
  readonly anonymitySet: number
  /** When the messages were accepted, or the report came. */
  readonly atMs: number
  readonly hubAction?: string | undefined
  readonly requestedAction: RequestedAction
  /** Only where routing lets evidence go. */
  readonly evidence?: EvidenceOrder | undefined
}

/** What was reported, for the sender's provider. */
export interface EvidenceOrder {
  readonly report: string
  /** As we keep it. */
  readonly sealed: SealedEvidence
  /** Of its messages, hexadecimal. */
  readonly frankingTags: readonly string[]
}

/** What we say of a notice of a peer's. */
export interface OwnAnswer {
  readonly state: AnswerState
  readonly actionClass?: ActionClass | undefined
}

/** Notices in both directions. docs/notices.md */
export interface NoticeDesk {
  /** Before anything of a peer's is read. Throws `rate-limited`. */
  admit(peer: ProviderDomain): void
  /** As `receiveMessage`. */
  receive(peer: ProviderDomain, bytes: Buffer): Promise<string | undefined>
  /** Queues a notice, durably; resolves to its id. */
  notify(order: NoticeOrder): Promise<string>
  /** Takes a notice or strike of ours back. Throws `not-found`, `malformed-request` where it was before. */
  retract(id: string, reason?: string): Promise<void>
  /** Answers a notice of a peer's. Throws `not-found`, `malformed-request` where it was withdrawn. */
  answer(id: string, answer: OwnAnswer): Promise<void>
  listSent(page: SentPage): readonly { readonly position: number; readonly notice: SentNotice }[]
  listReceived(
    page: ReceivedPage,
  ): readonly { readonly position: number; readonly notice: ReceivedNotice }[]
  findSent(id: string): SentNotice | undefined
  findReceived(id: string): ReceivedNotice | undefined
  /** `SealedForHub`; undefined where none came or the notice was withdrawn. */
  evidenceOf(notice: Pick<ReceivedNotice, 'peer' | 'id'>): Buffer | undefined
  scorecards(): readonly Scorecard[]
  /** Deletes what has served its time; resolves to how many notices that were. */
  deleteExpired(): Promise<number>
}

export function createNoticeDesk(parts: NoticeDeskParts): NoticeDesk {
  const { sent, received, store, clock } = parts
  return {
    admit: createPeerRate(RATE, clock),
    receive: (peer, bytes) => receiveMessage(parts, peer, bytes),
    notify: (order) => notify(parts, order),
    retract: (id, reason) => retract(parts, id, reason),
    answer: (id, own) => answer(parts, id, own),
    listSent: (page) => sent.list(page),
    listReceived: (page) => received.list(page),
    findSent: (id) => sent.find(id),
    findReceived: (id) => received.findOne(id),
    evidenceOf: (notice) => received.evidenceOf(notice),
    scorecards: () => scorecards(store, clock()),
    deleteExpired: async () => {
      const before = clock() - noticeKeptMs
      return (await sent.deleteBefore(before)) + (await received.deleteBefore(before))
    },
  }
}

async function notify(parts: NoticeDeskParts, order: NoticeOrder): Promise<string> {
  const { peer, about, policies, anonymitySet } = order
  const nowMs = parts.clock()
  const untilMs = parts.answerByMs(peer, nowMs)
  const head = headOf(parts, nowMs)
  const message = noticeMessageSchema.parse({
    ...head,
    ...(await evidenceFor(parts, order, head.notice_id)),
    type: 'notice',
    subject_pseudonym: order.subject,
    room_digest: roomDigest(parts.roomKey(), peer, order.room),
    category: order.category,
    time_bucket: timeBucket(order.atMs, anonymitySet),
    verification: order.verification,
    distinct_reporters: reporterBucket(order.reporters),
    ...(order.hubAction !== undefined && { hub_action: order.hubAction }),
    requested_action: order.requestedAction,
    answer_by: instantOf(untilMs),
  })
  await queue(parts, { peer, message, about, policies, untilMs })
  return message.notice_id
}

/**
 * Sealed once: the same notice is sent again as it is. Where the provider publishes no key, no message is
 * small enough, or nothing can be opened now, it gets the tags alone.
 */
async function evidenceFor(
  { self, evidence: { keyOf, forward } }: NoticeDeskParts,
  { peer, room, evidence }: NoticeOrder,
  noticeId: string,
) {
  if (evidence === undefined) return {}
  const tags = { franking_tags: [...evidence.frankingTags] }
  const key = keyOf(peer)
  if (key === undefined) return tags
  const forwarded = await forwardOrNot(forward, {
    reportId: evidence.report,
    room,
    evidence: evidence.sealed,
    key,
    notice: { noticeId, from: self, to: peer },
  })
  if (forwarded?.kind !== 'sealed') return tags
  return { ...tags, sealed_evidence: forwarded.sealed.toString('base64url') }
}

/** Undefined where nobody can open it now: the notice does not wait for that. */
async function forwardOrNot(
  forward: ForwardEvidence,
  asked: EvidenceToForward,
): Promise<ForwardedEvidence | undefined> {
  try {
    return await forward(asked)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'verifier-unavailable') return undefined
    throw error
  }
}

async function retract(
  parts: NoticeDeskParts,
  id: string,
  reason: string | undefined,
): Promise<void> {
  const { sent, clock } = parts
  const notice = sent.find(id)
  const type = notice?.message.type
  if (notice === undefined || (type !== 'notice' && type !== 'strike'))
    throw new GatewayError('not-found')
  if (notice.retractedAtMs !== undefined)
    throw new GatewayError('malformed-request', { facts: { reason: 'retracted' } })
  const nowMs = clock()
  const { peer } = notice
  const message = noticeMessageSchema.parse({
    ...headOf(parts, nowMs),
    type: 'retract',
    in_reply_to: id,
    ...(reason !== undefined && { reason }),
  })
  // First what makes the peer take it back: a crash in between repeats the rest.
  await queue(parts, { peer, message, about: id, policies: [], untilMs: nowMs + TRIED_MS })
  await sent.retracted(id, nowMs)
}

async function answer(parts: NoticeDeskParts, id: string, own: OwnAnswer): Promise<void> {
  const { received, clock } = parts
  const notice = received.findOne(id)
  if (notice === undefined) throw new GatewayError('not-found')
  const nowMs = clock()
  const { state, actionClass } = own
  if (!(await received.decide(notice, { state, actionClass }, nowMs)))
    throw new GatewayError('malformed-request', { facts: { reason: 'withdrawn' } })
  const message = noticeMessageSchema.parse({
    ...headOf(parts, nowMs),
    type: 'answer',
    in_reply_to: id,
    state,
    ...(actionClass !== undefined && { action_class: actionClass }),
  })
  const untilMs = nowMs + TRIED_MS
  await queue(parts, { peer: notice.peer, message, about: id, policies: [], untilMs })
}

interface Queued {
  readonly peer: string
  readonly message: NoticeMessage
  readonly about: string
  readonly policies: readonly string[]
  readonly untilMs: number
}

async function queue({ sent, clock, onQueued }: NoticeDeskParts, queued: Queued): Promise<void> {
  await sent.insert({ ...queued, createdAtMs: clock() })
  onQueued()
}

function headOf({ self, randomness }: NoticeDeskParts, nowMs: number) {
  return { notice_id: newNoticeId(randomness), from: self, issued_at: instantOf(nowMs) }
}

/** Of a peer: one a second in the long run, and sixty at once. */
const RATE = { perSecond: 1, burst: 60, limit: 'notices' }
/** How long an answer or a retraction is tried. */
const TRIED_MS = 14 * 86_400_000
