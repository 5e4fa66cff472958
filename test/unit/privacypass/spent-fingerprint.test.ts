import { expect, test } from 'vitest'
import { createFingerprint } from '../../../src/privacypass/spent-fingerprint.ts'

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const octets = (length: number) => Buffer.from(Array.from({ length }, (_, n) => n))
const hexOf = (words: Int32Array) => {
  const bytes = Buffer.alloc(16)
  for (const [index, word] of words.entries()) bytes.writeInt32LE(word, 4 * index)
  return bytes.toString('hex')
}

// The octets 0, 1, 2 … under the key 00 … 0f, as OpenSSL has it: `openssl mac -macopt size:16 SIPHASH`.
test.each([
  [0, 'a3817f04ba25a8e66df67214c7550293'],
  [8, '3b62a9ba6258f5610f83e264f31497b4'],
  [16, '6ee2a4ca67b054bbfd3315bf85230577'],
  [32, '7c3956ca5eeafc3e363e9d556546eb68'],
  [64, '1eaf077dc0d4cd3f8cad4d383658a74b'],
])('the fingerprint of %i octets is their SipHash-2-4 of 128 bits', (length, expected) => {
  const bytes = octets(length)
  expect(hexOf(createFingerprint(key)(bytes, Buffer.alloc(0)))).toBe(expected)
})

test('the key id and the spend key are hashed as one', () => {
  const bytes = octets(64)
  const fingerprint = createFingerprint(key)
  expect(hexOf(fingerprint(bytes.subarray(0, 32), bytes.subarray(32)))).toBe(
    '1eaf077dc0d4cd3f8cad4d383658a74b',
  )
})

test('under another key it is another one', () => {
  const bytes = octets(32)
  const keys = Array.from({ length: 128 }, (_, bit) => {
    const other = Buffer.from(key)
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return other
  })
  const all = [key, ...keys].map((other) => hexOf(createFingerprint(other)(bytes, bytes)))
  expect(new Set(all).size).toBe(129)
})

test('a key has 16 octets', () => {
  expect(() => createFingerprint(key.subarray(1))).toThrow(RangeError)
})
