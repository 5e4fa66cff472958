import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
  readPseudonymKey,
} from '../../../src/privacypass/pseudonym-key.ts'
import {
  readSenderProof,
  signSenderProof,
  verifySenderProof,
  writeSenderProof,
  type ProvenMessage,
} from '../../../src/privacypass/sender-proof.ts'

const message: ProvenMessage = {
  hub: parseProviderDomain('hub.example'),
  room: parseMimiUri('mimi://hub.example/r/clubhouse'),
  messageHash: createHash('sha256').update('an MLSMessage').digest(),
}
const position = { epochStart: 20_000 * 86_400, sequence: 7 }
const { privateKey, publicKey } = generatePseudonymKey()
const key = readKey(publicKey)
const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
const proof = signSenderProof({ privateKey, pseudonymId }, message, position)

function readKey(spki: Buffer) {
  const read = readPseudonymKey(spki)
  if (read === undefined) throw new Error('the key was refused')
  return read
}

test('a proof holds for its message', () => {
  expect(proof).toMatchObject({ ...position, pseudonymId, admission: undefined })
  expect(verifySenderProof(proof, key, message)).toBe(true)
})

test.each([
  ['hub', { ...message, hub: parseProviderDomain('other.example') }],
  ['room', { ...message, room: parseMimiUri('mimi://hub.example/r/other') }],
  ['message', { ...message, messageHash: Buffer.alloc(32) }],
])('a proof does not hold for another %s', (_, other) => {
  expect(verifySenderProof(proof, key, other)).toBe(false)
})

test('a proof does not hold at another place, under another key or with another signature', () => {
  const later = { ...proof, sequence: 8 }
  const nextEpoch = { ...proof, epochStart: position.epochStart + 86_400 }
  const altered = { ...proof, signature: Buffer.from(proof.signature) }
  altered.signature[0] = (altered.signature[0] ?? 0) ^ 1
  for (const wrong of [later, nextEpoch, altered])
    expect(verifySenderProof(wrong, key, message)).toBe(false)
  expect(verifySenderProof(proof, readKey(generatePseudonymKey().publicKey), message)).toBe(false)
})

test('a header is read as it was written, with and without what admits its sender', () => {
  const admission = { token: Buffer.alloc(354, 1), publicKey }
  const membership = { mlsEpoch: 2n ** 64n - 1n, signature: Buffer.alloc(64, 2) }
  const signer = { privateKey, pseudonymId, admission, membership }
  const admitting = signSenderProof(signer, message, position)
  expect(readSenderProof(writeSenderProof(proof))).toEqual(proof)
  expect(readSenderProof(writeSenderProof(admitting))).toEqual(admitting)
  expect(writeSenderProof(admitting).length).toBeLessThan(900)
})

const header = writeSenderProof(proof)
const octets = Buffer.from(header, 'base64url')
const withSignature = (length: number) =>
  Buffer.concat([
    octets.subarray(0, 28),
    Buffer.of(0x40, length),
    Buffer.alloc(length),
    Buffer.of(0, 0),
  ]).toString('base64url')

test.each([
  ['nothing', ''],
  ['an octet too many', Buffer.concat([octets, Buffer.of(0)]).toString('base64url')],
  ['padding', `${octets.subarray(1).toString('base64url')}=`],
  ['another alphabet', `+${header.slice(1)}`],
  ['a signature of 65 octets', withSignature(65)],
  ['a presence that is neither 0 nor 1', `${octets.subarray(0, -1).toString('base64url')}Ag`],
  [
    'a time from 2^53 on',
    Buffer.concat([Buffer.of(0, 32), octets.subarray(2)]).toString('base64url'),
  ],
  ['more than 2,048 characters', 'A'.repeat(2_049)],
])('a header with %s is malformed', (_, text) => {
  expect(() => readSenderProof(text)).toThrow(
    expect.objectContaining({ code: 'malformed-request' }),
  )
})

test('a header that is cut anywhere is malformed', () => {
  for (let length = 0; length < octets.length; length++)
    expect(() => readSenderProof(octets.subarray(0, length).toString('base64url'))).toThrow(
      expect.objectContaining({ code: 'malformed-request' }),
    )
})
