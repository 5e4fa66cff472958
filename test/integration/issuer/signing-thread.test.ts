import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openIssuerKeys, type LiveKey } from '../../../src/issuer/issuer-keys.ts'
import { SigningThread } from '../../../src/issuer/signing-thread.ts'
import { KeysInMemory } from '../../support/keys-in-memory.ts'
import { rsaKeys } from '../../support/rsa-keys.ts'

async function liveKeys(): Promise<readonly [LiveKey, LiveKey]> {
  const kept = new KeysInMemory()
  const keys = await openIssuerKeys({
    issuer: 'a.example',
    kept,
    generate: rsaKeys(),
    clock: () => 1_000,
  })
  const [one, two] = keys.live()
  if (one === undefined || two === undefined) throw new Error('no keys')
  return [one, two]
}

function open(): SigningThread {
  const thread = new SigningThread()
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
