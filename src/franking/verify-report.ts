import type { Clock } from '../model/clock.ts'
import type { FrankedMessage, FrankingAgent } from './franking-agent.ts'
import type { MlsClaim, ReportedClaim } from './reported-claim.ts'
import { relayLogDays, type RelayEntry } from './relay-log.ts'

/** What the report is held against. */
export interface ReportedRoom {
  readonly room: string
  readonly allegedAbuser: string
  readonly createdAtMs: number
  /** The widest time bucket that the room has used; 0 for exact times. */
  readonly timeBucketMs: number
  /** Every cipher suite that the room has used. */
  readonly ciphersuites: readonly number[]
  /** Whether each message of the room within the retention is in the relay log. */
  readonly relayLogComplete: boolean
  /** Whether the alleged abuser is in the participant list now: older lists are not kept. */
  readonly isParticipant?: boolean | undefined
}

/** What is odd about a message. None of these blames the reporter. */
export type Anomaly =
  /** The frank is ours and signed for this sender, room and time, but belongs to other content. */
  | 'frank-swap-suspected'
  /** The same, and the relay log proves that the content was relayed: a provider on the way swapped it. */
  | 'frank-swapped-in-transit'
  /** The room's relay log is complete, and this content is not in it. */
  | 'content-never-relayed'
  /** MAC right, signature wrong. */
  | 'signature-invalid'
  /** Neither MAC nor signature are ours. */
  | 'frank-not-ours'
  | 'suite-not-of-room'
  | 'time-out-of-range'

/** One step of the proof: its name, and how it ended. */
export interface ProofStep {
  readonly check:
    'hub-mac' | 'hub-signature' | 'suite' | 'time' | 'participant' | 'relay-log' | 'mls-signature'
  readonly outcome: 'passed' | 'failed' | 'not-made'
}

export interface MessageVerdict {
  readonly result: 'verified' | 'contradicted' | 'unverifiable'
  readonly method: 'frank' | 'relay-log' | 'mls-signature' | 'none'
  readonly anomaly: Anomaly | undefined
  /** 32 octets. draft-ietf-mimi-content-09 §3.3 */
  readonly messageId: Buffer
  /** Its number in the room, where the relay log has it. */
  readonly sequence: bigint | undefined
  readonly steps: readonly ProofStep[]
}

/** Checks one message of a report. Never throws for what a reporter wrote. */
export type VerifyMessage = (claim: ReportedClaim, room: ReportedRoom) => MessageVerdict

export interface VerifierOptions {
  readonly agent: Pick<FrankingAgent, 'checkMac' | 'checkSignature'>
  readonly clock: Clock
  /** How old a message may be. */
  readonly retentionMs: number
  /** What the sealed relay log knows of this content: it stands in for a frank that was swapped. */
  readonly relayed?: (message: {
    readonly room: string
    readonly sender: string
    readonly frankingTag: Buffer
  }) => Pick<RelayEntry, 'timestampMs' | 'sequence'> | undefined
  /** Whether the room had this leaf of the sender in this epoch with this GroupContext. */
  readonly hadLeaf?: (
    claim: Extract<MlsClaim, { kind: 'signed' }>,
    of: { readonly room: string; readonly sender: string },
  ) => boolean
}

/** The checks 6 to 11 of the intake, in their order. draft-ietf-mimi-protocol-06 §5.9 */
export function createReportVerifier(options: VerifierOptions): VerifyMessage {
  return (claim, room) => {
    const franked = checkFrank(claim, room, options)
    const { frankingTag, messageId } = claim
    const entry = options.relayed?.({ room: room.room, sender: room.allegedAbuser, frankingTag })
    const isSigned = checkMls(claim, room, options)
    const steps = [
      ...franked.steps,
      step('participant', room.isParticipant),
      step('relay-log', options.relayed === undefined ? undefined : entry !== undefined),
      step('mls-signature', isSigned),
    ]
    const isCovered = room.relayLogComplete && isOfLog(claim, options.clock())
    const found = { isRelayed: entry !== undefined, isSigned: isSigned === true, isCovered }
    return { ...judge(franked.flaw, found), messageId, sequence: entry?.sequence, steps }
  }
}

interface FrankCheck {
  /** Undefined where the frank proves the content. */
  readonly flaw: Anomaly | undefined
  readonly steps: readonly ProofStep[]
}

function checkFrank(
  { frankingTag, frank, acceptedTimestamp }: ReportedClaim,
  room: ReportedRoom,
  { agent, clock, retentionMs }: VerifierOptions,
): FrankCheck {
  // Above this no clock of ours has been; below, milliseconds are exact numbers.
  if (acceptedTimestamp > BigInt(Number.MAX_SAFE_INTEGER))
    return { flaw: 'time-out-of-range', steps: [step('time', false)] }
  const timestampMs = Number(acceptedTimestamp)
  const stamped: FrankedMessage = {
    room: room.room,
    sender: room.allegedAbuser,
    frankingTag,
    timestampMs,
  }
  // Both are checked in any case: together they tell a swapped frank from a forged one.
  const mac = agent.checkMac(stamped, frank.serverFrank)
  const signature = agent.checkSignature(stamped, frank)
  const suite = room.ciphersuites.includes(frank.ciphersuite)
  const nowMs = clock()
  // A bucket begins before the time that it stands for.
  const oldestMs = Math.max(room.createdAtMs, nowMs - retentionMs) - room.timeBucketMs
  const time = timestampMs >= oldestMs && timestampMs <= nowMs + CLOCK_TOLERANCE_MS
  return {
    flaw: flawOf({ mac, signature, suite, time }),
    steps: [
      step('hub-mac', mac),
      step('hub-signature', signature),
      step('suite', suite),
      step('time', time),
    ],
  }
}

function flawOf(passed: Record<'mac' | 'signature' | 'suite' | 'time', boolean>) {
  const { mac, signature, suite, time } = passed
  if (!mac) return signature ? 'frank-swap-suspected' : 'frank-not-ours'
  if (!signature) return 'signature-invalid'
  if (!suite) return 'suite-not-of-room'
  return time ? undefined : 'time-out-of-range'
}

/** Undefined where no evidence was given. */
function checkMls(
  { mls }: ReportedClaim,
  { room, allegedAbuser: sender }: ReportedRoom,
  { hadLeaf }: VerifierOptions,
): boolean | undefined {
  if (mls === undefined) return undefined
  return mls.kind === 'signed' && hadLeaf?.(mls, { room, sender }) === true
}

interface Found {
  readonly isRelayed: boolean
  readonly isSigned: boolean
  /** Whether a message of this time would be in the log. */
  readonly isCovered: boolean
}

function judge(
  flaw: Anomaly | undefined,
  { isRelayed, isSigned, isCovered }: Found,
): Pick<MessageVerdict, 'result' | 'method' | 'anomaly'> {
  if (flaw === undefined) return { result: 'verified', method: 'frank', anomaly: undefined }
  const swapped = flaw === 'frank-swap-suspected'
  if (isRelayed) {
    const anomaly = swapped ? 'frank-swapped-in-transit' : flaw
    return { result: 'verified', method: 'relay-log', anomaly }
  }
  // The sender's own signature proves that it said so, whoever relayed it.
  if (isSigned) return { result: 'verified', method: 'mls-signature', anomaly: flaw }
  if (isCovered && (swapped || flaw === 'frank-not-ours'))
    return { result: 'contradicted', method: 'relay-log', anomaly: 'content-never-relayed' }
  return { result: 'unverifiable', method: 'none', anomaly: flaw }
}

function step(check: ProofStep['check'], passed: boolean | undefined): ProofStep {
  return { check, outcome: passed === undefined ? 'not-made' : passed ? 'passed' : 'failed' }
}

/** Whether the log must have a message of this time, if there was one: what is older is destroyed. */
function isOfLog({ acceptedTimestamp }: ReportedClaim, nowMs: number): boolean {
  const oldestMs = nowMs - (relayLogDays - 1) * DAY_MS
  return (
    acceptedTimestamp >= BigInt(oldestMs) && acceptedTimestamp <= BigInt(nowMs + CLOCK_TOLERANCE_MS)
  )
}

const DAY_MS = 86_400_000
const CLOCK_TOLERANCE_MS = 5 * 60 * 1_000
