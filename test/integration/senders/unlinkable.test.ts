import { createHash, generateKeyPairSync } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  blindRsaIssuerKey,
  generateBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { tokenRequestCodec } from '../../../src/privacypass/issuance.ts'
import { signMembership } from '../../../src/privacypass/membership-proof.ts'
import { readSenderProof, senderProofCodec } from '../../../src/privacypass/sender-proof.ts'
import { parseToken } from '../../../src/privacypass/token.ts'
import type { IssuerKey } from '../../../src/privacypass/token-scheme.ts'
import { certifiedSender } from '../../support/certified-sender.ts'

// The test plays a hub that wants to know which senders of two rooms are one, and an issuer that helps it.

const hub = parseProviderDomain('a.example')
const issuer = parseProviderDomain('b.example')
const room = (name: string) => parseMimiUri(`mimi://a.example/r/${name}`, 'room')
const epochStart = 20_600 * 86_400
const USERS = 12

let asked: { readonly user: number; readonly request: Buffer }[]
let seen: { readonly user: number; readonly octets: Buffer }[]

beforeAll(async () => {
  const key = blindRsaIssuerKey(await generateBlindRsaKey(), issuer)
  // What all members of a room have: the same MLS epoch in both.
  const members = new Map(['one', 'two'].map((name) => [name, generateKeyPairSync('ed25519')]))
  asked = []
  seen = []
  for (let user = 0; user < USERS; user++)
    for (const name of ['one', 'two']) {
      const watching: IssuerKey = {
        ...key,
        evaluate: (request) => {
          asked.push({ user, request: encode(tokenRequestCodec, request) })
          return key.evaluate(request)
        },
      }
      const scope = { hub, room: room(name), issuer, epochStart }
      const sender = certifiedSender(watching, scope)
      const messageHash = createHash('sha256').update(`${user} ${name}`).digest()
      const { privateKey } = members.get(name) ?? generateKeyPairSync('ed25519')
      const place = { hub, room: room(name), mlsEpoch: 7n }
      const membership = signMembership(privateKey, place, sender.pseudonymId)
      const proof = readSenderProof(sender.prove(messageHash, { membership }))
      seen.push({ user, octets: encode(senderProofCodec, proof) })
    }
})

/** All runs of 6 octets. */
function runsOf(octets: Buffer): Set<string> {
  const runs = new Set<string>()
  for (let at = 0; at + 6 <= octets.length; at++) runs.add(octets.toString('latin1', at, at + 6))
  return runs
}

function shared(one: Buffer, other: Buffer): string[] {
  const runs = runsOf(one)
  return [...runsOf(other)].filter((run) => runs.has(run)).toSorted()
}

/** What of a proof differs from sender to sender, and what does not. */
function partsOf(octets: Buffer) {
  const {
    epochStart: start,
    pseudonymId,
    sequence,
    signature,
    admission,
    membership,
  } = decode(senderProofCodec, octets)
  if (admission === undefined || membership === undefined) throw new Error('no certificate')
  const token = parseToken(admission.token)
  const own = [pseudonymId, signature, token.nonce, token.authenticator, membership.signature]
  return {
    own: Buffer.concat([...own, admission.publicKey.subarray(KEY_PREFIX_BYTES)]),
    common: [
      start,
      sequence,
      token.tokenType,
      token.tokenKeyId.toString('hex'),
      membership.mlsEpoch,
    ],
    room: token.challengeDigest.toString('hex'),
  }
}

test('what one user shows in two rooms has nothing in common but what all users show', () => {
  const parts = seen.map((each) => ({ ...each, ...partsOf(each.octets) }))
  for (const one of parts.filter((each) => each.room === partsOf(seen[0]?.octets ?? NONE).room))
    for (const two of parts) {
      if (one === two) continue
      expect(shared(one.own, two.own)).toEqual([])
      expect(one.common).toEqual(two.common)
    }
  // The challenge says which room it is, to everybody in the same words.
  expect(new Set(parts.map((each) => each.room)).size).toBe(2)
})

test('what an issuer was asked for has nothing in common with what a hub is shown', () => {
  expect(asked).toHaveLength(2 * USERS)
  for (const { request } of asked)
    for (const { octets } of seen) expect(shared(request, octets)).toEqual([])
})

test('within a room and epoch the hub does know a sender again: that is what it limits by', async () => {
  const key = blindRsaIssuerKey(await generateBlindRsaKey(), issuer)
  const sender = certifiedSender(key, { hub, room: room('one'), issuer, epochStart })
  const proofs = ['first', 'second'].map((text) =>
    readSenderProof(sender.prove(createHash('sha256').update(text).digest())),
  )
  expect(proofs[0]?.pseudonymId).toEqual(proofs[1]?.pseudonymId)
  expect(proofs[0]?.signature).not.toEqual(proofs[1]?.signature)
})

/** SubjectPublicKeyInfo up to the point. */
const KEY_PREFIX_BYTES = 27
const NONE = Buffer.alloc(0)
