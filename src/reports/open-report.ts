import { createHash } from 'node:crypto'
import { frankOf } from '../franking/frank-struct.ts'
import {
  readClaim,
  type RefusalReason,
  type ReportedClaim,
  type ReportedMessage,
} from '../franking/reported-claim.ts'
import { decode, encode, type Codec, type Decoded } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { abuseReportCodec, type AbuseReport } from '../wire/mimi/report-abuse.ts'
import {
  mlsEvidenceListCodec,
  reportExtensionCodec,
  reportExtensionComponent,
  reportTokenCodec,
  reportTokenComponent,
  reporterProofCodec,
  reporterProofContent,
  reporterProofLabel,
  sealedForHubCodec,
  sealedReportCodec,
  sealingContext,
  sealingLabels,
  type ReportContent,
  type ReportExtension,
  type SealingLabel,
} from '../wire/mimi/report-extension.ts'
import { componentData } from '../wire/mls/app-data.ts'
import { verifyWithLabel } from '../wire/mls/sign-with-label.ts'
import { knownCategory } from './categories.ts'
import { openSealedForHub, sealEvidence, type RawKey, type SealedEvidence } from './sealing.ts'

/** A report as it came, for the one place that opens it. */
export interface ReportToOpen {
  readonly reportId: string
  readonly room: string
  /** The AbuseReport. */
  readonly bytes: Buffer
}

export interface OpeningKeySet {
  /** Private halves of our report-sealing keys. */
  readonly open: readonly RawKey[]
  /** The public key that evidence is sealed to again. */
  readonly seal: RawKey
}

/** Why a report is not taken. */
export type ReportFault =
  | RefusalReason
  | 'too-many-messages'
  | 'messages-twice'
  | 'unknown-key'
  | 'does-not-open'
  | 'malformed'

/** Who reports, by a signature of its leaf; the hub has to know the leaf. */
export interface ProofClaim {
  readonly reporter: string
  readonly epoch: bigint
  readonly leafIndex: number
  readonly signatureKey: Buffer
}

/** A report without what it says. INVARIANT: nothing in it can be read as content. */
export type OpenedReport =
  | {
      readonly kind: 'opened'
      readonly category: string
      readonly consentFlags: number
      readonly subject: string
      readonly claims: readonly ReportedClaim[]
      /** Undefined where there is none or where its signature does not verify. */
      readonly proof: ProofClaim | undefined
      /** Whether one was given. */
      readonly hasProof: boolean
      /** SHA-256 of all that was said: the same report again has the same. */
      readonly contentDigest: Buffer
      /** The tag of a message that is reported as spam, without content. */
      readonly token: Buffer | undefined
      /** The whole report, open inside, sealed to our own key. */
      readonly evidence: SealedEvidence
    }
  | { readonly kind: 'refused'; readonly fault: ReportFault; readonly message?: number }

/** Opens, reads and seals again. Never throws for what a reporter wrote. */
export type OpenReport = (report: ReportToOpen) => Promise<OpenedReport>

/** Checks 2, 4, 5 and 12 of the intake, where plaintext may be. */
export function openReport(
  { reportId, room, bytes }: ReportToOpen,
  keys: OpeningKeySet,
): OpenedReport {
  try {
    const { extension, content, report, mls, token } = unsealed({ room, bytes }, keys)
    if (content.messages.length > messagesMax) throw new Fault('too-many-messages')
    const claims = claimsOf(content, mls)
    const proof = proofOf(extension, content, keys)
    return {
      kind: 'opened',
      category: knownCategory(extension?.code),
      consentFlags: extension?.consentFlags ?? 0,
      subject: content.allegedAbuserUri,
      claims,
      proof,
      hasProof: (extension?.reporterProof.length ?? 0) > 0,
      contentDigest: createHash('sha256').update(reporterProofContent(content)).digest(),
      token,
      evidence: sealEvidence(keys.seal, reportId, encode(abuseReportCodec, report)),
    }
  } catch (error) {
    if (error instanceof WireError) return { kind: 'refused', fault: 'malformed' }
    if (!(error instanceof Fault)) throw error
    const { fault, index } = error
    return { kind: 'refused', fault, ...(index !== undefined && { message: index }) }
  }
}

interface Unsealed {
  readonly extension: ReportExtension | undefined
  readonly content: ReportContent
  /** With note and messages where the draft has them. */
  readonly report: AbuseReport
  readonly mls: Decoded<typeof mlsEvidenceListCodec>['items']
  readonly token: Buffer | undefined
}

function unsealed(
  { room, bytes }: Pick<ReportToOpen, 'room' | 'bytes'>,
  keys: OpeningKeySet,
): Unsealed {
  const outer = decode(abuseReportCodec, bytes)
  const data = componentData(outer.abuseExtensions, reportExtensionComponent)
  const extension = data && decode(reportExtensionCodec, data)
  const token = componentData(outer.abuseExtensions, reportTokenComponent)
  const opening = { room, keys }
  const inner = opened(opening, extension?.sealedMessages, {
    codec: sealedReportCodec,
    label: sealingLabels.messages,
  })
  if (inner !== undefined && (outer.messages.length > 0 || outer.note.length > 0))
    throw new Fault('messages-twice')
  const list = opened(opening, extension?.mlsEvidence, {
    codec: mlsEvidenceListCodec,
    label: sealingLabels.mls,
  })
  const { note, messages } = inner ?? outer
  const { allegedAbuserUri } = outer
  const { code = '', consentFlags = 0 } = extension ?? {}
  return {
    extension,
    content: { room, allegedAbuserUri, code, consentFlags, note, messages },
    report: { ...outer, note, messages, abuseExtensions: { componentData: [] } },
    mls: list?.items ?? [],
    token: token && decode(reportTokenCodec, token).frankingTag,
  }
}

function claimsOf(
  { room, allegedAbuserUri: allegedAbuser, messages }: ReportContent,
  evidence: Unsealed['mls'],
): readonly ReportedClaim[] {
  const claims = new Map<string, ReportedClaim>()
  for (const [index, message] of messages.entries()) {
    const found = evidence.find((item) => item.message === index)
    const reported: ReportedMessage = {
      applicationData: message.messageContent,
      frank: frankOf(message.frank),
      acceptedTimestamp: message.acceptedTimestamp,
      mls: found && { ...found, wireFormat: PRIVATE_MESSAGE },
    }
    const claim = readClaim(reported, { room, allegedAbuser })
    if (typeof claim === 'string') throw new Fault(claim, index)
    claims.set(claim.messageId.toString('hex'), claim)
  }
  return [...claims.values()]
}

function proofOf(
  extension: ReportExtension | undefined,
  content: ReportContent,
  keys: OpeningKeySet,
): ProofClaim | undefined {
  const proof = opened({ room: content.room, keys }, extension?.reporterProof, {
    codec: reporterProofCodec,
    label: sealingLabels.proof,
  })
  if (proof === undefined) return undefined
  const { reporter, epoch, leafIndex, signatureKey: publicKey, signature, cipherSuite } = proof
  const claim = { cipherSuite, publicKey, signature, label: reporterProofLabel }
  if (!verifyWithLabel({ ...claim, content: reporterProofContent(content) })) return undefined
  return { reporter, epoch, leafIndex, signatureKey: publicKey }
}

/** Undefined for an empty value. */
function opened<T>(
  { room, keys }: { readonly room: string; readonly keys: OpeningKeySet },
  value: Buffer | undefined,
  { codec, label }: { readonly codec: Codec<T>; readonly label: SealingLabel },
): T | undefined {
  if (value === undefined || value.length === 0) return undefined
  const { keyId, ...sealed } = decode(sealedForHubCodec, value)
  const key = keys.open.find(({ id }) => id === keyId)
  if (key === undefined) throw new Fault('unknown-key')
  const plaintext = openSealedForHub(key, { ...sealed, label, context: sealingContext(room) })
  if (plaintext === undefined) throw new Fault('does-not-open')
  return decode(codec, plaintext)
}

class Fault extends Error {
  readonly fault: ReportFault
  /** Of the message that has it. */
  readonly index: number | undefined

  constructor(fault: ReportFault, index?: number) {
    super(fault)
    this.fault = fault
    this.index = index
  }
}

const PRIVATE_MESSAGE = 2
const messagesMax = 20
