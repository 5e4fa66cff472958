import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { checkEvidence, ownLogMatch, type EvidenceCheck } from './check-evidence.ts'
import type { EvidencePorts } from './evidence-ports.ts'
import { checkIssued, checkSubject, readMessage } from './judge-message.ts'
import {
  instantOf,
  type ActionClass,
  type Answer,
  type AnswerState,
  type Notice,
  type Retract,
  type StrikeNotice,
} from './messages.ts'
import { newNoticeId, penaltyId } from './notice-ids.ts'
import type { HomeOfSenders, NoticeKeys, NoticeTime } from './ports.ts'
import type { ReceivedNotices } from './received-notices.ts'
import type { SentNotices } from './sent-notices.ts'
import { signMessage, type SignedMessage } from './signed-message.ts'

export interface ReceivingParts extends NoticeTime {
  readonly self: ProviderDomain
  readonly keys: NoticeKeys
  readonly sent: SentNotices
  readonly received: ReceivedNotices
  /** Undefined where no log of submissions is kept. */
  readonly home: HomeOfSenders | undefined
  readonly evidence: EvidencePorts
}

/**
 * Takes a message of a peer, durably. A notice and a strike are answered with a signed answer, and the
 * same again with the same answer; the others with nothing. Throws what `readMessage`, `checkIssued` and
 * `checkSubject` throw, `notice-reused`, `notice-unknown`, `queue-full`, `store-unavailable`.
 */
export async function receiveMessage(
  parts: ReceivingParts,
  peer: ProviderDomain,
  bytes: Buffer,
): Promise<string | undefined> {
  const read = await readMessage(bytes, peer, parts.keys)
  const { message } = read
  switch (message.type) {
    case 'notice':
    case 'strike':
      return receiveSubject(parts, peer, { ...read, message })
    case 'answer':
      checkIssued(message, parts.clock())
      await takeAnswer(parts, peer, { message, jws: read.signed.jws })
      return undefined
    case 'retract':
      checkIssued(message, parts.clock())
      await withdraw(parts, peer, message)
      return undefined
  }
}

/** What a peer says of a notice of ours. Throws `notice-unknown`, `store-unavailable`. */
export async function takeAnswer(
  { sent, clock }: Pick<ReceivingParts, 'sent' | 'clock'>,
  peer: ProviderDomain,
  answer: { readonly message: Answer; readonly jws: string },
): Promise<void> {
  const { in_reply_to: id } = answer.message
  const notice = sent.find(id)
  const answerable = notice?.message.type === 'notice' || notice?.message.type === 'strike'
  if (notice?.peer !== peer || !answerable) throw new GatewayError('notice-unknown')
  await sent.answered(id, answer, clock())
}

interface Subject extends SignedMessage {
  readonly message: Notice | StrikeNotice
}

async function receiveSubject(
  parts: ReceivingParts,
  peer: ProviderDomain,
  { message, signed }: Subject,
): Promise<string> {
  const { received, clock, self } = parts
  const known = firstAnswer(parts, peer, { message, signed })
  if (known !== undefined) return known
  const nowMs = clock()
  checkIssued(message, nowMs)
  const untilMs = checkSubject(message, { self, nowMs })
  if (received.count(peer) >= KEPT_PER_PEER_MAX) throw new GatewayError('queue-full')
  const taken = await (message.type === 'strike'
    ? penalise(parts, peer, message)
    : examine(parts, peer, message))
  const answer = answerOf(parts, message, taken)
  const isFirst = await received.insert({
    ...taken,
    peer,
    message,
    digest: signed.digest,
    receivedAtMs: nowMs,
    untilMs,
    answer,
  })
  // The same notice came twice at the same time: the other one's answer is the first.
  return isFirst ? answer : (firstAnswer(parts, peer, { message, signed }) ?? answer)
}

/** Throws `notice-reused` where the id stands for another notice. */
function firstAnswer(
  { received }: ReceivingParts,
  peer: ProviderDomain,
  { message, signed }: Subject,
): string | undefined {
  const known = received.find(peer, message.notice_id)
  if (known === undefined) return undefined
  if (known.digest !== signed.digest) throw new GatewayError('notice-reused')
  return known.answer
}

interface Taken {
  readonly state: AnswerState
  readonly actionClass: ActionClass | undefined
  readonly ownLogMatch: boolean | undefined
  readonly strike: Buffer | undefined
  /** Undefined where no evidence came. */
  readonly check: EvidenceCheck | undefined
}

/** Evidence is read at once, so that the answer says what our own log knows of it. */
async function examine(
  { self, evidence, clock }: ReceivingParts,
  hub: ProviderDomain,
  { notice_id: noticeId, subject_pseudonym: subject, sealed_evidence: given }: Notice,
): Promise<Taken> {
  if (given === undefined) return TAKEN
  const notice = { noticeId, from: hub, to: self }
  const asked = { sealed: Buffer.from(given, 'base64url'), notice, subject }
  const check = await checkEvidence(evidence, asked, clock())
  return { ...TAKEN, check, ownLogMatch: ownLogMatch(check) }
}

/** Looks up the first message that the sealed log knows, and holds the strike against its account. */
async function penalise(
  { home, clock }: ReceivingParts,
  hub: ProviderDomain,
  { franking_tags: tags, severity }: StrikeNotice,
): Promise<Taken> {
  if (home === undefined) return { ...CANNOT_VERIFY, ownLogMatch: undefined }
  for (const tag of tags) {
    const account = home.submitterOf(Buffer.from(tag, 'hex'), hub)
    if (account === undefined) continue
    const strike = penaltyId(hub, tag)
    await home.penalise({ account, strike, atMs: clock(), severity })
    return { ...TAKEN, state: 'actioned', actionClass: 'limit', ownLogMatch: true, strike }
  }
  return CANNOT_VERIFY
}

function answerOf(
  { self, keys, clock, randomness }: ReceivingParts,
  { notice_id: noticeId, type }: Notice | StrikeNotice,
  { state, actionClass, ownLogMatch: match, check }: Taken,
): string {
  const isLookedUp = type === 'strike' || check !== undefined
  const answer: Answer = {
    type: 'answer',
    notice_id: newNoticeId(randomness),
    from: self,
    issued_at: instantOf(clock()),
    in_reply_to: noticeId,
    state,
    ...(actionClass !== undefined && { action_class: actionClass }),
    ...(isLookedUp && { own_log_match: match ?? null }),
  }
  return signMessage(answer, keys.signer()).jws
}

async function withdraw(
  { received, home, clock }: ReceivingParts,
  peer: ProviderDomain,
  { in_reply_to: id }: Retract,
): Promise<void> {
  const notice = received.find(peer, id)
  if (notice === undefined) throw new GatewayError('notice-unknown')
  await received.withdraw(notice, clock())
  // Even if it was withdrawn before: the process may have ended between the two.
  const { strike } = notice
  if (strike !== undefined && !received.holdsPenalty(strike)) await home?.pardon(strike)
}

const TAKEN: Taken = {
  state: 'received',
  actionClass: undefined,
  ownLogMatch: undefined,
  strike: undefined,
  check: undefined,
}
const CANNOT_VERIFY: Taken = { ...TAKEN, state: 'cannot_verify', ownLogMatch: false }
const KEPT_PER_PEER_MAX = 100_000
