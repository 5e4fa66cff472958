import { p256 } from '@noble/curves/nist.js'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { generatorH, hashToGroup } from '../../../../src/privacypass/arc/hash-to-p256.ts'
import {
  combined,
  elementCodec,
  elementsOf,
  encodeElement,
  generatorG,
  multiply,
  multiplyGenerator,
  sumOf,
} from '../../../../src/privacypass/arc/p256-group.ts'
import { inverse, P256_ORDER, randomScalars } from '../../../../src/privacypass/arc/p256-scalar.ts'
import { decode } from '../../../../src/wire/codec.ts'
import { fromHex } from '../../../support/hex.ts'

const n = P256_ORDER
const randomScalar = randomScalars(randomBytes)
const random = Array.from({ length: 20 }, () => randomScalar())

/** noble multiplies on its own, so it is the second implementation. */
function byNoble(scalar: bigint, point: { readonly x: bigint; readonly y: bigint }) {
  const reduced = ((scalar % n) + n) % n
  return p256.Point.fromAffine(point).multiplyUnsafe(reduced)
}

test.each([1n, 2n, 3n, n - 3n, n - 2n, n - 1n, n + 1n, -1n, -2n, 2n * n + 5n, ...random])(
  'OpenSSL and noble agree on the product with %s',
  (scalar) => {
    const element = hashToGroup(randomBytes(16), 'test')
    for (const base of [element, generatorG, generatorH])
      expect(multiply(scalar, base).equals(byNoble(scalar, base))).toBe(true)
    expect(multiplyGenerator(scalar).equals(byNoble(scalar, generatorG))).toBe(true)
  },
)

test.each([0n, n, -n, 3n * n])('the product with %s is the identity', (scalar) => {
  expect(multiply(scalar, generatorH).is0()).toBe(true)
  expect(multiplyGenerator(scalar).is0()).toBe(true)
})

test('a sum of products that cancel is no element', () => {
  const products = [
    [5n, generatorH],
    [-5n, generatorH],
  ] as const
  expect(elementsOf([sumOf(products)])).toBeUndefined()
  expect(elementsOf([multiplyGenerator(1n), sumOf(products)])).toBeUndefined()
  expect(() => combined(...products)).toThrow(RangeError)
})

test('a scalar times its inverse is 1', () => {
  for (const scalar of [1n, 2n, n - 1n, ...random]) expect((scalar * inverse(scalar)) % n).toBe(1n)
})

test.each([
  ['an x that is not below the prime', `02${(p256.Point.Fp.ORDER + 5n).toString(16)}`],
  ['an x of no point', `02${'1'.padStart(64, '0')}`],
  ['the identity', '00'.repeat(33)],
  ['a hybrid form', `06${encodeElement(generatorG).toString('hex').slice(2)}`],
  ['an uncompressed point', p256.Point.BASE.toHex(false)],
])('%s is not an element', (_, hex) => {
  expect(() => decode(elementCodec, fromHex(hex))).toThrow('invalid-value')
})

test('the two forms of one x are a point and its opposite', () => {
  const bytes = encodeElement(generatorH)
  const opposite = Buffer.from(bytes)
  opposite[0] = (bytes[0] ?? 0) ^ 1
  const { x, y } = decode(elementCodec, opposite)
  expect([x, y]).toEqual([generatorH.x, p256.Point.Fp.ORDER - generatorH.y])
})
