import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { publicKeyBytes } from '../../../src/mls-crypto/asymmetric-keys.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  membershipProofBytes,
  membershipProofCodec,
  readMembershipProof,
  signMembership,
  verifyMembership,
  type MembershipScope,
} from '../../../src/privacypass/membership-proof.ts'
import { encode } from '../../../src/wire/codec.ts'

const scope: MembershipScope = {
  hub: parseProviderDomain('hub.example'),
  room: parseMimiUri('mimi://hub.example/r/clubhouse', 'room'),
  mlsEpoch: 7n,
}
const pseudonymId = randomBytes(16)
const { privateKey } = generateKeyPairSync('ed25519')
const roomAuthKey = publicKeyBytes('ed25519', privateKey)
const proof = signMembership(privateKey, scope, pseudonymId)

test('a proof holds for its pseudonym, in its room and epoch', () => {
  expect(verifyMembership(proof, roomAuthKey, { scope, pseudonymId })).toBe(true)
})

test('whoever of the members makes it, it is the same octets', () => {
  expect(signMembership(privateKey, scope, pseudonymId)).toEqual(proof)
})

test.each([
  ['hub', { hub: parseProviderDomain('other.example') }],
  ['room', { room: parseMimiUri('mimi://hub.example/r/other', 'room') }],
  ['epoch', { mlsEpoch: 8n }],
])('a proof does not hold in another %s', (_, other) => {
  const elsewhere = { ...scope, ...other }
  const claimed = { ...proof, mlsEpoch: elsewhere.mlsEpoch }
  for (const shown of [proof, claimed])
    expect(verifyMembership(shown, roomAuthKey, { scope: elsewhere, pseudonymId })).toBe(false)
})

test('a proof does not hold for another pseudonym, under another key or with another signature', () => {
  const altered = { ...proof, signature: Buffer.from(proof.signature) }
  altered.signature[0] = (altered.signature[0] ?? 0) ^ 1
  const otherKey = publicKeyBytes('ed25519', generateKeyPairSync('ed25519').privateKey)
  const claim = { scope, pseudonymId }
  const other = { scope, pseudonymId: randomBytes(16) }
  expect(verifyMembership(proof, roomAuthKey, other)).toBe(false)
  expect(verifyMembership(proof, otherKey, claim)).toBe(false)
  expect(verifyMembership(altered, roomAuthKey, claim)).toBe(false)
})

test('octets that are no key verify nothing', () => {
  for (const length of [0, 31, 33])
    expect(verifyMembership(proof, Buffer.alloc(length, 1), { scope, pseudonymId })).toBe(false)
  for (let count = 0; count < 100; count++)
    expect(verifyMembership(proof, randomBytes(32), { scope, pseudonymId })).toBe(false)
})

test('what is not just a proof is none', () => {
  const octets = encode(membershipProofCodec, proof)
  expect(octets).toHaveLength(membershipProofBytes)
  expect(readMembershipProof(octets)).toEqual(proof)
  for (let length = 0; length < octets.length; length++)
    expect(readMembershipProof(octets.subarray(0, length))).toBeUndefined()
  expect(readMembershipProof(Buffer.concat([octets, Buffer.of(0)]))).toBeUndefined()
})
