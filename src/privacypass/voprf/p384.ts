import { createECDH, ECDH } from 'node:crypto'
import { p384, p384_hasher } from '@noble/curves/nist.js'
import type { Randomness } from '../../model/clock.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Multiplier, OprfGroup } from './group.ts'

/**
 * P384-SHA384, RFC 9497 §4.4. Whatever a secret scalar multiplies goes through OpenSSL. JavaScript's
 * integers, which take a time that depends on their values, are left with what is public and with three
 * steps that OpenSSL does not offer: the key plus one, the key times a challenge in the response of a
 * proof, and a client's inverse of its blind.
 */
export const p384Group: OprfGroup = {
  identifier: 'P384-SHA384',
  hash: 'sha384',
  tokenType: 'voprfP384',
  elementBytes: 49,
  scalarBytes: 48,
  isElement: (octets) => octets.length === 49 && uncompressed(octets) !== undefined,
  isScalar: (octets) =>
    octets.length === SCALAR_BYTES && toInteger(octets) > 0n && toInteger(octets) < Fn.ORDER,
  randomScalar,
  hashToElement: (message, tag) =>
    Buffer.from(p384_hasher.hashToCurve(message, { DST: tag }).toBytes(true)),
  hashToScalar: (message, tag) => toOctets(p384_hasher.hashToScalar(message, { DST: tag })),
  add: (first, second) => {
    const sum = Point.fromBytes(first).add(Point.fromBytes(second))
    return sum.is0() ? undefined : Buffer.from(sum.toBytes(true))
  },
  multiplyGenerator: (scalar) => Buffer.from(exchange(scalar).getPublicKey(null, 'compressed')),
  multiplier,
  subtractProduct: (minuend, first, second) =>
    toOctets(Fn.create(toInteger(minuend) - toInteger(first) * toInteger(second))),
  invert: (scalar) => toOctets(Fn.inv(toInteger(scalar))),
}

function randomScalar(randomness: Randomness): Buffer {
  for (let tries = 0; tries < SCALAR_TRIES_MAX; tries++) {
    const octets = randomness(SCALAR_BYTES)
    if (p384Group.isScalar(octets)) return octets
  }
  throw new GatewayError('internal')
}

/** OpenSSL shows the x coordinate of a product only: two points have it. */
function multiplier(scalar: Buffer): Multiplier {
  const ecdh = exchange(scalar)
  const next = nextMultiplier(scalar)
  return {
    candidates: (element) => {
      const x = ecdh.computeSecret(element)
      return [EVEN, ODD].map((form) => Buffer.concat([form, x]))
    },
    multiply: (element) => {
      const point = coordinatesOf(element)
      const plusOne = next()
      // The scalar is -1.
      if (plusOne === undefined) return compressed(point.x, Fp.neg(point.y))
      const product = toInteger(ecdh.computeSecret(element))
      const following = toInteger(plusOne.computeSecret(element))
      return compressed(product, ordinate(point, product, following))
    },
  }
}

/** The scalar plus one, when it is needed. Undefined where that is 0. */
function nextMultiplier(scalar: Buffer): () => ECDH | undefined {
  let made: { readonly ecdh: ECDH | undefined } | undefined
  return () => {
    if (made === undefined) {
      const sum = Fn.create(toInteger(scalar) + 1n)
      made = { ecdh: sum === 0n ? undefined : exchange(toOctets(sum)) }
    }
    return made.ecdh
  }
}

/**
 * The y coordinate of a product Q = kP from the x coordinates of Q and of Q + P; Okeya and Sakurai, CHES
 * 2001: 2·y(P)·y(Q) = (a + x(P)·x(Q))·(x(P) + x(Q)) + 2·b - x(Q + P)·(x(P) - x(Q))².
 */
function ordinate({ x, y }: Coordinates, product: bigint, following: bigint): bigint {
  const sum = Fp.mul(Fp.add(A, Fp.mul(x, product)), Fp.add(x, product))
  const square = Fp.sqr(Fp.sub(x, product))
  const doubled = Fp.sub(Fp.add(sum, Fp.add(B, B)), Fp.mul(following, square))
  return Fp.div(doubled, Fp.add(y, y))
}

function exchange(scalar: Buffer): ECDH {
  const ecdh = createECDH(CURVE)
  ecdh.setPrivateKey(scalar)
  return ecdh
}

/** Undefined for octets that are no point's compressed form of SEC 1 §2.3.3. */
function uncompressed(octets: Buffer): Buffer | undefined {
  if (octets[0] !== EVEN[0] && octets[0] !== ODD[0]) return undefined
  try {
    // OpenSSL refuses an x coordinate that is not below the prime, or that no point has.
    return Buffer.from(ECDH.convertKey(octets, CURVE, undefined, undefined, 'uncompressed'))
  } catch {
    return undefined
  }
}

interface Coordinates {
  readonly x: bigint
  readonly y: bigint
}

function coordinatesOf(element: Buffer): Coordinates {
  const octets = uncompressed(element)
  if (octets === undefined) throw new GatewayError('internal')
  return {
    x: toInteger(octets.subarray(1, 1 + FIELD_BYTES)),
    y: toInteger(octets.subarray(1 + FIELD_BYTES)),
  }
}

function compressed(x: bigint, y: bigint): Buffer {
  return Buffer.concat([(y & 1n) === 0n ? EVEN : ODD, toOctets(x)])
}

function toInteger(octets: Buffer): bigint {
  return BigInt(`0x${octets.toString('hex')}`)
}

/** 48 octets in network byte order: scalars and coordinates alike. */
function toOctets(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * FIELD_BYTES, '0'), 'hex')
}

const CURVE = 'secp384r1'
const SCALAR_BYTES = 48
const FIELD_BYTES = 48
const SCALAR_TRIES_MAX = 128
const EVEN = Buffer.of(2)
const ODD = Buffer.of(3)
const { Point } = p384
const { Fp, Fn } = Point
const { a: A, b: B } = Point.CURVE()
