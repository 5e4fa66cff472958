import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { epochPseudonymUri } from '../../../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { readChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { epochSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { certifiedSender } from '../../support/certified-sender.ts'
import { testIssuerKey } from '../../support/issuer-key.ts'
import {
  epochStart,
  hashOf,
  hub,
  issuer,
  key,
  noon,
  open,
  room,
  scope,
} from '../../support/unnamed-scene.ts'

const otherRoom = parseMimiUri('mimi://a.example/r/other', 'room')

test('a certificate comes once, then its proofs are enough', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob)).toBe('ok')
  const messageHash = hashOf('again')
  expect(await say(bob, { messageHash, proof: bob.prove(messageHash, { bare: true }) })).toBe('ok')
  expect(await say(bob, { messageHash })).toBe('ok')
})

test('without a certificate the sender is told what it needs, computable by everybody', async () => {
  const { senders, say } = await open()
  const bob = certifiedSender(key, scope)
  const bare = bob.prove(hashOf('hello'), { bare: true })
  expect(await say(bob, { proof: bare })).toBe('sender-token-required')
  expect(await say(bob, { proof: undefined })).toBe('sender-token-required')
  const { challenge = '', facts } = await senders.required({ room, issuer, once: false })
  const [offer, ...more] = readChallengeHeader(challenge)
  expect(more).toEqual([])
  expect(offer?.tokenKey).toEqual(key.tokenKey.publicKey)
  expect(offer?.maxAgeSeconds).toBe(epochSeconds / 2)
  expect(offer?.challenge).toMatchObject({ issuerName: issuer, originInfo: hub })
  expect(facts).toEqual({ tier: 'epoch-pseudonym' })
})

test('a proof is good for its message only', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  const proof = bob.prove(hashOf('hello'))
  expect(await say(bob, { proof, messageHash: hashOf('other words') })).toBe(
    'sender-proof-invalid signature',
  )
  expect(await say(bob, { proof })).toBe('ok')
})

test('a token that was seen on its way is of no use to whoever has not its key', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  const mallory = certifiedSender(key, scope)
  const proof = readSenderProof(mallory.prove(hashOf('hello')))
  const stolen = writeSenderProof({
    ...proof,
    pseudonymId: bob.pseudonymId,
    admission: { token: bob.admission.token, publicKey: mallory.admission.publicKey },
  })
  expect(await say(bob, { proof: stolen })).toBe('sender-proof-invalid pseudonym')
  const underOwnName = writeSenderProof({
    ...readSenderProof(stolen),
    pseudonymId: mallory.pseudonymId,
  })
  expect(await say(mallory, { proof: underOwnName })).toBe('token-invalid another-key-certified')
  expect(await say(mallory, { sender: bob.uri })).toBe('sender-proof-invalid pseudonym')
  expect(await say(bob)).toBe('ok')
})

test('with a certificate of its own nobody speaks under the pseudonym of somebody else', async () => {
  const { say } = await open()
  const [bob, mallory] = [certifiedSender(key, scope), certifiedSender(key, scope)]
  const proof = readSenderProof(mallory.prove(hashOf('hello')))
  const borrowed = writeSenderProof({ ...proof, pseudonymId: bob.pseudonymId })
  for (const once of [false, true])
    expect(await say(bob, { proof: borrowed, once })).toBe('sender-proof-invalid pseudonym')
})

test.each([
  ['another room', { room: otherRoom }],
  ['another issuer', { issuer: parseProviderDomain('c.example') }],
  ['another hub', { hub: parseProviderDomain('x.example') }],
] as const)('a token for %s is refused', async (_, other) => {
  const { say } = await open()
  const elsewhere = certifiedSender(key, { ...scope, ...other })
  // Its own key signs for this room: only the token is for elsewhere.
  const proof = elsewhere.prove(hashOf('hello'), { to: scope })
  const sender = epochPseudonymUri(issuer, elsewhere.pseudonymId)
  expect(await say(elsewhere, { proof, sender })).toBe('token-invalid wrong-challenge')
})

test('a token under a key that the issuer does not publish is refused', async () => {
  const { say } = await open()
  expect(await say(certifiedSender(testIssuerKey(issuer), scope))).toBe('token-invalid unknown-key')
})

test('a token that nobody signed is refused, and costs the real one nothing', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  const proof = readSenderProof(bob.prove(hashOf('hello')))
  const token = Buffer.from(bob.admission.token)
  token[token.length - 1] = (token.at(-1) ?? 0) ^ 1
  const forged = writeSenderProof({ ...proof, admission: { ...bob.admission, token } })
  expect(await say(bob, { proof: forged })).toBe('token-invalid invalid-authenticator')
  expect(await say(bob)).toBe('ok')
})

test('a token that is truncated, or has an octet behind it, is refused', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  const proof = readSenderProof(bob.prove(hashOf('hello')))
  const { token } = bob.admission
  const truncated = { ...bob.admission, token: token.subarray(0, -1) }
  expect(await say(bob, { proof: writeSenderProof({ ...proof, admission: truncated }) })).toBe(
    'token-invalid malformed-token',
  )
  const longer = { ...bob.admission, token: Buffer.concat([token, Buffer.alloc(1)]) }
  // More octets than a token has do not fit into the struct.
  expect(await say(bob, { proof: writeSenderProof({ ...proof, admission: longer }) })).toBe(
    'malformed-request',
  )
})

test('the epoch of yesterday and of tomorrow are refused but for ten minutes', async () => {
  const { say, time } = await open()
  const tomorrow = certifiedSender(key, { ...scope, epochStart: epochStart + epochSeconds })
  const today = certifiedSender(key, scope)
  expect(await say(tomorrow)).toBe('sender-token-required')
  time.nowMs = (epochStart + epochSeconds) * 1_000 - 599_000
  expect(await say(tomorrow)).toBe('ok')
  expect(await say(today)).toBe('ok')
  time.nowMs = (epochStart + epochSeconds) * 1_000 + 599_000
  expect(await say(today)).toBe('ok')
  time.nowMs += 2_000
  expect(await say(today)).toBe('sender-token-required')
  expect(await say(tomorrow)).toBe('ok')
})

test('a clock that was moved a day does not make an old certificate good', async () => {
  const { say, time } = await open()
  const today = certifiedSender(key, scope)
  expect(await say(today)).toBe('ok')
  time.nowMs = noon + 86_400_000
  expect(await say(today)).toBe('sender-token-required')
  time.nowMs = noon
  expect(await say(today)).toBe('ok')
})

test('a provider has so many pseudonyms in a room, also where they come at once', async () => {
  const { say } = await open({ pseudonymsMax: 4 })
  const many = Array.from({ length: 10 }, () => certifiedSender(key, scope))
  const outcomes = await Promise.all(many.map((sender) => say(sender)))
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(4)
  expect(outcomes.filter((outcome) => outcome === 'pseudonyms-exhausted')).toHaveLength(6)
  const refused = many[outcomes.indexOf('pseudonyms-exhausted')]
  const taken = many[outcomes.indexOf('ok')]
  if (refused === undefined || taken === undefined) throw new Error('nobody')
  // Whom the cap refused has not spent its token: it gets in when there is room.
  expect(await say(refused, { pseudonymsMax: 5 })).toBe('ok')
  expect(await say(taken)).toBe('ok')
})

test('one token for each message: a second message with the same token is a replay', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  const once = { once: true } as const
  expect(await say(bob, once)).toBe('ok')
  // The same message again: its answer got lost.
  expect(await say(bob, once)).toBe('ok')
  expect(await say(bob, { ...once, messageHash: hashOf('second') })).toBe('token-replayed')
  const carol = certifiedSender(key, scope)
  const second = carol.prove(hashOf('hello'), { sequence: 1 })
  expect(await say(carol, { ...once, proof: second })).toBe('sender-proof-invalid sequence')
})

test('a denied pseudonym is refused until its epoch ends, and others are not', async () => {
  const { senders, say } = await open()
  const [bob, carol] = [certifiedSender(key, scope), certifiedSender(key, scope)]
  expect(await say(bob)).toBe('ok')
  await senders.deny({ epochStart, room, pseudonym: bob.pseudonymId })
  expect(await say(bob)).toBe('pseudonym-denied')
  expect(await say(carol)).toBe('ok')
  await senders.allow({ epochStart, room, pseudonym: bob.pseudonymId })
  expect(await say(bob)).toBe('ok')
})

test('a pseudonym belongs to the provider that brought it', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob)).toBe('ok')
  const thief = parseProviderDomain('c.example')
  const uri = parseMimiUri(bob.uri.replace('b.example', 'c.example'), 'user')
  const proof = bob.prove(hashOf('hello'), { bare: true })
  expect(await say(bob, { provider: thief, sender: uri, proof })).toBe(
    'sender-proof-invalid pseudonym',
  )
})

test('one token takes one admission, however often it comes and for whatever message', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  let taken = 0
  const once = { once: true, takeAdmission: () => Promise.resolve(void (taken += 1)) } as const
  const atOnce = await Promise.all(Array.from({ length: 5 }, () => say(bob, once)))
  expect(atOnce).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
  for (const text of ['second', 'third'])
    expect(await say(bob, { ...once, messageHash: hashOf(text) })).toBe('token-replayed')
  expect(taken).toBe(1)
})

test('random headers are refused with a code', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  for (let length = 0; length < 200; length++) {
    const proof = randomBytes(length).toString('base64url')
    expect(await say(bob, { proof })).toMatch(/^(malformed-request|sender-)/)
  }
})
