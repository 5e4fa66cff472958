import { encode, opaque } from '../../wire/codec.ts'
import { confirmedTranscriptHashInput, type AuthenticatedContent } from '../../wire/mls/framing.ts'
import { digest } from '../../mls-crypto/key-derivation.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'

/** `RFC 9420 §8.2` */
export function confirmedTranscriptHash(
  suite: MlsSuite,
  interimBefore: Buffer,
  commit: AuthenticatedContent,
): Buffer {
  return digest(suite, Buffer.concat([interimBefore, confirmedTranscriptHashInput(commit)]))
}

/** `RFC 9420 §8.2` */
export function interimTranscriptHash(
  suite: MlsSuite,
  confirmed: Buffer,
  confirmationTag: Buffer,
): Buffer {
  return digest(suite, Buffer.concat([confirmed, encode(tagCodec, confirmationTag)]))
}

const tagCodec = opaque(64)
