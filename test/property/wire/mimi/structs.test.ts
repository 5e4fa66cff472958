import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { decodeStruct, structs, type StructName } from '../../../../src/wire/mimi/registry.ts'
import { toJson } from '../../../../src/wire/to-json.ts'
import { anyCodec } from '../../../support/any-codec.ts'
import { structValues } from '../../../support/arbitraries/structs.ts'

const names = Object.keys(structs) as StructName[]

/** Undefined for bytes that are refused with a code; any other error passes. */
function decodeOrRefuse(name: StructName, bytes: Buffer): unknown {
  try {
    return decodeStruct(name, bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function holdsBijection(name: StructName, bytes: Buffer): boolean {
  const value = decodeOrRefuse(name, bytes)
  return value === undefined || encode(anyCodec(structs[name]), value).equals(bytes)
}

test('every struct has values to test it with', () => {
  expect(Object.keys(structValues).toSorted()).toEqual(names.toSorted())
})

describe.each(names)('%s', (name) => {
  const codec = anyCodec(structs[name])
  const values: fc.Arbitrary<unknown> = structValues[name]

  test('comes back as it was', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(codec, value)
        const decoded = decode(codec, bytes)
        return isDeepStrictEqual(decoded, value) && encode(codec, decoded).equals(bytes)
      }),
    )
  })

  test('every proper prefix and every extension is refused', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, cut, octet) => {
        const bytes = encode(codec, value)
        const extended = Buffer.concat([bytes, Buffer.of(octet)])
        const isRefused = bytes.length === 0 || refusesCut(name, bytes, cut % bytes.length)
        return isRefused && decodeOrRefuse(name, extended) === undefined
      }),
    )
  })

  test('a mutant is refused with a code or comes back as it was', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, mask) => {
        const bytes = encode(codec, value)
        const index = bytes.length === 0 ? 0 : at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ mask
        return holdsBijection(name, bytes)
      }),
      { numRuns: 300 },
    )
  })

  test('arbitrary bytes are refused with a code or come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) =>
        holdsBijection(name, Buffer.from(array)),
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
})

function refusesCut(name: StructName, bytes: Buffer, length: number): boolean {
  return decodeOrRefuse(name, bytes.subarray(0, length)) === undefined
}
