import { enumeration, uint16 } from '../wire/codec.ts'

/** The codes of the types that are known here. RFC 9578 §8.2, draft-ietf-privacypass-batched-tokens §9.1 */
export const tokenTypeCodes = {
  voprfP384: 0x0001,
  blindRsa2048: 0x0002,
  voprfRistretto255: 0x0005,
} as const

export type TokenType = keyof typeof tokenTypeCodes

/** `uint16_t token_type`; a type that is not known here is `invalid-value`. */
export const tokenTypeCodec = enumeration(tokenTypeCodes, uint16)

const byCode: ReadonlyMap<number, TokenType> = new Map([
  [tokenTypeCodes.voprfP384, 'voprfP384'],
  [tokenTypeCodes.blindRsa2048, 'blindRsa2048'],
  [tokenTypeCodes.voprfRistretto255, 'voprfRistretto255'],
])

/** The type with this code, undefined where it is not known here. */
export function tokenTypeOf(code: number): TokenType | undefined {
  return byCode.get(code)
}
