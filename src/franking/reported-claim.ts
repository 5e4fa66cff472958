import { createHash } from 'node:crypto'
import type { Frank } from '../model/exchange.ts'
import { readApplicationData, reportedMessageId } from './application-data.ts'
import { attachmentsOf, isVerifiable } from './attachments.ts'
import { checkMlsEvidence, type MlsEvidence } from './mls-evidence.ts'

/** Why a message is no evidence at all: the reporter's client made it wrong. */
export type RefusalReason =
  | 'malformed-content'
  | 'sender-missing'
  | 'room-missing'
  | 'room-mismatch'
  | 'alleged-abuser-mismatch'

/** What a reported message says of itself, without what it says: enough to check it, nothing to read. */
export interface ReportedClaim {
  /** 32 octets. */
  readonly frankingTag: Buffer
  /** 32 octets. draft-ietf-mimi-content-09 §3.3 */
  readonly messageId: Buffer
  readonly frank: Frank
  /** Milliseconds. */
  readonly acceptedTimestamp: bigint
  readonly attachments: number
  /** Those without a hash that counts: whoever hosts one can put another in its place. */
  readonly unverifiableAttachments: number
  /** Undefined where none was given. */
  readonly mls: MlsClaim | undefined
}

/** What MLS evidence shows; its signature verifies with a key that the hub has to know. RFC 9420 §6.1 */
export type MlsClaim =
  | {
      readonly kind: 'signed'
      readonly epoch: bigint
      readonly leafIndex: number
      readonly leafKey: Buffer
      /** SHA-256 of the GroupContext. */
      readonly contextHash: Buffer
    }
  | { readonly kind: 'invalid'; readonly reason: string }

/** A message as a report carries it. */
export interface ReportedMessage {
  /** The exact octets that were decrypted: nobody may encode them again. */
  readonly applicationData: Buffer
  readonly frank: Frank
  readonly acceptedTimestamp: bigint
  readonly mls?: (MlsEvidence & { readonly leafKey: Buffer }) | undefined
}

/** Whom and what a message has to be about. */
interface Expected {
  readonly room: string
  readonly allegedAbuser: string
}

/** Check 5 of the intake: content with a room and a sender, and of them those that the report names. */
export function readClaim(
  { applicationData, frank, acceptedTimestamp, mls }: ReportedMessage,
  expected: Expected,
): ReportedClaim | RefusalReason {
  const message = readClaimedMessage(applicationData, expected)
  if (typeof message === 'string') return message
  const { frankingTag, messageId, content } = message
  const attachments = attachmentsOf(content)
  return {
    frankingTag,
    messageId,
    frank,
    acceptedTimestamp,
    attachments: attachments.length,
    unverifiableAttachments: attachments.filter((part) => !isVerifiable(part)).length,
    mls: mls && mlsClaim(mls, { applicationData, frankingTag }),
  }
}

/** The same of the octets alone. `content`: the MIMI content, without a frame around it. */
export function readClaimedMessage(
  applicationData: Buffer,
  { room, allegedAbuser }: Expected,
):
  | (Pick<ReportedClaim, 'frankingTag' | 'messageId'> & { readonly content: Buffer })
  | RefusalReason {
  const reported = readApplicationData(applicationData)
  if (reported === undefined) return 'malformed-content'
  const messageId = reportedMessageId(reported)
  if (reported.senderUri === undefined) return 'sender-missing'
  if (reported.roomUri === undefined || messageId === undefined) return 'room-missing'
  if (reported.roomUri !== room) return 'room-mismatch'
  if (reported.senderUri !== allegedAbuser) return 'alleged-abuser-mismatch'
  const { frankingTag, content } = reported
  return { frankingTag, messageId, content }
}

function mlsClaim(
  { leafKey, ...evidence }: MlsEvidence & { readonly leafKey: Buffer },
  expected: { readonly applicationData: Buffer; readonly frankingTag: Buffer },
): MlsClaim {
  const verdict = checkMlsEvidence(evidence, () => leafKey)
  if (verdict.kind === 'invalid') return verdict
  const { epoch, leafIndex, frankingTag } = verdict
  if (!verdict.applicationData.equals(expected.applicationData))
    return { kind: 'invalid', reason: 'other-content' }
  if (frankingTag !== undefined && !frankingTag.equals(expected.frankingTag))
    return { kind: 'invalid', reason: 'other-tag' }
  const contextHash = createHash('sha256').update(evidence.groupContext).digest()
  return { kind: 'signed', epoch, leafIndex, leafKey, contextHash }
}
