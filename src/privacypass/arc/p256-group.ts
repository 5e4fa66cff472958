import { createECDH, ECDH } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import type { Codec } from '../../wire/codec.ts'
import type { Reader } from '../../wire/reader.ts'
import { integerOf, modOrder, octetsOf, P256_ORDER } from './p256-scalar.ts'

/** A point of P-256 other than the identity. */
export interface Element {
  readonly x: bigint
  readonly y: bigint
}

/** A scalar and the point that it multiplies. */
export type Product = readonly [scalar: bigint, element: Element]

/**
 * A point in noble's projective coordinates, the identity included: what sums are made of.
 * INVARIANT: noble only adds; whatever multiplies by a secret goes through OpenSSL, as the arithmetic
 * of JavaScript's integers takes a time that depends on their values.
 */
export type Sum = InstanceType<typeof Point>

const Point = p256.Point

/** `scalar · generatorG`: one fixed-base multiplication by OpenSSL. */
export function multiplyGenerator(scalar: bigint): Sum {
  const reduced = modOrder(scalar)
  if (reduced === 0n) return Point.ZERO
  const ecdh = createECDH(CURVE)
  ecdh.setPrivateKey(octetsOf(reduced))
  const point = elementOf(ecdh.getPublicKey())
  return new Point(point.x, point.y, 1n)
}

/**
 * `scalar · element`. ECDH shows the x coordinate only, so OpenSSL multiplies twice, and the y
 * coordinate of Q = kP follows from those of Q and Q + P (Okeya and Sakurai, CHES 2001):
 * 2·y(P)·y(Q) = (a + x(P)·x(Q))·(x(P) + x(Q)) + 2b - x(Q + P)·(x(P) - x(Q))². The division is left to
 * the projective coordinates.
 */
export function multiply(scalar: bigint, element: Element): Sum {
  const reduced = modOrder(scalar)
  if (reduced === 0n) return Point.ZERO
  const { x, y } = element
  if (reduced === P256_ORDER - 1n) return new Point(x, FIELD - y, 1n)
  const peer = uncompressed(element)
  const ecdh = createECDH(CURVE)
  ecdh.setPrivateKey(octetsOf(reduced))
  const xQ = integerOf(ecdh.computeSecret(peer))
  ecdh.setPrivateKey(octetsOf(reduced + 1n))
  const xNext = integerOf(ecdh.computeSecret(peer))
  const apart = x - xQ
  const doubled = (A + x * xQ) * (x + xQ) + 2n * B - xNext * ((apart * apart) % FIELD)
  const z = (2n * y) % FIELD
  return new Point((xQ * z) % FIELD, modField(doubled), z)
}

/** The sum of all products. */
export function sumOf(products: readonly Product[]): Sum {
  let sum = Point.ZERO
  for (const [scalar, element] of products)
    sum = sum.add(element === generatorG ? multiplyGenerator(scalar) : multiply(scalar, element))
  return sum
}

/** The sums as elements, with one inversion for all; undefined where one is the identity. */
export function elementsOf(sums: readonly Sum[]): readonly Element[] | undefined {
  if (sums.some((sum) => sum.is0())) return undefined
  const inverses = Point.Fp.invertBatch(sums.map(({ Z }) => Z))
  return sums.map((sum, index) => sum.toAffine(inverses[index]))
}

/** The sum of all products, where it is the identity with a chance of 2^-256 only; then `RangeError`. */
export function combined(...products: readonly Product[]): Element {
  return elementOfSum(sumOf(products))
}

/** As `combined`, for a sum. */
export function elementOfSum(sum: Sum): Element {
  const [element] = elementsOf([sum]) ?? []
  if (element === undefined) throw new RangeError('a random point is the identity')
  return element
}

/** For sums. */
export function sumOfElement({ x, y }: Element): Sum {
  return new Point(x, y, 1n)
}

/** For sums that begin with nothing. */
export const identity: Sum = Point.ZERO

export function sameElement(a: Element, b: Element): boolean {
  return a.x === b.x && a.y === b.y
}

/** 33 octets: the compressed form of SEC 1 §2.3.3. */
export function encodeElement({ x, y }: Element): Buffer {
  const bytes = Buffer.allocUnsafe(ELEMENT_BYTES)
  bytes[0] = (y & 1n) === 0n ? COMPRESSED_EVEN : COMPRESSED_ODD
  octetsOf(x).copy(bytes, 1)
  return bytes
}

/** 33 octets, compressed, on the curve; `invalid-value` otherwise. draft-ietf-privacypass-arc-crypto-01 §6.1 */
export const elementCodec: Codec<Element> = {
  read: (reader) => readElement(reader),
  write: (writer, element) => writer.fixed(encodeElement(element)),
}

function readElement(reader: Reader): Element {
  const bytes = reader.fixed(ELEMENT_BYTES)
  try {
    // OpenSSL takes 33 octets in compressed form only, and no x that is not below the prime or of no point.
    return elementOf(ECDH.convertKey(bytes, CURVE, undefined, undefined, 'uncompressed'))
  } catch {
    return reader.fail('invalid-value')
  }
}

function elementOf(key: string | Buffer): Element {
  const bytes = Buffer.from(key)
  return {
    x: integerOf(bytes.subarray(1, ELEMENT_BYTES)),
    y: integerOf(bytes.subarray(ELEMENT_BYTES)),
  }
}

function uncompressed({ x, y }: Element): Buffer {
  return Buffer.concat([UNCOMPRESSED, octetsOf(x), octetsOf(y)])
}

function modField(value: bigint): bigint {
  const residue = value % FIELD
  return residue < 0n ? residue + FIELD : residue
}

export const ELEMENT_BYTES = 33
const CURVE = 'prime256v1'
const COMPRESSED_EVEN = 2
const COMPRESSED_ODD = 3
const UNCOMPRESSED = Buffer.of(4)
const { p: FIELD, a: A, b: B, Gx, Gy } = Point.CURVE()

/** The base point of P-256. draft-ietf-privacypass-arc-crypto-01 §3.1 */
export const generatorG: Element = { x: Gx, y: Gy }
