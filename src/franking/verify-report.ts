import type { Clock } from '../model/clock.ts'
import type { Frank } from '../model/exchange.ts'
import { readApplicationData, reportedMessageId, type ReportedContent } from './application-data.ts'
import type { FrankingAgent } from './franking-agent.ts'
import { relayLogDays, type RelayEntry } from './relay-log.ts'

/** A message as a report carries it. */
export interface ReportedMessage {
  /** The exact octets that were decrypted: nobody may encode them again. */
  readonly applicationData: Buffer
  readonly frank: Frank
  /** Milliseconds. */
  readonly acceptedTimestamp: bigint
}

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
}

/** Why a message is no evidence at all: the reporter's client made it wrong. */
export type RefusalReason =
  | 'malformed-content'
  | 'sender-missing'
  | 'room-missing'
  | 'room-mismatch'
  | 'alleged-abuser-mismatch'

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

export type MessageVerdict =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | {
      readonly kind: 'checked'
      readonly result: 'verified' | 'contradicted' | 'unverifiable'
      readonly method: 'frank' | 'relay-log' | 'none'
      readonly anomaly: Anomaly | undefined
      /** 32 octets. draft-ietf-mimi-content-09 §3.3 */
      readonly messageId: Buffer
      /** Its number in the room, where the relay log has it. */
      readonly sequence: bigint | undefined
    }

/** Checks one message of a report. Never throws for what a reporter wrote. */
export type VerifyMessage = (message: ReportedMessage, room: ReportedRoom) => MessageVerdict

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
}

/** The checks 5 to 8 and 10 of the intake, in their order. draft-ietf-mimi-protocol-06 §5.9 */
export function createReportVerifier(options: VerifierOptions): VerifyMessage {
  return (message, room) => {
    const content = readApplicationData(message.applicationData)
    const claim = readClaim(content, room)
    if (typeof claim === 'string') return { kind: 'refused', reason: claim }
    const { frankingTag, sender, messageId } = claim
    const flaw = findFlaw({ message, room, frankingTag }, options)
    const entry = options.relayed?.({ room: room.room, sender, frankingTag })
    const known = { messageId, sequence: entry?.sequence }
    if (flaw === undefined)
      return { kind: 'checked', result: 'verified', method: 'frank', anomaly: undefined, ...known }
    const isCovered = room.relayLogComplete && isOfLog(message, options.clock())
    const relayed = entry !== undefined
    return { kind: 'checked', ...withoutFrank(flaw, { relayed, isCovered }), ...known }
  }
}

interface Claim {
  readonly frankingTag: Buffer
  readonly sender: string
  readonly messageId: Buffer
}

function readClaim(
  content: ReportedContent | undefined,
  { room, allegedAbuser }: ReportedRoom,
): Claim | RefusalReason {
  if (content === undefined) return 'malformed-content'
  const messageId = reportedMessageId(content)
  if (content.senderUri === undefined) return 'sender-missing'
  if (content.roomUri === undefined || messageId === undefined) return 'room-missing'
  if (content.roomUri !== room) return 'room-mismatch'
  if (content.senderUri !== allegedAbuser) return 'alleged-abuser-mismatch'
  return { frankingTag: content.frankingTag, sender: content.senderUri, messageId }
}

interface FrankCheck {
  readonly message: ReportedMessage
  readonly room: ReportedRoom
  readonly frankingTag: Buffer
}

function findFlaw(
  { message, room, frankingTag }: FrankCheck,
  { agent, clock, retentionMs }: VerifierOptions,
): Anomaly | undefined {
  const { frank, acceptedTimestamp } = message
  // Above this no clock of ours has been; below, milliseconds are exact numbers.
  if (acceptedTimestamp > BigInt(Number.MAX_SAFE_INTEGER)) return 'time-out-of-range'
  const timestampMs = Number(acceptedTimestamp)
  const stamped = { room: room.room, sender: room.allegedAbuser, frankingTag, timestampMs }
  // Both are checked in any case: together they tell a swapped frank from a forged one.
  const mac = agent.checkMac(stamped, frank.serverFrank)
  const signature = agent.checkSignature(stamped, frank)
  if (!mac) return signature ? 'frank-swap-suspected' : 'frank-not-ours'
  if (!signature) return 'signature-invalid'
  if (!room.ciphersuites.includes(frank.ciphersuite)) return 'suite-not-of-room'
  const nowMs = clock()
  // A bucket begins before the time that it stands for.
  const oldestMs = Math.max(room.createdAtMs, nowMs - retentionMs) - room.timeBucketMs
  if (timestampMs < oldestMs || timestampMs > nowMs + CLOCK_TOLERANCE_MS) return 'time-out-of-range'
  return undefined
}

function withoutFrank(
  flaw: Anomaly,
  { relayed, isCovered }: { readonly relayed: boolean; readonly isCovered: boolean },
) {
  const swapped = flaw === 'frank-swap-suspected'
  if (relayed)
    return {
      result: 'verified',
      method: 'relay-log',
      anomaly: swapped ? 'frank-swapped-in-transit' : flaw,
    } as const
  if (isCovered && (swapped || flaw === 'frank-not-ours'))
    return {
      result: 'contradicted',
      method: 'relay-log',
      anomaly: 'content-never-relayed',
    } as const
  return { result: 'unverifiable', method: 'none', anomaly: flaw } as const
}

/** Whether the log must have a message of this time, if there was one: what is older is destroyed. */
function isOfLog({ acceptedTimestamp }: ReportedMessage, nowMs: number): boolean {
  const oldestMs = nowMs - (relayLogDays - 1) * DAY_MS
  return (
    acceptedTimestamp >= BigInt(oldestMs) && acceptedTimestamp <= BigInt(nowMs + CLOCK_TOLERANCE_MS)
  )
}

const DAY_MS = 86_400_000
const CLOCK_TOLERANCE_MS = 5 * 60 * 1_000
