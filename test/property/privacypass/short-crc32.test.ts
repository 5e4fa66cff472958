import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32Of } from '../../../src/privacypass/short-crc32.ts'

test('it is the checksum of zlib, of any range and from any value on', () => {
  const before = fc.nat(0xffffffff)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), before, (octets, cut, value) => {
      const bytes = Buffer.from(octets)
      const begin = Math.min(cut, bytes.length)
      const range = { begin, end: bytes.length }
      expect(crc32Of(bytes, range, value)).toBe(crc32(bytes.subarray(begin), value))
    }),
  )
})
