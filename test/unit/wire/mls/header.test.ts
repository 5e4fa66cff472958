import { expect, test } from 'vitest'
import { decode, encode, struct, uint8 } from '../../../../src/wire/codec.ts'
import { framedMessage, mlsMessage, readHeader } from '../../../../src/wire/mls/header.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { safeAadCodec } from '../../../../src/wire/mls/safe-aad.ts'

const groupId = Buffer.from('group')
const tag = Buffer.alloc(32, 7)

function applicationMessage(authenticatedData: Buffer): Buffer {
  const privateMessage = {
    groupId,
    epoch: 7n,
    contentType: 'application',
    authenticatedData,
    encryptedSenderData: Buffer.alloc(12),
    ciphertext: Buffer.alloc(100),
  } as const
  return encode(mlsMessageCodec, { kind: 'private', privateMessage })
}

const aad = (...aadItems: readonly { readonly componentId: number; readonly data: Buffer }[]) =>
  encode(safeAadCodec, { aadItems })

test('the frame of a private message carries the franking tag and all component ids', () => {
  const items = [
    { componentId: 0x0020, data: tag },
    { componentId: 0x8d10, data: Buffer.alloc(3) },
  ]
  const bytes = applicationMessage(aad(...items))
  expect(framedMessage(bytes)).toEqual({
    bytes,
    wireFormat: 'private',
    contentType: 'application',
    groupId,
    epoch: 7n,
    frankingTag: tag,
    aadComponents: [0x0020, 0x8d10],
    ciphertextBytes: 100,
  })
})

test('the franking tag alone is the 36 bytes of the draft', () => {
  expect(aad({ componentId: 0x0020, data: tag }).toString('hex')).toBe(
    `23002020${tag.toString('hex')}`,
  )
})

test.each([
  ['no authenticated data', Buffer.alloc(0)],
  ['text', Buffer.from('hello')],
  [
    'SafeAAD with a byte more',
    Buffer.concat([aad({ componentId: 0x0020, data: tag }), Buffer.alloc(1)]),
  ],
  [
    'SafeAAD with the tag twice',
    Buffer.from(`4046${`002020${tag.toString('hex')}`.repeat(2)}`, 'hex'),
  ],
])('%s carries no components and no tag', (_, authenticatedData) => {
  const frame = framedMessage(applicationMessage(authenticatedData))
  expect(frame.frankingTag).toBeUndefined()
  expect(frame.aadComponents).toEqual([])
})

test('a franking tag of another length than 32 octets is refused', () => {
  const bytes = applicationMessage(aad({ componentId: 0x0020, data: tag.subarray(1) }))
  expect(() => framedMessage(bytes)).toThrow('invalid-value')
})

test('a frame is a public or private message only', () => {
  const welcome = encode(mlsMessageCodec, {
    kind: 'welcome',
    welcome: { cipherSuite: 1, secrets: [], encryptedGroupInfo: Buffer.alloc(1) },
  })
  expect(() => framedMessage(welcome)).toThrow('unsupported-wire-format')
  expect(readHeader(welcome)).toEqual({ kind: 'welcome', cipherSuite: 1, keyPackageRefs: [] })
})

test('a message inside a struct is delimited and kept byte for byte', () => {
  const bytes = applicationMessage(Buffer.alloc(0))
  const around = struct({ before: uint8, message: mlsMessage, after: uint8 })
  const value = decode(around, Buffer.concat([Buffer.from([1]), bytes, Buffer.from([2])]))
  expect(value.message.bytes).toEqual(bytes)
  expect(value).toMatchObject({ before: 1, after: 2, message: { header: { kind: 'private' } } })
})
