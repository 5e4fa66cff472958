import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { mlsMessage, readHeader } from '../../../../src/wire/mls/header.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { messageSamples } from '../../../support/mls-vectors.ts'

const samples = messageSamples()

describe.skipIf(samples === undefined)('the official vectors for messages', () => {
  const legal = samples?.filter(({ name }) => name !== 'public_message_application') ?? []
  const messages = legal.filter(({ codec }) => codec === mlsMessageCodec)

  test('all 4,500 legal structs come back as the same bytes', () => {
    for (const { codec, bytes } of legal) expect(encode(codec, decode(codec, bytes))).toEqual(bytes)
    expect(legal).toHaveLength(4_500)
  })

  test('the 300 public application messages are refused', () => {
    const illegal = samples?.filter(({ name }) => name === 'public_message_application') ?? []
    expect(illegal).toHaveLength(300)
    for (const { codec, bytes } of illegal) {
      expect(() => decode(codec, bytes)).toThrow('public-application-message')
      expect(() => readHeader(bytes)).toThrow('public-application-message')
      expect(() => decode(mlsMessage, bytes)).toThrow('public-application-message')
    }
  })

  test('the header walk says of every message what the full decoder says', () => {
    for (const { bytes } of messages) {
      const header = readHeader(bytes)
      expect(decode(mlsMessage, bytes)).toEqual({ header, bytes })
      expect(header.kind).toBe(decode(mlsMessageCodec, bytes).kind)
    }
    expect(messages).toHaveLength(1_800)
  })
})
