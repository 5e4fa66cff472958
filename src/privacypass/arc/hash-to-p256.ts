import { p256_hasher } from '@noble/curves/nist.js'
import { elementOfSum, encodeElement, generatorG, type Element } from './p256-group.ts'

/** The label of the ciphersuite. draft-ietf-privacypass-arc-crypto-01 §6.1 */
export const CONTEXT_STRING = 'ARCV1-P256'

/** RFC 9380 §8.2, suite P256_XMD:SHA-256_SSWU_RO_; inputs are public. draft-ietf-privacypass-arc-crypto-01 §6.1 */
export function hashToGroup(input: Uint8Array, info: string): Element {
  const DST = `HashToGroup-${CONTEXT_STRING}${info}`
  return elementOfSum(p256_hasher.hashToCurve(input, { DST }))
}

/** `hash_to_field` of RFC 9380 §5.2 with L = 48, modulo the order. draft-ietf-privacypass-arc-crypto-01 §6.1 */
export function hashToScalar(input: Uint8Array, info: string): bigint {
  return p256_hasher.hashToScalar(input, { DST: `HashToScalar-${CONTEXT_STRING}${info}` })
}

/** The second generator; nobody knows its logarithm. draft-ietf-privacypass-arc-crypto-01 §3.1 */
export const generatorH: Element = hashToGroup(encodeElement(generatorG), 'generatorH')
