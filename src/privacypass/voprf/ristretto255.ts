import { createHash } from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import type { OprfGroup } from './group.ts'

/**
 * ristretto255-SHA512, RFC 9497 §4.1, by the WebAssembly of libsodium, which is loaded with the first
 * call. All that a secret touches is libsodium's code, whose steps do not depend on it.
 */
export async function loadRistretto255(): Promise<OprfGroup> {
  const { default: sodium } = await import('libsodium-wrappers-sumo')
  await sodium.ready
  const reduce = (wide: Buffer): Buffer =>
    Buffer.from(sodium.crypto_core_ristretto255_scalar_reduce(wide))
  return {
    identifier: 'ristretto255-SHA512',
    hash: 'sha512',
    tokenType: 'voprfRistretto255',
    elementBytes: 32,
    scalarBytes: 32,
    isElement: (octets) =>
      octets.length === 32 &&
      !octets.equals(ZERO) &&
      sodium.crypto_core_ristretto255_is_valid_point(octets),
    isScalar: (octets) =>
      octets.length === 32 &&
      !octets.equals(ZERO) &&
      reduce(Buffer.concat([octets, ZERO])).equals(octets),
    randomScalar: (randomness) => {
      const scalar = reduce(randomness(64))
      if (scalar.equals(ZERO)) throw new GatewayError('internal')
      return scalar
    },
    hashToElement: (message, tag) =>
      Buffer.from(sodium.crypto_core_ristretto255_from_hash(expandMessage(message, tag))),
    hashToScalar: (message, tag) => reduce(expandMessage(message, tag)),
    add: (first, second) => {
      const sum = Buffer.from(sodium.crypto_core_ristretto255_add(first, second))
      return sum.equals(ZERO) ? undefined : sum
    },
    multiplyGenerator: (scalar) => Buffer.from(sodium.crypto_scalarmult_ristretto255_base(scalar)),
    multiplier: (scalar) => {
      const multiply = (element: Buffer): Buffer =>
        Buffer.from(sodium.crypto_scalarmult_ristretto255(scalar, element))
      return { multiply, candidates: (element) => [multiply(element)] }
    },
    subtractProduct: (minuend, first, second) => {
      const product = sodium.crypto_core_ristretto255_scalar_mul(first, second)
      return Buffer.from(sodium.crypto_core_ristretto255_scalar_sub(minuend, product))
    },
    invert: (scalar) => Buffer.from(sodium.crypto_core_ristretto255_scalar_invert(scalar)),
  }
}

/** `expand_message_xmd` with SHA-512 to 64 octets, for tags below 256 octets. RFC 9380 §5.3.1 */
function expandMessage(message: Uint8Array, tag: Uint8Array): Buffer {
  const suffix = Buffer.concat([tag, Buffer.of(tag.length)])
  const first = createHash('sha512')
    .update(BLOCK_OF_ZEROS)
    .update(message)
    .update(LENGTH_AND_ZERO)
    .update(suffix)
    .digest()
  return createHash('sha512').update(first).update(Buffer.of(1)).update(suffix).digest()
}

/** The identity among elements, 0 among scalars. */
const ZERO = Buffer.alloc(32)
const BLOCK_OF_ZEROS = Buffer.alloc(128)
const LENGTH_AND_ZERO = Buffer.of(0, 64, 0)
