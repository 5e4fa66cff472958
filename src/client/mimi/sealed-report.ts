import type { Randomness } from '../../model/clock.ts'
import { encode, type Codec } from '../../wire/codec.ts'
import {
  consentBits,
  mlsEvidenceListCodec,
  reportExtensionCodec,
  reportExtensionComponent,
  reporterProofCodec,
  reporterProofContent,
  reporterProofLabel,
  sealedForHubCodec,
  sealedReportCodec,
  sealingContext,
  sealingLabels,
  type ReportContent,
  type SealingLabel,
} from '../../wire/mimi/report-extension.ts'
import type { ComponentData } from '../../wire/mls/app-data.ts'
import { framedContentCodec } from '../../wire/mls/framing.ts'
import { groupContextCodec } from '../../wire/mls/group-info.ts'
import { encryptWithLabel } from '../../mls-crypto/hpke.ts'
import { signLabelled } from '../../mls-crypto/signatures.ts'
import { mlsSuite } from '../../mls-crypto/suite.ts'
import type { Epoch } from '../mls/epoch.ts'
import type { FrankEvidence } from './franked-message.ts'

/** The hub's report key as its metadata requirements document publishes it: an X25519 JWK. */
export interface ReportKey {
  readonly kid: string
  /** base64url, 32 octets. */
  readonly x: string
}

/** What the reporter adds to a report, and whom it lets see more than the hub does. */
export interface ReportDetails {
  readonly key: ReportKey
  /** One of the hub's published categories. */
  readonly category: string
  /** Each is a no unless given: notice, evidence and name beyond the hub, and questions back. */
  readonly consent?: Readonly<Partial<Record<keyof typeof consentBits, boolean>>>
  /** Signs the report with the key of our leaf, so that nobody can report in our name. */
  readonly signed?: boolean
  /** Adds the sender's MLS signatures. Whoever is shown them can show them to anybody. */
  readonly withMlsEvidence?: boolean
}

/** What a report says, before it is sealed. */
export interface ReportInside {
  readonly room: string
  readonly note: string
  readonly messages: readonly FrankEvidence[]
  /** Who signs it. */
  readonly reporter: string
  readonly epoch: Epoch
}

/**
 * The extension with everything that a report says sealed to the hub: neither our own provider nor
 * anybody on the way reads it. docs/reports.md
 */
export function sealedReport(
  inside: ReportInside,
  details: ReportDetails,
  randomness: Randomness,
): ComponentData {
  const content = contentOf(inside, details)
  const { room } = inside
  const seal = <T>(label: SealingLabel, codec: Codec<T>, value: T) =>
    sealFor(details.key, { label, room, plaintext: encode(codec, value) }, randomness)
  const { messages, note, code, consentFlags } = content
  const data = encode(reportExtensionCodec, {
    code,
    consentFlags,
    reporterProof:
      details.signed === true
        ? seal(sealingLabels.proof, reporterProofCodec, proofOf(inside, content))
        : NOTHING,
    sealedMessages: seal(sealingLabels.messages, sealedReportCodec, { note, messages }),
    mlsEvidence:
      details.withMlsEvidence === true
        ? seal(sealingLabels.mls, mlsEvidenceListCodec, { items: mlsItems(inside.messages) })
        : NOTHING,
  })
  return { componentId: reportExtensionComponent, data }
}

function contentOf({ room, note, messages }: ReportInside, details: ReportDetails): ReportContent {
  const { category, consent = {} } = details
  return {
    room,
    allegedAbuserUri: messages[0]?.senderUri ?? '',
    code: category,
    consentFlags: flagsOf(consent),
    note: Buffer.from(note),
    messages: messages.map(({ applicationData, frank, acceptedTimestamp }) => ({
      messageContent: applicationData,
      frank,
      acceptedTimestamp,
    })),
  }
}

function flagsOf(consent: NonNullable<ReportDetails['consent']>): number {
  let flags = 0
  if (consent.forward === true) flags |= consentBits.forward
  if (consent.evidence === true) flags |= consentBits.evidence
  if (consent.contact === true) flags |= consentBits.contact
  if (consent.disclose === true) flags |= consentBits.disclose
  return flags
}

function proofOf(
  { reporter, epoch: { suite, own, groupContext } }: ReportInside,
  content: ReportContent,
) {
  const { publicKey: signatureKey } = own.signer
  const signed = { label: reporterProofLabel, content: reporterProofContent(content) }
  return {
    reporter,
    cipherSuite: suite.code,
    epoch: groupContext.epoch,
    leafIndex: own.leafIndex,
    signatureKey,
    signature: signLabelled(suite, own.signer, signed),
  }
}

function mlsItems(messages: readonly FrankEvidence[]) {
  return messages.flatMap(({ mls }, message) => {
    if (mls === undefined) return []
    const { content, signature, groupContext, leafKey } = mls
    return [
      {
        message,
        leafKey,
        signature,
        framedContent: encode(framedContentCodec, content),
        groupContext: encode(groupContextCodec, groupContext),
      },
    ]
  })
}

function sealFor(
  { kid, x }: ReportKey,
  { label, room, plaintext }: { label: SealingLabel; room: string; plaintext: Buffer },
  randomness: Randomness,
): Buffer {
  const sealed = encryptWithLabel(
    mlsSuite(SUITE),
    { publicKey: Buffer.from(x, 'base64url'), plaintext, label, context: sealingContext(room) },
    randomness,
  )
  return encode(sealedForHubCodec, { keyId: kid, ...sealed })
}

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, whatever the room's suite is: its HPKE is what the key is for. */
const SUITE = 1
const NOTHING = Buffer.alloc(0)
