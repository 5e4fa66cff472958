import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { createFrankingAgent } from '../../../src/franking/franking-agent.ts'
import { hubKeyPeriodMs } from '../../../src/franking/hub-keys.ts'
import { decode } from '../../../src/wire/codec.ts'
import { frankingAgentDataCodec } from '../../../src/wire/mimi/franking.ts'
import { acceptedMs, alice, ed25519Key, room, testAgent } from '../../support/franking.ts'

const message = {
  room,
  sender: alice,
  frankingTag: Buffer.alloc(32, 1),
  timestampMs: acceptedMs,
}
const signingKey = ed25519Key(Buffer.alloc(32, 1))
const master = createSecretKey(Buffer.alloc(32, 2))

test('the same message gets the same frank', () => {
  const agent = testAgent()
  expect(agent.stamp(message)).toEqual(agent.stamp(message))
})

test('the week of the accepted time selects the hub key', () => {
  const agent = testAgent()
  const { serverFrank } = agent.stamp(message)
  expect(agent.checkMac(message, serverFrank)).toBe(true)
  const nextWeek = { ...message, timestampMs: acceptedMs + hubKeyPeriodMs }
  expect(agent.checkMac(nextWeek, serverFrank)).toBe(false)
  for (let week = 0; week < 100; week++) {
    const then = { ...message, timestampMs: acceptedMs + week * hubKeyPeriodMs }
    expect(agent.checkMac(then, agent.stamp(then).serverFrank)).toBe(true)
  }
})

test('what former keys stamped still verifies after a rotation, and new franks use the new keys', () => {
  const options = { domain: 'hub.example', ciphersuite: 1 }
  const before = createFrankingAgent({ ...options, signingKey, master })
  const newKeys = {
    signingKey: ed25519Key(Buffer.alloc(32, 3)),
    master: createSecretKey(Buffer.alloc(32, 4)),
  }
  const after = createFrankingAgent({
    ...options,
    ...newKeys,
    formerSigningKeys: [signingKey],
    formerMasters: [master],
  })
  const old = before.stamp(message)
  expect(after.checkMac(message, old.serverFrank)).toBe(true)
  expect(after.checkSignature(message, old)).toBe(true)
  const fresh = after.stamp(message)
  expect(before.checkMac(message, fresh.serverFrank)).toBe(false)
  expect(before.checkSignature(message, fresh)).toBe(false)
})

test('the agent data names the hub and its key', () => {
  const agent = createFrankingAgent({ domain: 'hub.example', ciphersuite: 3, signingKey, master })
  const data = decode(frankingAgentDataCodec, agent.agentData())
  expect(data.credential).toEqual({ kind: 'basic', identity: Buffer.from('hub.example') })
  expect(data.frankingSignatureKey).toHaveLength(32)
})

test('a key of another algorithm than the suite is refused', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const options of [
    { ciphersuite: 1, signingKey: privateKey },
    { ciphersuite: 2, signingKey },
    { ciphersuite: 99, signingKey },
  ])
    expect(() => createFrankingAgent({ domain: 'hub.example', master, ...options })).toThrow(
      expect.objectContaining({ code: 'key-unavailable' }),
    )
})
