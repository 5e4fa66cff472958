import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openIssuerKeys, type LiveKey } from '../../../src/issuer/issuer-keys.ts'
import { SigningThread } from '../../../src/issuer/signing-thread.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { voprfKeyKind } from '../../../src/privacypass/voprf/issuer-key.ts'
import {
  requestAmortizedTokens,
  requestVoprfToken,
} from '../../../src/privacypass/voprf/request-tokens.ts'
import { KeysInMemory } from '../../support/keys-in-memory.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'
import { rsaKeyKind } from '../../support/rsa-keys.ts'

async function liveKeys(): Promise<readonly [LiveKey, LiveKey]> {
  const kept = new KeysInMemory()
  const keys = await openIssuerKeys({
    issuer: 'a.example',
    kept,
    kinds: rsaKeyKind(),
    clock: () => 1_000,
  })
  const [one, two] = keys.live()
  if (one === undefined || two === undefined) throw new Error('no keys')
  return [one, two]
}

function open(): SigningThread {
  const thread = new SigningThread(() => 1_000)
  onTestFinished(() => thread[Symbol.asyncDispose]())
  return thread
}

function requests(count: number) {
  return Array.from({ length: count }, () => {
    const blindedMessage = randomBytes(256)
    blindedMessage[0] = 0x7f
    return { tokenType: 'blindRsa2048', truncatedTokenKeyId: 0, blindedMessage } as const
  })
}

test('the thread signs as the key itself does, each batch under its key', async () => {
  const thread = open()
  const keys = await liveKeys()
  const batches = keys.map((key) => ({ key, batch: requests(5) }))
  const answers = await Promise.all(batches.map(({ key, batch }) => thread.sign(key, batch)))
  expect(answers).toEqual(
    batches.map(({ key, batch }) => batch.map((request) => key.issuerKey.evaluate(request))),
  )
})

test('batches are signed in the order in which they came, and no more wait than are bounded', async () => {
  const thread = open()
  const [key] = await liveKeys()
  const order: number[] = []
  const signing = Array.from({ length: 257 }, async (_, at) => {
    await thread.sign(key, requests(1))
    order.push(at)
  })
  await expect(signing.at(-1)).rejects.toMatchObject({ code: 'queue-full' })
  await Promise.all(signing.slice(0, -1))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('a message that cannot be signed fails its own batch only', async () => {
  const thread = open()
  const [key] = await liveKeys()
  const [bad] = requests(1)
  bad?.blindedMessage.fill(0xff)
  const [failing, good] = [
    thread.sign(key, bad === undefined ? [] : [bad]),
    thread.sign(key, requests(2)),
  ]
  await expect(failing).rejects.toMatchObject({ code: 'key-unavailable' })
  expect(await good).toHaveLength(2)
})

test('where the thread ends, what waits is refused and the next batch starts another', async () => {
  const thread = open()
  const [key] = await liveKeys()
  const waiting = thread.sign(key, requests(64))
  waiting.catch(() => {})
  await thread[Symbol.asyncDispose]()
  await expect(waiting).rejects.toMatchObject({ code: 'key-unavailable' })
  expect(await thread.sign(key, requests(1))).toHaveLength(1)
})

test('of other types it makes what the client’s half takes, one by one or with one proof for all', async () => {
  const thread = open()
  const challenge = randomBytes(80)
  const tokens = Array.from({ length: 4 }, () => ({ challenge, nonce: randomBytes(32) }))
  const p384 = await liveVoprfKey('voprfP384')
  const single = requestVoprfToken({
    ...p384.asked,
    challenge,
    nonce: randomBytes(32),
  })
  const [response] = await thread.sign(p384.key, [single.request])
  expect(response && single.finalize(response)).toBeDefined()
  const ristretto = await liveVoprfKey('voprfRistretto255')
  const batch = requestAmortizedTokens({ ...ristretto.asked, tokens })
  const answer = await thread.signAmortized(ristretto.key, batch.request)
  expect(batch.finalize(answer)).toHaveLength(4)
})

test('over the share of its type a batch is refused with a time, and nothing else waits', async () => {
  const time = { nowMs: 1_000 }
  const thread = new SigningThread(() => time.nowMs)
  onTestFinished(() => thread[Symbol.asyncDispose]())
  const { key } = await liveVoprfKey('voprfP384')
  const element = key.issuerKey.tokenKey.publicKey
  const many = Array.from({ length: 8 }, () => {
    return { tokenType: 'voprfP384', truncatedTokenKeyId: 0, blindedMessage: element } as const
  })
  expect(await thread.sign(key, many)).toHaveLength(8)
  const refused: unknown = await thread.sign(key, many).catch((error: unknown) => error)
  if (!(refused instanceof GatewayError)) throw new Error('not refused')
  expect(refused).toMatchObject({ code: 'rate-limited', facts: { limit: 'tokenCpu' } })
  const [rsa] = await liveKeys()
  expect(await thread.sign(rsa, requests(1))).toHaveLength(1)
  time.nowMs += refused.retryAfterMs ?? 0
  expect(await thread.sign(key, many)).toHaveLength(8)
})

/** A live key of a type, and what its clients know. */
async function liveVoprfKey(tokenType: keyof typeof oprfGroups) {
  const group = oprfGroups[tokenType]
  const keys = await openIssuerKeys({
    issuer: 'a.example',
    kept: new KeysInMemory(),
    kinds: { [tokenType]: voprfKeyKind(group, randomBytes) },
    clock: () => 1_000,
  })
  const [key] = keys.live()
  if (key === undefined) throw new Error('no key')
  const { publicKey } = key.issuerKey.tokenKey
  return { key, asked: { group, publicKey, randomness: randomBytes } }
}
