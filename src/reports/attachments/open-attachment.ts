import { hash } from 'node:crypto'
import { isMeant } from '../../franking/attachments.ts'
import type { ExternalPart } from '../../wire/cbor/content-part.ts'
import { openAead } from './aead.ts'
import { mediaTypeOf, type KnownMediaType } from './media-type.ts'

/** Octets of an attachment that is opened; a larger one stays with its host. */
export const attachmentBytesMax = 16_777_216

/** An attachment, and what its message says of it. */
export interface AttachmentToOpen {
  /** As its host gave them; at most `attachmentBytesMax`. */
  readonly octets: Buffer
  readonly part: AttachmentProof
  /** Whether it is to come back open. */
  readonly withContent: boolean
}

/** How to tell that octets are those that were sent, and the key that opens them. */
export type AttachmentProof = Pick<
  ExternalPart,
  'encAlg' | 'key' | 'nonce' | 'aad' | 'hashAlg' | 'contentHash'
>

export type OpenedAttachment =
  | {
      readonly kind: 'opened'
      /** Octets, open. */
      readonly bytes: number
      /** Of them, hexadecimal. */
      readonly sha256: string
      /** By how they begin; undefined for what is none of those that are known. */
      readonly mediaType: KnownMediaType | undefined
      /** Only where it was asked for. */
      readonly content: Buffer | undefined
    }
  /** Its host gave something else than what was sent. */
  | { readonly kind: 'changed' }
  /** The key of the message does not open it. */
  | { readonly kind: 'unreadable' }

/** Holds an attachment against its message and opens it. Throws `verifier-unavailable`. */
export type OpenAttachment = (asked: AttachmentToOpen) => Promise<OpenedAttachment>

/** The same where plaintext may be. INVARIANT: what was not sent is not opened. */
export function openAttachment({ octets, part, withContent }: AttachmentToOpen): OpenedAttachment {
  if (!isMeant(octets, part)) return { kind: 'changed' }
  const content = openAead(part, octets)
  if (content === undefined) return { kind: 'unreadable' }
  return {
    kind: 'opened',
    bytes: content.length,
    sha256: hash('sha256', content),
    mediaType: mediaTypeOf(content),
    content: withContent ? content : undefined,
  }
}
