import { createHash } from 'node:crypto'
import { encode, struct, type Codec, type Decoded } from '../wire/codec.ts'
import { ascii16, opaque8 } from './length-prefixed.ts'
import { ownBytes } from './own-bytes.ts'
import { tokenTypeCodec } from './token-type.ts'

const optionalContext = opaque8({ bytesMax: 32 })

/** `opaque redemption_context<0..32>`, which holds either nothing or 32 octets. RFC 9577 §2.1.1 */
export const redemptionContextCodec: Codec<Buffer> = {
  read: (reader) => {
    const context = optionalContext.read(reader)
    return context.length === 0 || context.length === 32 ? context : reader.fail('invalid-value')
  },
  write: (writer, value) => {
    if (value.length !== 0 && value.length !== 32)
      throw new RangeError('expected an empty redemption context or 32 octets')
    optionalContext.write(writer, value)
  },
}

/** What a token origin asks for. `originInfo` is a list with commas, or empty. RFC 9577 §2.1.1 */
export const tokenChallengeCodec = struct({
  tokenType: tokenTypeCodec,
  issuerName: ascii16({ bytesMin: 1, bytesMax: 512 }),
  redemptionContext: redemptionContextCodec,
  originInfo: ascii16({ bytesMax: 4_096 }),
})
export type TokenChallenge = Decoded<typeof tokenChallengeCodec>

/** Octets of the longest challenge that is read. */
export const challengeBytesMax = 2 + 2 + 512 + 1 + 32 + 2 + 4_096

/** The octets of a challenge, over memory of their own. */
export function challengeBytes(challenge: TokenChallenge): Buffer {
  return ownBytes(encode(tokenChallengeCodec, challenge))
}

/** SHA-256 of a challenge's octets: what a token is bound to. RFC 9577 §2.2 */
export function challengeDigest(challenge: Uint8Array): Buffer {
  return createHash('sha256').update(challenge).digest()
}
