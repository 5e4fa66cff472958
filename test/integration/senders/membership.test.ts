import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { publicKeyBytes } from '../../../src/mls-crypto/asymmetric-keys.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import type { RoomAuthKey } from '../../../src/model/room-auth-key.ts'
import {
  blindRsaIssuerKey,
  generateBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import { signMembership, type MembershipScope } from '../../../src/privacypass/membership-proof.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import type { IssuerKey } from '../../../src/privacypass/token-scheme.ts'
import type { UnnamedMessage } from '../../../src/senders/unnamed-senders.ts'
import { certifiedSender, type CertifiedSender } from '../../support/certified-sender.ts'
import { unnamedSendersOn } from '../../support/unnamed-senders.ts'

const hub = parseProviderDomain('a.example')
const issuer = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://a.example/r/club', 'room')
const noon = Date.UTC(2026, 10, 29, 12)
const scope = { hub, room, issuer, epochStart: epochStartSeconds(noon) }

let key: IssuerKey

beforeAll(async () => {
  key = blindRsaIssuerKey(await generateBlindRsaKey(), issuer)
})

/** What the members of a room have in one MLS epoch. */
function epochOf(mlsEpoch: bigint) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const known: RoomAuthKey = { mlsEpoch, publicKey: publicKeyBytes('ed25519', privateKey) }
  const prove = ({ pseudonymId }: CertifiedSender, other: Partial<MembershipScope> = {}) =>
    signMembership(privateKey, { hub, room, mlsEpoch, ...other }, pseudonymId)
  return { known, prove }
}

const takeAdmission = () => Promise.resolve()
const published = () => Promise.resolve([key.tokenKey])

async function open() {
  const start = await unnamedSendersOn({
    hub,
    keys: { live: published, renewed: published },
    clock: () => noon,
  })
  let senders = start()
  const say = (
    sender: CertifiedSender,
    roomAuthKeys: readonly RoomAuthKey[] | undefined,
    {
      membership,
      ...options
    }: Partial<UnnamedMessage> & Parameters<CertifiedSender['prove']>[1] = {},
  ) => {
    const messageHash = createHash('sha256').update(randomBytes(8)).digest()
    const proof = sender.prove(messageHash, membership === undefined ? {} : { membership })
    const from = { room, sender: sender.uri, provider: issuer, messageHash, proof }
    const terms = { once: false, pseudonymsMax: 9, roomAuthKeys, takeAdmission }
    return codeOf(senders.prove({ ...from, ...terms, ...options }))
  }
  const admit = (sender: CertifiedSender, roomAuthKeys: readonly RoomAuthKey[], proven: boolean) =>
    codeOf(
      senders.admit({
        room,
        provider: issuer,
        pseudonymsMax: 9,
        admission: sender.admission,
        membership: proven ? one.prove(sender) : undefined,
        roomAuthKeys,
        takeAdmission,
        takeVerification: () => Promise.resolve(),
      }),
    )
  return { say, admit, restart: () => void (senders = start()) }
}

/** `ok`, or the code of the refusal and the MLS epoch that it names. */
async function codeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return 'ok'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [error.code, ...Object.values(error.facts)].join(' ')
  }
}

const one = epochOf(1n)
const two = epochOf(2n)

test('who proves to be a member speaks, and need not prove it again in the epoch', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob, [one.known], { membership: one.prove(bob) })).toBe('ok')
  expect(await say(bob, [one.known])).toBe('ok')
})

test('a valid certificate alone is not enough, and is not spent by the refusal', async () => {
  const { say } = await open()
  const eve = certifiedSender(key, scope)
  expect(await say(eve, [one.known])).toBe('membership-unproven 1')
  expect(await say(eve, [one.known], { membership: one.prove(eve) })).toBe('ok')
})

test.each([
  ['of another member’s pseudonym', () => one.prove(certifiedSender(key, scope))],
  ['by the key of another epoch', (eve: CertifiedSender) => two.prove(eve, { mlsEpoch: 1n })],
  ['that names another epoch', (eve: CertifiedSender) => two.prove(eve)],
  [
    'of another room',
    (eve: CertifiedSender) =>
      one.prove(eve, { room: parseMimiUri('mimi://a.example/r/other', 'room') }),
  ],
  [
    'for another hub',
    (eve: CertifiedSender) => one.prove(eve, { hub: parseProviderDomain('x.example') }),
  ],
])('a proof %s proves nothing', async (_, prove) => {
  const { say } = await open()
  const eve = certifiedSender(key, scope)
  expect(await say(eve, [one.known], { membership: prove(eve) })).toBe('membership-unproven 1')
})

test('a new epoch asks everybody again, and says which it is', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob, [one.known], { membership: one.prove(bob) })).toBe('ok')
  expect(await say(bob, [two.known])).toBe('membership-unproven 2')
  expect(await say(bob, [two.known], { membership: one.prove(bob) })).toBe('membership-unproven 2')
  expect(await say(bob, [two.known], { membership: two.prove(bob) })).toBe('ok')
})

test('where the key of the epoch before counts, so does what it has proven', async () => {
  const { say } = await open()
  const [bob, carol] = [certifiedSender(key, scope), certifiedSender(key, scope)]
  const both = [two.known, one.known]
  expect(await say(bob, [one.known], { membership: one.prove(bob) })).toBe('ok')
  expect(await say(bob, both)).toBe('ok')
  expect(await say(carol, both, { membership: one.prove(carol) })).toBe('ok')
})

test('a pseudonym of one message proves it with each', async () => {
  const { say } = await open()
  const once = { once: true } as const
  const [bob, carol] = [certifiedSender(key, scope), certifiedSender(key, scope)]
  expect(await say(bob, [one.known], once)).toBe('membership-unproven 1')
  expect(await say(bob, [one.known], { ...once, membership: one.prove(bob) })).toBe('ok')
  expect(await say(carol, [one.known], once)).toBe('membership-unproven 1')
})

test('a certificate that is shown by itself is shown by a member', async () => {
  const { say, admit } = await open()
  const bob = certifiedSender(key, scope)
  expect(await admit(bob, [one.known], false)).toBe('membership-unproven 1')
  expect(await admit(bob, [one.known], true)).toBe('ok')
  expect(await say(bob, [one.known])).toBe('ok')
})

test('a hub that has forgotten who has proven it asks again', async () => {
  const { say, restart } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob, [one.known], { membership: one.prove(bob) })).toBe('ok')
  restart()
  expect(await say(bob, [one.known])).toBe('membership-unproven 1')
  expect(await say(bob, [one.known], { membership: one.prove(bob) })).toBe('ok')
})

test('where nothing needs to be proven nothing is, and where nothing can be nobody speaks', async () => {
  const { say } = await open()
  const bob = certifiedSender(key, scope)
  expect(await say(bob, undefined)).toBe('ok')
  expect(await say(bob, [], { membership: one.prove(bob) })).toBe('membership-unproven no-key')
})
