import { describe, expect, test } from 'vitest'
import {
  decode,
  encode,
  enumeration,
  fixed,
  nothing,
  opaque,
  optional,
  select,
  spanned,
  struct,
  text,
  uint16,
  uint32,
  uint64,
  uint8,
  vector,
} from '../../../src/wire/codec.ts'
import { WireError } from '../../../src/wire/errors.ts'
import { Reader } from '../../../src/wire/reader.ts'
import { Writer } from '../../../src/wire/writer.ts'
import { anyCodec } from '../../support/any-codec.ts'
import { fromHex } from '../../support/hex.ts'

const pair = struct({ a: uint8, b: opaque(4) })
const colour = enumeration({ red: 1, green: 2 }, uint16)
const shape = select(enumeration({ circle: 1, empty: 2 }), {
  circle: struct({ radius: uint32 }),
  empty: nothing,
})

test.each([
  ['uint8', uint8, 255, 'ff'],
  ['uint16', uint16, 0xbeef, 'beef'],
  ['uint32', uint32, 0xdead_beef, 'deadbeef'],
  ['uint64', uint64, 0xffff_ffff_ffff_fffen, 'fffffffffffffffe'],
  ['opaque x[n]', fixed(2), Buffer.from('ab'), '6162'],
  ['opaque x<V>', opaque(9), Buffer.from('ab'), '02 6162'],
  ['text', text(9), 'ä', '02 c3a4'],
  ['a vector', vector(uint16, { countMax: 3 }), [1, 2], '04 0001 0002'],
  ['an absent value', optional(uint8), undefined, '00'],
  ['a present value', optional(uint8), 7, '01 07'],
  ['a struct', pair, { a: 1, b: Buffer.from('z') }, '01 01 7a'],
  ['an enumeration', colour, 'green', '0002'],
  ['a select', shape, { kind: 'circle', radius: 3 }, '01 00000003'],
  ['an empty case', shape, { kind: 'empty' }, '02'],
  ['a span', spanned(uint8), { value: 5, bytes: Buffer.from([5]) }, '05'],
] as const)('%s is written and read', (...[, codec, value, hex]) => {
  expect(encode(anyCodec(codec), value)).toEqual(fromHex(hex))
  expect(decode(anyCodec(codec), fromHex(hex))).toEqual(value)
})

test.each([
  ['truncated', uint8, ''],
  ['truncated', uint64, '00000000000000'],
  ['truncated', opaque(9), '0261'],
  ['truncated', vector(uint16, { countMax: 3 }), '03 0001 00'],
  ['trailing-bytes', uint8, '0000'],
  ['limit-exceeded', opaque(1), '026161'],
  ['limit-exceeded', vector(uint8, { countMax: 1 }), '02 0000'],
  ['limit-exceeded', vector(uint8, { countMax: 9, bytesMax: 1 }), '02 0000'],
  ['invalid-presence', optional(uint8), '0200'],
  ['invalid-utf8', text(9), '01 ff'],
  ['invalid-utf8', text(9), '02 c3 28'],
  ['invalid-utf8', text(9), '03 eda080'],
  ['invalid-value', colour, '0003'],
  ['non-minimal-varint', opaque(99), '4001 00'],
  ['varint-too-long', opaque(99), 'c0'],
] as const)('%s', (...[code, codec, hex]) => {
  expect(() => decode(anyCodec(codec), fromHex(hex))).toThrow(expect.objectContaining({ code }))
})

describe('an error', () => {
  test('says where, and nothing of the input', () => {
    const error = new WireError('truncated', 3)
    expect(error).toMatchObject({ code: 'truncated', at: 3, message: 'truncated at byte 3' })
  })
})

describe('lengths', () => {
  test.each([0, 63, 64, 16_383, 16_384, 100_000])(
    'of %i bytes are as short as they can be',
    (bytes) => {
      const value = Buffer.alloc(bytes, 1)
      const encoded = encode(opaque(bytes), value)
      expect(encoded.length - bytes).toBe(bytes < 64 ? 1 : bytes < 16_384 ? 2 : 4)
      expect(decode(opaque(bytes), encoded)).toEqual(value)
      const writer = new Writer(1)
      writer.vector(() => writer.fixed(value))
      expect(writer.take()).toEqual(encoded)
    },
  )

  test('above 2^30 - 1 are not written', () => {
    const huge = { length: 2 ** 30 } as Uint8Array
    expect(() => new Writer().opaque(huge)).toThrow(RangeError)
  })
})

test('values are views of the input, of any kind of Uint8Array', () => {
  const bytes = new Uint8Array([9, 2, 97, 98]).subarray(1)
  const value = decode(opaque(9), bytes)
  bytes[1] = 99
  expect(value.toString()).toBe('cb')
  expect(new Reader(bytes).since(0)).toHaveLength(0)
})

test('a fixed field of another length is not written', () => {
  expect(() => encode(fixed(2), Buffer.alloc(3))).toThrow(RangeError)
})
