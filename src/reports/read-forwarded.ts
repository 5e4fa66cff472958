import { readClaimedMessage, type RefusalReason } from '../franking/reported-claim.ts'
import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import {
  evidenceContext,
  forwardedEvidenceCodec,
  type EvidenceNotice,
} from '../wire/mimi/forwarded-evidence.ts'
import { sealedForHubCodec, sealingLabels } from '../wire/mimi/report-extension.ts'
import type { OpeningKeySet } from './open-report.ts'
import { openSealedForHub, type RawKey } from './sealing.ts'

/** Evidence that came with a notice. */
export interface ForwardedToRead {
  /** `SealedForHub`. */
  readonly sealed: Buffer
  readonly notice: EvidenceNotice
  /** Whom the notice is about. */
  readonly subject: string
}

/** A message of it, without what it says. */
export interface ForwardedClaim {
  /** 32 octets each. */
  readonly messageId: Buffer
  readonly frankingTag: Buffer
}

/** Why evidence is none. */
export type ForwardedFault =
  | RefusalReason
  | 'malformed'
  | 'unknown-key'
  /** Sealed to another key, for another notice, or changed on its way. */
  | 'does-not-open'
  | 'no-messages'

/** INVARIANT: nothing in it can be read as content. */
export type ReadForwarded =
  | {
      readonly kind: 'read'
      readonly room: string
      /** Messages that found no place in the notice. */
      readonly leftOut: number
      readonly claims: readonly ForwardedClaim[]
    }
  | { readonly kind: 'unreadable'; readonly fault: ForwardedFault }

/** Opens it and reads what its messages say of themselves. Never throws for what a peer wrote. */
export type ReadForwardedEvidence = (asked: ForwardedToRead) => Promise<ReadForwarded>

/** The same where plaintext may be. */
export function readForwarded(
  { subject, ...asked }: ForwardedToRead,
  keys: OpeningKeySet,
): ReadForwarded {
  const opened = openForwarded(asked, (id) => keys.open.find((key) => key.id === id))
  if (typeof opened === 'string') return unreadable(opened)
  const { room, leftOut, messages } = opened
  const claims = new Map<string, ForwardedClaim>()
  for (const message of messages) {
    const claim = readClaimedMessage(message, { room, allegedAbuser: subject })
    if (typeof claim === 'string') return unreadable(claim)
    const { messageId, frankingTag } = claim
    claims.set(messageId.toString('hex'), { messageId, frankingTag })
  }
  return { kind: 'read', room, leftOut, claims: [...claims.values()] }
}

/** What was sealed for this notice, or why it does not open. */
export function openForwarded(
  { sealed, notice }: Omit<ForwardedToRead, 'subject'>,
  keyOf: (id: string) => RawKey | undefined,
) {
  try {
    const { keyId, ...ciphertext } = decode(sealedForHubCodec, sealed)
    const key = keyOf(keyId)
    if (key === undefined) return 'unknown-key'
    const under = { label: sealingLabels.evidence, context: evidenceContext(notice) }
    const plaintext = openSealedForHub(key, { ...ciphertext, ...under })
    if (plaintext === undefined) return 'does-not-open'
    const evidence = decode(forwardedEvidenceCodec, plaintext)
    return evidence.messages.length === 0 ? 'no-messages' : evidence
  } catch (error) {
    if (error instanceof WireError) return 'malformed'
    throw error
  }
}

function unreadable(fault: ForwardedFault): ReadForwarded {
  return { kind: 'unreadable', fault }
}
