import { join } from 'node:path'
import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { createAccountHandles } from '../../../src/issuer/account-handles.ts'
import { createIssueTokens } from '../../../src/issuer/issue-tokens.ts'
import { openIssuerKeys } from '../../../src/issuer/issuer-keys.ts'
import { createPenalties, penaltyMigrations } from '../../../src/issuer/penalties.ts'
import { createQuotaStore, quotaMigrations } from '../../../src/issuer/quota-store.ts'
import { SigningThread } from '../../../src/issuer/signing-thread.ts'
import type { Standing, TokenClass } from '../../../src/issuer/token-class.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { KeysInMemory } from '../../support/keys-in-memory.ts'
import { rsaKeyKind } from '../../support/rsa-keys.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { someBatch } from '../../support/token-client.ts'

const DAY_MS = 86_400_000
const { signal } = new AbortController()

async function openIssuer(standing: Standing = 'normal') {
  const time = { nowMs: 20_600 * DAY_MS }
  const clock = () => time.nowMs
  const store = await openStore({
    path: join(tempDir(), 'store.sqlite'),
    migrations: [...quotaMigrations, ...penaltyMigrations],
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const kept = new KeysInMemory()
  const keys = await openIssuerKeys({ issuer: 'a.example', kept, kinds: rsaKeyKind(), clock })
  const accountsKey = { key: createSecretKey(randomBytes(32)), activeFromMs: 0 }
  const handles = createAccountHandles(() => [{ ...accountsKey, expiresAtMs: undefined }])
  const penalties = createPenalties(store)
  const thread = new SigningThread(clock)
  onTestFinished(() => thread[Symbol.asyncDispose]())
  const signing: { fault: GatewayError | undefined } = { fault: undefined }
  const issue = createIssueTokens({
    keys: () => keys.live(),
    attest: (account) => Promise.resolve({ account, standing }),
    handles,
    quotas: createQuotaStore(store),
    standingPenalty: penalties.standingPenalty,
    signer: {
      sign: async (...asked) => {
        if (signing.fault !== undefined) throw signing.fault
        return thread.sign(...asked)
      },
      signAmortized: (...asked) => thread.signAmortized(...asked),
    },
    clock,
  })
  const batch = (count: number, tokenClass: TokenClass = 'message') => {
    const key = keys.live().find((live) => live.tokenClass === tokenClass)
    return someBatch(key?.issuerKey.tokenKey.publicKey ?? Buffer.alloc(0), count)
  }
  const contentType = mediaTypes.genericBatchRequest
  const post = (bytes: Buffer) => issue({ contentType, authorization: 'alice', bytes, signal })
  const ask = (count: number, tokenClass?: TokenClass) => post(batch(count, tokenClass))
  const strike = (name: string, halvings?: number) =>
    penalties.record({
      handle: handles.current('alice', time.nowMs),
      strike: Buffer.from(name),
      atMs: time.nowMs,
      ...(halvings !== undefined && { halvings }),
    })
  return { ask, batch, post, strike, time, signing }
}

test('a strike leaves today as it is and halves what the account gets from tomorrow on', async () => {
  const { ask, strike, time } = await openIssuer()
  const askTimes = async (times: number) => {
    for (let count = 0; count < times; count++) await ask(8)
    await expect(ask(8)).rejects.toMatchObject({ code: 'quota-exhausted' })
  }
  await strike('one')
  await expect(ask(64)).rejects.toMatchObject({ code: 'token-batch-size', facts: { size: 8 } })
  await askTimes(8)
  time.nowMs += DAY_MS
  await askTimes(4)
  await ask(5, 'first-contact')
  time.nowMs += 30 * DAY_MS
  await askTimes(8)
})

test('who has more strikes than tokens gets none, and not less than none', async () => {
  const { ask, strike, time } = await openIssuer('new')
  for (const name of ['one', 'two']) await strike(name, 2)
  time.nowMs += DAY_MS
  await expect(ask(1)).rejects.toMatchObject({
    code: 'quota-exhausted',
    retryAfterMs: DAY_MS,
  })
})

test('a strike takes nothing back of what was granted', async () => {
  const { batch, post, strike, time } = await openIssuer()
  await strike('one')
  time.nowMs += DAY_MS
  const granted = batch(8)
  const { bytes } = await post(granted)
  await strike('two', 6)
  expect((await post(granted)).bytes).toEqual(bytes)
  // What it may have today was settled by the strikes of the days before.
  for (let count = 0; count < 3; count++) await post(batch(8))
  await expect(post(batch(8))).rejects.toMatchObject({ code: 'quota-exhausted' })
})

test.each(['rate-limited', 'queue-full', 'key-unavailable'] as const)(
  'what could not be signed for %s costs nothing, however often it is asked for',
  async (code) => {
    const { batch, post, signing } = await openIssuer()
    const asked = batch(8)
    signing.fault = new GatewayError(code)
    for (let times = 0; times < 40; times++) await expect(post(asked)).rejects.toBe(signing.fault)
    signing.fault = undefined
    const { bytes } = await post(asked)
    for (let times = 0; times < 32; times++) expect((await post(asked)).bytes).toEqual(bytes)
    await expect(post(asked)).rejects.toMatchObject({ code: 'quota-exhausted' })
  },
)
