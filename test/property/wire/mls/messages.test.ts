import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, type Codec } from '../../../../src/wire/codec.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { appDataDictionaryCodec } from '../../../../src/wire/mls/app-data.ts'
import { externalSendersCodec } from '../../../../src/wire/mls/external-sender.ts'
import { framedMessage, mlsMessage, readHeader } from '../../../../src/wire/mls/header.ts'
import { keyPackageCodec } from '../../../../src/wire/mls/key-package.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { proposalCodec } from '../../../../src/wire/mls/proposal.ts'
import { ratchetTreeCodec } from '../../../../src/wire/mls/ratchet-tree.ts'
import { safeAadCodec } from '../../../../src/wire/mls/safe-aad.ts'
import { welcomeCodec } from '../../../../src/wire/mls/welcome.ts'
import { anyCodec } from '../../../support/any-codec.ts'
import { messageSamples, type MessageSample } from '../../../support/mls-vectors.ts'

/** True where the bytes were accepted; then they come back as they were. */
function acceptsOnlyItself(codec: Codec<unknown>, bytes: Buffer): boolean {
  const value = orWireError(() => decode(codec, bytes))
  if (value === undefined) return false
  if (!encode(codec, value).equals(bytes)) throw new Error('accepted what it does not write back')
  return true
}

function orWireError<T>(attempt: () => T): T | undefined {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

const codecs = [
  mlsMessageCodec,
  mlsMessage,
  keyPackageCodec,
  proposalCodec,
  ratchetTreeCodec,
  welcomeCodec,
  safeAadCodec,
  appDataDictionaryCodec,
  externalSendersCodec,
].map(anyCodec)

test('arbitrary bytes are refused with a coded error or come back as they were', () => {
  const start = fc.constantFrom('', '00010001', '00010002', '00010003', '00010004', '00010005')
  const input = fc.tuple(start, fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(input, ([prefix, rest]) => {
      const bytes = Buffer.concat([Buffer.from(prefix, 'hex'), rest])
      for (const codec of codecs) acceptsOnlyItself(codec, bytes)
      orWireError(() => readHeader(bytes))
      orWireError(() => framedMessage(bytes))
    }),
    { numRuns: 3_000 },
  )
})

/** Each byte with one bit flipped, then with all of them. */
function* mutants(bytes: Buffer): Generator<Buffer> {
  for (const [at, byte] of bytes.entries())
    for (const change of [1 << (at % 8), 0xff]) {
      const mutant = Buffer.from(bytes)
      mutant[at] = byte ^ change
      yield mutant
    }
}

const samples = messageSamples()

describe.skipIf(samples === undefined)('mutants of the official vectors', () => {
  // The first ten cases hold each struct and each of the file's variants.
  const corpus = samples?.slice(0, 160) ?? []

  test('each byte changed: refused with a coded error or the same bytes again', () => {
    const accepted = corpus.flatMap(({ codec, bytes }) =>
      [...mutants(bytes)].filter((mutant) => acceptsOnlyItself(codec, mutant)),
    )
    expect(accepted.length).toBeGreaterThan(1_000)
  })

  test('every truncation is refused', () => {
    for (const { codec, bytes } of corpus.slice(0, 32))
      for (let end = 0; end < bytes.length; end++)
        expect(acceptsOnlyItself(codec, bytes.subarray(0, end))).toBe(false)
  })

  test('a byte more is refused', () => {
    for (const { codec, bytes } of corpus)
      expect(acceptsOnlyItself(codec, Buffer.concat([bytes, Buffer.alloc(1)]))).toBe(false)
  })

  test('pieces cut out, doubled or spliced from another struct: never another error', () => {
    const sample = fc.constantFrom(...(corpus as [MessageSample, ...MessageSample[]]))
    const place = fc.nat({ max: 4_000 })
    fc.assert(
      fc.property(sample, sample, fc.tuple(place, place, place, place), (one, other, places) => {
        const [from, to, otherFrom, otherTo] = places
        const mutant = Buffer.concat([
          one.bytes.subarray(0, from % one.bytes.length),
          other.bytes.subarray(otherFrom % other.bytes.length, otherTo % other.bytes.length),
          one.bytes.subarray(to % one.bytes.length),
        ])
        acceptsOnlyItself(one.codec, mutant)
        orWireError(() => readHeader(mutant))
        orWireError(() => framedMessage(mutant))
      }),
      { numRuns: 20_000 },
    )
  })
})
