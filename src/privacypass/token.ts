import { decode, encode, fixed, variant, type Decoded } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { Writer } from '../wire/writer.ts'
import { ownBytes } from './own-bytes.ts'
import { tokenTypeCodec } from './token-type.ts'

const hash = fixed(32)
const boundFields = { nonce: hash, challengeDigest: hash, tokenKeyId: hash }

/** A token of any known type; the authenticator has the length of its type. RFC 9577 §2.2 */
export const tokenCodec = variant(
  ['tokenType', tokenTypeCodec],
  {
    voprfP384: { authenticator: fixed(48) },
    blindRsa2048: { authenticator: fixed(256) },
    voprfRistretto255: { authenticator: fixed(64) },
  },
  { between: boundFields },
)
export type Token = Decoded<typeof tokenCodec>

/** What an authenticator covers: all of a token before it. */
export type TokenInput = Pick<Token, 'tokenType' | 'nonce' | 'challengeDigest' | 'tokenKeyId'>

/** Octets of the longest token. */
export const tokenBytesMax = 2 + 32 + 32 + 32 + 256

/** Reads exactly one token; its fields are views of a copy, which may be one of the pool's. Throws `WireError`. */
export function parseToken(bytes: Uint8Array): Token {
  return decode(tokenCodec, Buffer.from(bytes.subarray(0, tokenBytesMax + 1)))
}

/** The same; undefined for octets that are no token. */
export function readToken(bytes: Uint8Array): Token | undefined {
  try {
    return parseToken(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The octets of a token, over memory of their own. */
export function tokenBytes(token: Token): Buffer {
  return ownBytes(encode(tokenCodec, token))
}

/** The 98 octets that an authenticator covers: `token_authenticator_input`. RFC 9577 §2.2 */
export function tokenInputBytes(input: TokenInput): Buffer {
  // As `struct` would, but written out: it is on the path of every check.
  const writer = new Writer(98)
  tokenTypeCodec.write(writer, input.tokenType)
  hash.write(writer, input.nonce)
  hash.write(writer, input.challengeDigest)
  hash.write(writer, input.tokenKeyId)
  return writer.take()
}
