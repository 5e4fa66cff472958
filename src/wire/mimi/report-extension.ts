import { createHash } from 'node:crypto'
import {
  encode,
  fixed,
  opaque,
  struct,
  text,
  uint32,
  uint64,
  uint8,
  vector,
  type Decoded,
} from '../codec.ts'
import { bodyBytesMax, keyBytesMax, textBytesMax } from './bounds.ts'
import { frankBytes } from './franking.ts'
import { identifierUriCodec } from './protocol.ts'
import { abusiveMessageCodec, type AbuseReport } from './report-abuse.ts'

/** What a report adds to the draft's: of the private range of component ids. */
export const reportExtensionComponent = 0xf0a2

/** A report of spam that shows no content: of the private range of component ids. */
export const reportTokenComponent = 0xf0a3

/**
 * The category in the clear, for routing; consent per destination; and three values that are empty or
 * sealed to the hub's published report key. With `sealedMessages` the report itself has no messages.
 */
export const reportExtensionCodec = struct({
  code: text(64),
  consentFlags: uint8,
  reporterProof: opaque(65_536),
  sealedMessages: opaque(bodyBytesMax),
  mlsEvidence: opaque(bodyBytesMax),
})
export type ReportExtension = Decoded<typeof reportExtensionCodec>

/** Bits of `consentFlags`: notice, evidence and name of the reporter beyond the hub, and questions. */
export const consentBits = { forward: 1, evidence: 2, contact: 4, disclose: 8 } as const

/** The message that is reported, by its commitment alone. */
export const reportTokenCodec = struct({ frankingTag: fixed(frankBytes) })

/** `EncryptWithLabel` of suite 1 under the context `sealingContext`. RFC 9420 §5.1.3 */
export const sealedForHubCodec = struct({
  keyId: text(64),
  kemOutput: opaque(keyBytesMax),
  ciphertext: opaque(bodyBytesMax),
})

/** What stands sealed, by its label: the three values of a report, and what a notice forwards of it. */
export const sealingLabels = {
  messages: 'PosternReportMessages',
  proof: 'PosternReporterProof',
  mls: 'PosternReportMls',
  evidence: 'PosternNoticeEvidence',
} as const
export type SealingLabel = (typeof sealingLabels)[keyof typeof sealingLabels]

/** Sealed for one room: moved to a report about another it does not open. */
export function sealingContext(room: string): Buffer {
  return encode(identifierUriCodec, room)
}

const messagesCodec = vector(abusiveMessageCodec, { countMax: 64, bytesMax: bodyBytesMax })

/** What `sealedMessages` opens to. */
export const sealedReportCodec = struct({ note: opaque(textBytesMax), messages: messagesCodec })

/** What `mlsEvidence` opens to: RFC 9420 §6.1 for messages of the report, by their place in it. */
export const mlsEvidenceListCodec = struct({
  items: vector(
    struct({
      message: uint8,
      leafKey: opaque(keyBytesMax),
      framedContent: opaque(bodyBytesMax),
      signature: opaque(keyBytesMax),
      groupContext: opaque(bodyBytesMax),
    }),
    { countMax: 64, bytesMax: bodyBytesMax },
  ),
})

/** What `reporterProof` opens to: the reporter's leaf in an epoch signs for `reporterProofContent`. */
export const reporterProofCodec = struct({
  reporter: identifierUriCodec,
  cipherSuite: uint32,
  epoch: uint64,
  leafIndex: uint32,
  signatureKey: opaque(keyBytesMax),
  signature: opaque(keyBytesMax),
})

export const reporterProofLabel = 'PosternReporterProof'

/** What a report says, with everything open. */
export type ReportContent = Pick<AbuseReport, 'allegedAbuserUri' | 'note' | 'messages'> & {
  readonly room: string
  readonly code: string
  readonly consentFlags: number
}

const contentCodec = struct({
  room: identifierUriCodec,
  allegedAbuserUri: identifierUriCodec,
  code: text(64),
  consentFlags: uint8,
  note: opaque(textBytesMax),
  messages: messagesCodec,
})

/** The digest of a report that its reporter signs: SHA-256, 32 octets. */
export function reporterProofContent(content: ReportContent): Buffer {
  return createHash('sha256').update(encode(contentCodec, content)).digest()
}
