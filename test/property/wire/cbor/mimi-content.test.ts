import fc from 'fast-check'
import { test } from 'vitest'
import { decodeCbor, encodeCbor } from '../../../../src/wire/cbor/bounded-cbor.ts'
import type { ContentPart } from '../../../../src/wire/cbor/content-part.ts'
import {
  decodeMimiContent,
  encodeMimiContent,
  type MimiContent,
} from '../../../../src/wire/cbor/mimi-content.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import {
  bytes,
  exactBytes,
  optional,
  record,
  roomUri,
  tag,
  text,
  userUri,
} from '../../../support/arbitraries/base.ts'

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const head = { disposition: fc.integer({ min: 0, max: 255 }), language: text() }

const leaf: fc.Arbitrary<ContentPart> = fc.oneof(
  record({ ...head, cardinality: tag('null') }),
  record({ ...head, cardinality: tag('single'), contentType: text(), content: bytes(200) }),
  record({
    ...head,
    cardinality: tag('external'),
    contentType: text(),
    url: text(),
    expires: uint32,
    size: fc.maxSafeNat(),
    encAlg: fc.integer({ min: 0, max: 0xffff }),
    key: bytes(),
    nonce: bytes(),
    aad: bytes(),
    hashAlg: fc.integer({ min: 0, max: 255 }),
    contentHash: bytes(),
    description: text(),
    filename: text(),
  }),
)

function multi(part: fc.Arbitrary<ContentPart>): fc.Arbitrary<ContentPart> {
  return record<ContentPart & { cardinality: 'multi' }>({
    ...head,
    cardinality: tag('multi'),
    partSemantics: fc.constantFrom('chooseOne', 'singleUnit', 'processAll'),
    parts: fc.array(part, { minLength: 2, maxLength: 3 }),
  })
}

const body = fc.oneof(leaf, multi(leaf), multi(fc.oneof(leaf, multi(leaf))))

const content: fc.Arbitrary<MimiContent> = record<MimiContent>({
  salt: exactBytes(16),
  replaces: optional(exactBytes(32)),
  topicId: bytes(),
  expires: optional(record({ relative: fc.boolean(), time: uint32 })),
  inReplyTo: optional(exactBytes(32)),
  senderUri: optional(userUri),
  roomUri: optional(roomUri),
  extensions: fc
    .dictionary(text(), fc.oneof(text(), fc.integer(), fc.boolean()), { maxKeys: 3 })
    .map((entries) => new Map(Object.entries(entries))),
  body,
})

function isRefusedOrSame(mutant: Buffer): boolean {
  try {
    return encodeMimiContent(decodeMimiContent(mutant)).equals(mutant)
  } catch (error) {
    return error instanceof WireError
  }
}

test('content comes back as it was', () => {
  fc.assert(
    fc.property(content, (value) => {
      const encoded = encodeMimiContent(value)
      return encodeMimiContent(decodeMimiContent(encoded)).equals(encoded)
    }),
  )
})

test('a mutant is refused with a code or comes back as it was', () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, mask) => {
      const mutant = encodeMimiContent(value)
      const index = at % mutant.length
      mutant[index] = (mutant[index] ?? 0) ^ mask
      return isRefusedOrSame(mutant)
    }),
    { numRuns: 2_000 },
  )
})

test('arbitrary bytes are refused with a code or come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
      try {
        return encodeCbor(decodeCbor(array)).equals(array)
      } catch (error) {
        return error instanceof WireError
      }
    }),
    { numRuns: 3_000 },
  )
})
