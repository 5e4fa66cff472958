import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, type AnyCodec, type Codec } from '../../src/wire/codec.ts'
import { WireError } from '../../src/wire/errors.ts'
import { toJson } from '../../src/wire/to-json.ts'
import { anyCodec } from '../support/any-codec.ts'

/** The laws that every struct of a registry obeys, each with values of its own. */
export function describeStructs(
  structs: Readonly<Record<string, AnyCodec>>,
  valuesByName: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): void {
  test('every struct has values to test it with', () => {
    expect(Object.keys(valuesByName).toSorted()).toEqual(Object.keys(structs).toSorted())
  })

  describe.each(Object.entries(structs))('%s', (name, struct) => {
    describeStruct(anyCodec(struct), valuesByName[name] ?? fc.constant(undefined))
  })
}

function describeStruct(codec: Codec<unknown>, values: fc.Arbitrary<unknown>): void {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(codec, value)
        const decoded = decode(codec, bytes)
        return isDeepStrictEqual(decoded, value) && encode(codec, decoded).equals(bytes)
      }),
    )
  })

  test('reads a view into a larger buffer like octets of its own', () => {
    fc.assert(
      fc.property(values, fc.uint8Array({ maxLength: 40 }), (value, around) => {
        const bytes = encode(codec, value)
        const pool = Buffer.concat([around, bytes, around])
        const view = pool.subarray(around.length, around.length + bytes.length)
        return isDeepStrictEqual(decode(codec, view), decode(codec, new Uint8Array(bytes)))
      }),
    )
  })

  test('every proper prefix and every extension is refused', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, cut, octet) => {
        const bytes = encode(codec, value)
        const extended = Buffer.concat([bytes, Buffer.of(octet)])
        const isRefused = bytes.length === 0 || refusesCut(codec, bytes, cut % bytes.length)
        return isRefused && decodeOrRefuse(codec, extended) === undefined
      }),
    )
  })

  test('a mutant is refused with a code or comes back as it was', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, mask) => {
        const bytes = encode(codec, value)
        const index = bytes.length === 0 ? 0 : at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ mask
        return holdsBijection(codec, bytes)
      }),
      { numRuns: 300 },
    )
  })

  test('arbitrary bytes are refused with a code or come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) =>
        holdsBijection(codec, Buffer.from(array)),
      ),
      { numRuns: 300 },
    )
  })

  test('its JSON holds plain JSON values only', () => {
    fc.assert(
      fc.property(values, (value) => {
        const json = toJson(value, { reveal: true })
        return isDeepStrictEqual(JSON.parse(JSON.stringify(json)), json)
      }),
      { numRuns: 30 },
    )
  })
}

/** Undefined for bytes that are refused with a code; any other error passes. */
function decodeOrRefuse(codec: Codec<unknown>, bytes: Buffer): unknown {
  try {
    return decode(codec, bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function holdsBijection(codec: Codec<unknown>, bytes: Buffer): boolean {
  const value = decodeOrRefuse(codec, bytes)
  return value === undefined || encode(codec, value).equals(bytes)
}

function refusesCut(codec: Codec<unknown>, bytes: Buffer, length: number): boolean {
  return decodeOrRefuse(codec, bytes.subarray(0, length)) === undefined
}
