import { encode, opaque, struct, text, uint16, vector } from '../codec.ts'
import { bodyBytesMax } from './bounds.ts'
import { identifierUriCodec } from './protocol.ts'

/**
 * What `sealed_evidence` of a notice opens to: the exact application data of reported messages, without
 * their franks and times, which could tell through which follower they were read. docs/notices.md
 */
export const forwardedEvidenceCodec = struct({
  room: identifierUriCodec,
  /** Messages of the report that found no place. */
  leftOut: uint16,
  messages: vector(opaque(bodyBytesMax), { countMax: 64, bytesMax: bodyBytesMax }),
})

/** The notice that evidence belongs to: with any other it does not open. */
export interface EvidenceNotice {
  readonly noticeId: string
  /** Domains. */
  readonly from: string
  readonly to: string
}

/** The context of `EncryptWithLabel`. RFC 9420 §5.1.3 */
export function evidenceContext(notice: EvidenceNotice): Buffer {
  return encode(contextCodec, notice)
}

const contextCodec = struct({ noticeId: text(64), from: text(253), to: text(253) })
