import { createCipheriv, hash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  openAttachment,
  type AttachmentProof,
} from '../../../src/reports/attachments/open-attachment.ts'
import { knownMediaTypes, mediaTypeOf } from '../../../src/reports/attachments/media-type.ts'
import { picture, sealAttachment } from '../../support/attachments.ts'

const { octets, part, swapped } = sealAttachment(picture, 'https://assets.example/1')
const opened = {
  kind: 'opened',
  bytes: picture.length,
  sha256: hash('sha256', picture),
  mediaType: 'image/png',
  content: undefined,
}

function open(of: Buffer, change: Partial<AttachmentProof> = {}, withContent = false) {
  return openAttachment({ octets: of, part: { ...part, ...change }, withContent })
}

test('an attachment is described without its content, and comes open only where that is asked for', () => {
  expect(open(octets)).toEqual(opened)
  expect(open(octets, {}, true)).toEqual({ ...opened, content: picture })
})

test.each([
  [1, 'sha256'],
  [7, 'sha384'],
  [8, 'sha512'],
  [10, 'sha3-256'],
  [11, 'sha3-384'],
  [12, 'sha3-512'],
])('hash %i is %s, over what the host keeps', (hashAlg, name) => {
  const contentHash = hash(name, octets, 'buffer')
  expect(open(octets, { hashAlg, contentHash })).toEqual(opened)
  const ofContent = hash(name, picture, 'buffer')
  expect(open(octets, { hashAlg, contentHash: ofContent })).toEqual({ kind: 'changed' })
})

test.each([
  ['none', { contentHash: Buffer.alloc(0) }],
  ['one that is cut short', { hashAlg: 6, contentHash: part.contentHash.subarray(0, 4) }],
  ['the beginning of one', { contentHash: part.contentHash.subarray(0, 16) }],
  ['one of an unknown function', { hashAlg: 99 }],
])('nothing opens by a hash that is %s', (_, change) => {
  expect(open(octets, change)).toEqual({ kind: 'changed' })
})

test('what opens under the same key is another attachment all the same', () => {
  const other = swapped(Buffer.from('something else'))
  expect(open(other)).toEqual({ kind: 'changed' })
  const contentHash = hash('sha256', other, 'buffer')
  expect(open(other, { contentHash })).toMatchObject({ kind: 'opened', mediaType: undefined })
})

test.each([
  [1, 'aes-128-gcm', 16],
  [2, 'aes-256-gcm', 32],
  [29, 'chacha20-poly1305', 32],
] as const)('algorithm %i is %s', (encAlg, name, keyBytes) => {
  const [key, nonce] = [randomBytes(keyBytes), randomBytes(12)]
  const options = { authTagLength: 16 }
  const cipher =
    name === 'chacha20-poly1305'
      ? createCipheriv(name, key, nonce, options)
      : createCipheriv(name, key, nonce, options)
  cipher.setAAD(part.aad, { plaintextLength: picture.length })
  const sealed = Buffer.concat([cipher.update(picture), cipher.final(), cipher.getAuthTag()])
  const contentHash = hash('sha256', sealed, 'buffer')
  expect(open(sealed, { encAlg, key, nonce, contentHash })).toEqual(opened)
})

test('what is not private lies as it is', () => {
  const none = Buffer.alloc(0)
  const contentHash = hash('sha256', picture, 'buffer')
  const change = { encAlg: 0, key: none, nonce: none, aad: none, contentHash }
  expect(open(picture, change)).toEqual(opened)
})

test.each([
  ['another key', { key: randomBytes(16) }],
  ['a key of another length', { key: randomBytes(15) }],
  ['no key', { key: Buffer.alloc(0) }],
  ['another nonce', { nonce: randomBytes(12) }],
  ['a nonce of another length', { nonce: randomBytes(16) }],
  ['other additional data', { aad: Buffer.from('another room') }],
  ['an algorithm that is not known', { encAlg: 3 }],
])('with %s it does not open', (_, change) => {
  expect(open(octets, change)).toEqual({ kind: 'unreadable' })
})

test('what is shorter than a tag does not open', () => {
  const short = octets.subarray(0, 15)
  const contentHash = hash('sha256', short, 'buffer')
  expect(open(short, { contentHash })).toEqual({ kind: 'unreadable' })
})

test('a media type is known by the first octets, or not at all', () => {
  const beginnings = [
    '89504e470d0a1a0a',
    'ffd8ffe000104a46',
    '474946383961',
    '524946460000000057454250',
    '0000001c6674797061766966',
    '0000001c6674797068656963',
    '0000001c6674797069736f6d',
    '1a45dfa3',
    '4f676753',
    '255044462d312e37',
    '504b0304',
  ]
  const found = beginnings.map((hex) => mediaTypeOf(Buffer.from(hex, 'hex')))
  expect(found).toEqual(knownMediaTypes)
  for (const octetsOfNone of ['', '<svg', 'PK', 'plain words'])
    expect(mediaTypeOf(Buffer.from(octetsOfNone))).toBeUndefined()
})
