import type { Randomness } from '../../model/clock.ts'
import { fixed, type Codec } from '../../wire/codec.ts'

/** The order of P-256, SEC 2 §2.4.2. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** Draws a scalar from 1 to the order - 1, uniformly. */
export type RandomScalar = () => bigint

/** Rejection sampling; throws `RangeError` where the source of randomness is broken. draft-ietf-privacypass-arc-crypto-01 §6.2.1 */
export function randomScalars(randomness: Randomness): RandomScalar {
  return () => {
    for (let attempt = 0; attempt < SAMPLES_MAX; attempt += 1) {
      const sample = integerOf(randomness(SCALAR_BYTES))
      if (sample > 0n && sample < P256_ORDER) return sample
    }
    throw new RangeError('no scalar in many samples')
  }
}

/** The residue from 0 to the order - 1; `value` may be negative. */
export function modOrder(value: bigint): bigint {
  const residue = value % P256_ORDER
  return residue < 0n ? residue + P256_ORDER : residue
}

/**
 * The inverse of a scalar that is not 0, by Fermat: the steps do not depend on the scalar, as those of
 * Euclid's algorithm would.
 */
export function inverse(scalar: bigint): bigint {
  let power = 1n
  for (const digit of INVERSE_EXPONENT) {
    power = (power * power) % P256_ORDER
    if (digit === '1') power = (power * scalar) % P256_ORDER
  }
  return power
}

/** 32 octets in network byte order, from 1 to the order - 1. draft-ietf-privacypass-arc-crypto-01 §6.1 */
export const scalarCodec: Codec<bigint> = {
  read: (reader) => {
    const value = integerOf(octets.read(reader))
    if (value === 0n || value >= P256_ORDER) reader.fail('invalid-value')
    return value
  },
  write: (writer, value) => octets.write(writer, octetsOf(value)),
}

/** Big-endian, any length. */
export function integerOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

/** Big-endian, 32 octets; `value` is below 2^256. */
export function octetsOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex')
}

export const SCALAR_BYTES = 32
const octets = fixed(SCALAR_BYTES)
/** Each sample is rejected with a chance below 2^-32. */
const SAMPLES_MAX = 16
const INVERSE_EXPONENT = (P256_ORDER - 2n).toString(2)
