import type { Randomness } from '../../model/clock.ts'
import type { TokenType } from '../token-type.ts'

export type VoprfTokenType = Exclude<TokenType, 'blindRsa2048'>

/**
 * A group of prime order with what a suite of RFC 9497 §4 adds to it. Elements and scalars are octets, as
 * `SerializeElement` and `SerializeScalar` write them.
 * INVARIANT: whatever came from elsewhere went through `isElement` or `isScalar` before it is used.
 */
export interface OprfGroup {
  /** The identifier of the suite, such as `P384-SHA384`. */
  readonly identifier: string
  readonly hash: 'sha384' | 'sha512'
  /** The token type whose suite this is. RFC 9578 §8.2 */
  readonly tokenType: VoprfTokenType
  readonly elementBytes: number
  readonly scalarBytes: number
  /** False for the identity too. RFC 9497 §2.1, `DeserializeElement` */
  readonly isElement: (octets: Buffer) => boolean
  /** False for 0 too. RFC 9497 §2.1, `DeserializeScalar` */
  readonly isScalar: (octets: Buffer) => boolean
  /** Uniform, not 0. */
  readonly randomScalar: (randomness: Randomness) => Buffer
  /** `HashToGroup`; the tag is the whole domain separation tag. The message is public. */
  readonly hashToElement: (message: Uint8Array, tag: Uint8Array) => Buffer
  /** `HashToScalar`; the message is public. */
  readonly hashToScalar: (message: Uint8Array, tag: Uint8Array) => Buffer
  /** Undefined where the sum is the identity. */
  readonly add: (first: Buffer, second: Buffer) => Buffer | undefined
  readonly multiplyGenerator: (scalar: Buffer) => Buffer
  readonly multiplier: (scalar: Buffer) => Multiplier
  /** `minuend - first · second`, for the response of a proof. */
  readonly subtractProduct: (minuend: Buffer, first: Buffer, second: Buffer) => Buffer
  /** The inverse of a scalar that is not 0; for clients. */
  readonly invert: (scalar: Buffer) => Buffer
}

/** A scalar that is ready to multiply. */
export interface Multiplier {
  readonly multiply: (element: Buffer) => Buffer
  /** The product among at most two elements, where that is cheaper than the product alone. */
  readonly candidates: (element: Buffer) => readonly Buffer[]
}
