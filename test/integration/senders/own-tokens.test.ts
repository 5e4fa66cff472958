import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { readChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { epochSeconds, epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { readSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { createTokenSchemes } from '../../../src/privacypass/token-schemes.ts'
import { tokenTypeCodes } from '../../../src/privacypass/token-type.ts'
import type { UnnamedMessage } from '../../../src/senders/unnamed-senders.ts'
import { certifiedSender, type CertifiedSender } from '../../support/certified-sender.ts'
import { testIssuerKey, testVoprfKey } from '../../support/issuer-key.ts'
import { unnamedSendersOn } from '../../support/unnamed-senders.ts'

const hub = parseProviderDomain('a.example')
const peer = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://a.example/r/club', 'room')
const noon = Date.UTC(2026, 10, 29, 12)
const epochStart = epochStartSeconds(noon)
const scope = { hub, room, issuer: hub, epochStart }
const types = ['voprfP384', 'voprfRistretto255'] as const
const allTypes = ['blindRsa2048', ...types] as const
const publicKey = testIssuerKey(hub)
const keys = {
  voprfP384: testVoprfKey('voprfP384', hub),
  voprfRistretto255: testVoprfKey('voprfRistretto255', hub),
}
const live = [publicKey, ...Object.values(keys)].map(({ tokenKey }) => tokenKey)

const own = () => Promise.resolve(live)

/** The hub; each look at the CPU finds 30 ms more. */
async function open(enabledTypes: (typeof allTypes)[number][] = [...allTypes]) {
  const time = { nowMs: noon, cpuMs: 0 }
  const clock = () => time.nowMs
  const schemes = createTokenSchemes({ enabledTypes, clock, cpuMs: () => (time.cpuMs += 30) })
  const start = await unnamedSendersOn({ hub, keys: { live: own, renewed: own }, schemes, clock })
  const senders = start()
  const say = (sender: CertifiedSender, options: Partial<UnnamedMessage> = {}) => {
    const messageHash = options.messageHash ?? hashOf('hello')
    return outcomeOf(
      senders.prove({
        room,
        sender: sender.uri,
        provider: hub,
        messageHash,
        proof: sender.prove(messageHash, { to: scope }),
        once: false,
        roomAuthKeys: undefined,
        pseudonymsMax: 9,
        takeAdmission: () => Promise.resolve(),
        ...options,
      }),
    )
  }
  return { senders, say, time }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest()

/** `ok`, or the code and the fact that says why. */
async function outcomeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return 'ok'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [error.code, ...Object.values(error.facts), error.retryAfterMs ?? ''].join(' ').trim()
  }
}

describe.each(types)('a certificate of type %s', (type) => {
  const key = keys[type]

  test('of our own issuer admits a pseudonym, whose proofs are enough then', async () => {
    const { say } = await open()
    const anna = certifiedSender(key, scope)
    expect(await say(anna)).toBe('ok')
    const messageHash = hashOf('again')
    const proof = anna.prove(messageHash, { bare: true })
    expect(await say(anna, { messageHash, proof })).toBe('ok')
  })

  test('is taken of nobody who comes from another provider', async () => {
    const { say } = await open()
    const theirs = testVoprfKey(type, peer)
    for (const by of [theirs, key]) {
      const bob = certifiedSender(by, { ...scope, issuer: peer })
      expect(await say(bob, { provider: peer })).toBe('token-invalid wrong-type')
    }
  })

  test('is taken of nobody where the type is off', async () => {
    const { say } = await open(['blindRsa2048'])
    expect(await say(certifiedSender(key, scope))).toBe('token-invalid wrong-type')
  })

  test.each([
    ['another room', { room: parseMimiUri('mimi://a.example/r/other', 'room') }],
    ['another hub', { hub: peer }],
    ['another day', { epochStart: epochStart - epochSeconds }],
  ] as const)('for %s is refused', async (_, other) => {
    const { say } = await open()
    const elsewhere = certifiedSender(key, { ...scope, ...other })
    const outcome = await say(elsewhere)
    // The day stands in the proof itself.
    const isOtherDay = 'epochStart' in other
    expect(outcome).toBe(
      isOtherDay ? 'sender-token-required epoch-pseudonym' : 'token-invalid wrong-challenge',
    )
  })

  test('is of no use with another key, and none under a key that is not the issuer’s', async () => {
    const { say } = await open()
    const [anna, mallory] = [certifiedSender(key, scope), certifiedSender(key, scope)]
    const proof = readSenderProof(mallory.prove(hashOf('hello')))
    const stolen = { token: anna.admission.token, publicKey: mallory.admission.publicKey }
    const worn = writeSenderProof({ ...proof, admission: stolen })
    expect(await say(mallory, { proof: worn })).toBe('token-invalid another-key-certified')
    const forged = certifiedSender(testVoprfKey(type, hub), scope)
    expect(await say(forged)).toBe('token-invalid unknown-key')
    const token = Buffer.from(anna.admission.token)
    token[token.length - 1] = (token.at(-1) ?? 0) ^ 1
    const bent = readSenderProof(anna.prove(hashOf('hello')))
    const broken = writeSenderProof({ ...bent, admission: { ...anna.admission, token } })
    expect(await say(anna, { proof: broken })).toBe('token-invalid invalid-authenticator')
  })

  test('for one message is spent with it', async () => {
    const { say, time } = await open()
    const anna = certifiedSender(key, scope)
    expect(await say(anna, { once: true })).toBe('ok')
    time.nowMs += 3_000
    expect(await say(anna, { once: true, messageHash: hashOf('more') })).toBe('token-replayed')
    expect(await say(anna, { once: true })).toBe('ok')
  })
})

test('type 0x0001 is refused before any cryptography while its share of the CPU is used', async () => {
  const { say, time } = await open()
  const sayAs = (type: (typeof types)[number]) => say(certifiedSender(keys[type], scope))
  expect([await sayAs('voprfP384'), await sayAs('voprfP384')]).toEqual(['ok', 'ok'])
  const { cpuMs } = time
  // Two times 30 ms of 50: what is owed is paid back at a twentieth of the time that passes.
  expect(await sayAs('voprfP384')).toBe('rate-limited tokenCpu 201')
  expect(time.cpuMs).toBe(cpuMs)
  expect(await sayAs('voprfRistretto255')).toBe('ok')
  expect(await say(certifiedSender(publicKey, scope))).toBe('ok')
  time.nowMs += 201
  expect(await sayAs('voprfP384')).toBe('ok')
})

test('the challenge names each type that we take of our own users, type 0x0002 first', async () => {
  const { senders } = await open()
  const { challenge = '' } = await senders.required({ room, issuer: hub, once: false })
  const offers = readChallengeHeader(challenge)
  expect(offers.map((offer) => offer.challenge?.tokenType)).toEqual(allTypes)
  expect(offers.map(({ tokenKey }) => tokenKey)).toEqual(live.map((key) => key.publicKey))
  expect(offers.map((offer) => offer.challengeBytes.readUInt16BE(0))).toEqual(
    allTypes.map((type) => tokenTypeCodes[type]),
  )
})
