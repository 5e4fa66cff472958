import { expect, test } from 'vitest'
import {
  modOrder,
  octetsOf,
  P256_ORDER,
  randomScalars,
  scalarCodec,
} from '../../../../src/privacypass/arc/p256-scalar.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'

const n = P256_ORDER

test.each([1n, 2n, n - 1n])('the scalar %s has one encoding', (scalar) => {
  const bytes = encode(scalarCodec, scalar)
  expect(bytes).toHaveLength(32)
  expect(decode(scalarCodec, bytes)).toBe(scalar)
})

test.each([0n, n, n + 1n, 2n ** 256n - 1n])('%s is not a scalar on the wire', (value) => {
  expect(() => decode(scalarCodec, octetsOf(value))).toThrow('invalid-value')
})

test.each([
  [-1n, n - 1n],
  [n, 0n],
  [-3n * n - 2n, n - 2n],
  [5n, 5n],
])('%s is %s modulo the order', (value, residue) => {
  expect(modOrder(value)).toBe(residue)
})

test('what is drawn is below the order and not 0: other samples are drawn again', () => {
  const samples = [n, 2n ** 256n - 1n, 0n, n - 1n, 1n]
  const randomScalar = randomScalars((bytes) => {
    expect(bytes).toBe(32)
    return octetsOf(samples.shift() ?? 0n)
  })
  expect([randomScalar(), randomScalar()]).toEqual([n - 1n, 1n])
  expect(randomScalar).toThrow(RangeError)
})
