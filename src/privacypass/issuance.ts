import {
  decode,
  encode,
  fixed,
  struct,
  uint8,
  variant,
  type Codec,
  type Decoded,
} from '../wire/codec.ts'
import { tokenTypeCodec, type TokenType } from './token-type.ts'

/** Octets of a group element (RFC 9497 §4) or of an RSA block. */
export const messageBytes = { voprfP384: 49, blindRsa2048: 256, voprfRistretto255: 32 } as const

/** One request for one token. RFC 9578 §5.1, §6.1; draft-ietf-privacypass-batched-tokens §5.1 */
export const tokenRequestCodec = variant(
  ['tokenType', tokenTypeCodec],
  {
    voprfP384: { blindedMessage: fixed(messageBytes.voprfP384) },
    blindRsa2048: { blindedMessage: fixed(messageBytes.blindRsa2048) },
    voprfRistretto255: { blindedMessage: fixed(messageBytes.voprfRistretto255) },
  },
  // The last octet of the token key id.
  { between: { truncatedTokenKeyId: uint8 } },
)
export type TokenRequest = Decoded<typeof tokenRequestCodec>

const voprfFields = (elementBytes: number, scalarBytes: number) => ({
  evaluatedMessage: fixed(elementBytes),
  evaluatedProof: fixed(2 * scalarBytes),
})

/** The fields of a `TokenResponse`, which does not say of which type it is. RFC 9578 §5.2, §6.2 */
const tokenResponseFields = {
  voprfP384: voprfFields(messageBytes.voprfP384, 48),
  blindRsa2048: { blindSignature: fixed(messageBytes.blindRsa2048) },
  voprfRistretto255: voprfFields(messageBytes.voprfRistretto255, 32),
} as const satisfies Record<TokenType, Record<string, Codec<Buffer>>>

/** A `TokenResponse` of each type, as the body of an answer. RFC 9578 §5.2, §6.2 */
export const tokenResponseCodecs = {
  voprfP384: struct(tokenResponseFields.voprfP384),
  blindRsa2048: struct(tokenResponseFields.blindRsa2048),
  voprfRistretto255: struct(tokenResponseFields.voprfRistretto255),
} as const

/** A `TokenResponse` behind its type. draft-ietf-privacypass-batched-tokens §6.2 */
export const genericTokenResponseCodec = variant(['tokenType', tokenTypeCodec], tokenResponseFields)
export type TokenResponse = Decoded<typeof genericTokenResponseCodec>

/** The octets of a TokenResponse, as the body of an answer. */
export function tokenResponseBytes(response: TokenResponse): Buffer {
  switch (response.tokenType) {
    case 'voprfP384':
      return encode(tokenResponseCodecs.voprfP384, response)
    case 'blindRsa2048':
      return encode(tokenResponseCodecs.blindRsa2048, response)
    case 'voprfRistretto255':
      return encode(tokenResponseCodecs.voprfRistretto255, response)
  }
}

/** Reads exactly one TokenResponse of a type. Throws `WireError`. */
export function readTokenResponse(tokenType: TokenType, bytes: Uint8Array): TokenResponse {
  switch (tokenType) {
    case 'voprfP384':
      return { tokenType, ...decode(tokenResponseCodecs.voprfP384, bytes) }
    case 'blindRsa2048':
      return { tokenType, ...decode(tokenResponseCodecs.blindRsa2048, bytes) }
    case 'voprfRistretto255':
      return { tokenType, ...decode(tokenResponseCodecs.voprfRistretto255, bytes) }
  }
}
