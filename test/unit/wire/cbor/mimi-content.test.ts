import { encode } from 'cborg'
import { describe, expect, test } from 'vitest'
import { decodeCbor, nestingDepthMax } from '../../../../src/wire/cbor/bounded-cbor.ts'
import {
  decodeMimiContent,
  encodeMimiContent,
  readFrankedFields,
} from '../../../../src/wire/cbor/mimi-content.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { fromHex } from '../../../support/hex.ts'

function codeOf(attempt: () => unknown): string {
  try {
    attempt()
    return 'accepted'
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
}

const salt = Buffer.alloc(16, 7)
const text = [1, '', 1, 'text/plain', Buffer.from('hi')]
const uris = new Map<unknown, unknown>([
  [1, 'mimi://a.example/u/alice'],
  [2, 'mimi://a.example/r/room'],
])

function content(body: unknown = text, extensions: unknown = uris): Buffer {
  return Buffer.from(encode([salt, null, Buffer.alloc(0), null, null, extensions, body]))
}

function nested(depth: number): unknown {
  return depth === 1 ? text : [1, '', 3, 0, [nested(depth - 1), text]]
}

test('sender and room stand beside the other extensions', () => {
  const extensions = new Map([...uris, ['x', 'y']])
  const decoded = decodeMimiContent(content(text, extensions))
  expect(decoded.senderUri).toBe('mimi://a.example/u/alice')
  expect(decoded.roomUri).toBe('mimi://a.example/r/room')
  expect([...decoded.extensions]).toEqual([['x', 'y']])
  expect(encodeMimiContent(decoded)).toEqual(content(text, extensions))
})

function multipart(count: number): unknown {
  return [1, '', 3, 0, Array.from({ length: count }, () => text)]
}

describe('bounds', () => {
  test('parts nest four deep and no deeper', () => {
    expect(codeOf(() => decodeMimiContent(content(nested(4))))).toBe('accepted')
    expect(codeOf(() => decodeMimiContent(content(nested(5))))).toBe('limit-exceeded')
  })

  test('a message has at most 1,024 parts', () => {
    expect(codeOf(() => decodeMimiContent(content(multipart(1_023))))).toBe('accepted')
    expect(codeOf(() => decodeMimiContent(content(multipart(1_024))))).toBe('limit-exceeded')
  })

  test('deep nesting is refused before the decoder recurses', () => {
    const bytes = Buffer.concat([Buffer.alloc(100_000, 0x81), Buffer.of(0)])
    expect(codeOf(() => decodeCbor(bytes))).toBe('limit-exceeded')
    const deepest = Buffer.concat([Buffer.alloc(nestingDepthMax, 0x81), Buffer.of(0)])
    expect(codeOf(() => decodeCbor(deepest))).toBe('accepted')
  })

  test('a count or length beyond the bytes that are there is refused', () => {
    expect(codeOf(() => decodeCbor(fromHex('9b 7fffffffffffffff')))).toBe('truncated')
    expect(codeOf(() => decodeCbor(fromHex('5a ffffffff 00')))).toBe('truncated')
  })
})

const notDeterministic: readonly (readonly [string, string])[] = [
  ['an indefinite array', '9f ff'],
  ['a tag', 'd8 20 61 61'],
  ['a number that is not in its shortest form', '18 01'],
  ['a float that has a shorter form', 'fb 3ff0000000000000'],
  ['undefined', 'f7'],
  ['map keys out of order', 'a2 02 00 01 00'],
  ['a map key twice', 'a2 01 00 01 00'],
  ['text that is no UTF-8', '61 ff'],
  ['two documents', '00 00'],
  ['nothing', ''],
]

test.each(notDeterministic)('%s is refused', (_, hex) => {
  expect(codeOf(() => decodeCbor(fromHex(hex)))).not.toBe('accepted')
})

const malformed: readonly (readonly [string, unknown])[] = [
  ['a short salt', [Buffer.alloc(15), null, Buffer.alloc(0), null, null, uris, text]],
  ['six elements', [salt, null, Buffer.alloc(0), null, null, uris]],
  ['eight elements', [salt, null, Buffer.alloc(0), null, null, uris, text, 0]],
  ['a message id of 31 octets', [salt, Buffer.alloc(31), Buffer.alloc(0), null, null, uris, text]],
  ['a sender that is no text', [salt, null, Buffer.alloc(0), null, null, new Map([[1, 2]]), text]],
  [
    'a multipart of one part',
    [salt, null, Buffer.alloc(0), null, null, uris, [1, '', 3, 0, [text]]],
  ],
  ['no array', 'text'],
]

test.each(malformed)('%s is refused', (_, value) => {
  expect(codeOf(() => decodeMimiContent(encode(value)))).toBe('invalid-cbor')
})

test('the franked fields of a body that is not ours can still be read', () => {
  const unknownBody = ['whatever', { shape: [1, 2, 3] }]
  const bytes = content(unknownBody)
  expect(codeOf(() => decodeMimiContent(bytes))).toBe('invalid-cbor')
  expect(readFrankedFields(bytes)).toEqual({
    salt,
    senderUri: 'mimi://a.example/u/alice',
    roomUri: 'mimi://a.example/r/room',
  })
})

test('a map with several arrays or maps as its keys is refused', () => {
  for (const octets of ['a2 80 00 81 00 00', 'a2 a0 00 a1 00 00 00'])
    expect(codeOf(() => decodeCbor(fromHex(octets)))).toBe('invalid-cbor')
})
