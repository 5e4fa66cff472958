import { decode, encode } from '../wire/codec.ts'
import {
  evidenceContext,
  forwardedEvidenceCodec,
  type EvidenceNotice,
} from '../wire/mimi/forwarded-evidence.ts'
import { abuseReportCodec } from '../wire/mimi/report-abuse.ts'
import { sealedForHubCodec, sealingLabels } from '../wire/mimi/report-extension.ts'
import type { OpeningKeySet } from './open-report.ts'
import { openEvidence, sealWithLabel, type RawKey, type SealedEvidence } from './sealing.ts'

/** Evidence of a report that goes to the sender's provider. */
export interface EvidenceToForward {
  readonly reportId: string
  readonly room: string
  /** As it is kept: sealed to our own key. */
  readonly evidence: SealedEvidence
  /** The report key that the receiver publishes. */
  readonly key: RawKey
  readonly notice: EvidenceNotice
}

export type ForwardedEvidence =
  /** `SealedForHub`: only the receiver opens it. */
  | { readonly kind: 'sealed'; readonly sealed: Buffer; readonly leftOut: number }
  /** Not even one message finds a place. */
  | { readonly kind: 'too-large' }
  | { readonly kind: 'key-unavailable' }

/** Opens what we keep and seals the messages to the receiver; neither the note nor who reported goes along. */
export type ForwardEvidence = (asked: EvidenceToForward) => Promise<ForwardedEvidence>

/** The same where plaintext may be. */
export function forwardEvidence(
  { reportId, room, evidence, key, notice }: EvidenceToForward,
  keys: OpeningKeySet,
): ForwardedEvidence {
  const own = keys.open.find(({ id }) => id === evidence.keyId)
  if (own === undefined) return { kind: 'key-unavailable' }
  const report = decode(abuseReportCodec, openEvidence(own, reportId, evidence))
  const all = report.messages.map(({ messageContent }) => messageContent)
  const messages = thoseThatFit(all)
  if (messages.length === 0) return { kind: 'too-large' }
  const leftOut = all.length - messages.length
  const plaintext = encode(forwardedEvidenceCodec, { room, leftOut, messages })
  const under = { label: sealingLabels.evidence, context: evidenceContext(notice) }
  const sealed = sealWithLabel(key, under, plaintext)
  return {
    kind: 'sealed',
    sealed: encode(sealedForHubCodec, { keyId: key.id, ...sealed }),
    leftOut,
  }
}

/** In the order of the report; one that is too large makes no room for none after it. */
function thoseThatFit(messages: readonly Buffer[]): readonly Buffer[] {
  let bytes = 0
  return messages.filter(({ length }) => {
    const fits = bytes + length <= forwardedBytesMax
    if (fits) bytes += length
    return fits
  })
}

/** Octets of messages in one notice: sealed, encoded and signed they are within its 64 KiB. */
export const forwardedBytesMax = 32_768
