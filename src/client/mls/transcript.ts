import { encode, opaque } from '../../wire/codec.ts'
import { confirmedTranscriptHashInput, type AuthenticatedContent } from '../../wire/mls/framing.ts'
import { digest } from '../crypto/key-derivation.ts'
import type { ClientSuite } from '../crypto/suite.ts'

/** `RFC 9420 §8.2` */
export function confirmedTranscriptHash(
  suite: ClientSuite,
  interimBefore: Buffer,
  commit: AuthenticatedContent,
): Buffer {
  return digest(suite, Buffer.concat([interimBefore, confirmedTranscriptHashInput(commit)]))
}

/** `RFC 9420 §8.2` */
export function interimTranscriptHash(
  suite: ClientSuite,
  confirmed: Buffer,
  confirmationTag: Buffer,
): Buffer {
  return digest(suite, Buffer.concat([confirmed, encode(tagCodec, confirmationTag)]))
}

const tagCodec = opaque(64)
