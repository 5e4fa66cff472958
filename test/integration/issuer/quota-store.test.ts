import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPenalties, penaltyMigrations } from '../../../src/issuer/penalties.ts'
import { createQuotaStore, quotaMigrations, type Batch } from '../../../src/issuer/quota-store.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY_MS = 86_400_000
const DAY = 20_600

async function open(path = join(tempDir(), 'store.sqlite')) {
  const store = await openStore({ path, migrations: [...quotaMigrations, ...penaltyMigrations] })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return { path, store, quotas: createQuotaStore(store), penalties: createPenalties(store) }
}

function batch(changes: Partial<Batch> = {}): Batch {
  return {
    day: DAY,
    handle: Buffer.alloc(16, 1),
    tokenClass: 'message',
    keyId: Buffer.alloc(32, 2),
    digest: Buffer.alloc(32, 3),
    ...changes,
  }
}

test('one batch is the first, the same one is a repeat, another one finds it taken', async () => {
  const { quotas } = await open()
  const other = batch({ digest: Buffer.alloc(32, 4) })
  expect(await quotas.claim(batch(), 1)).toBe('first')
  expect(await quotas.claim(batch(), 1)).toBe('repeat')
  expect(await quotas.claim(other, 1)).toBe('taken')
})

test.each([
  ['day', { day: DAY + 1 }],
  ['account', { handle: Buffer.alloc(16, 9) }],
  ['class', { tokenClass: 'first-contact' }],
  ['key', { keyId: Buffer.alloc(32, 9) }],
] as const)('another %s has a batch of its own', async (_, changes) => {
  const { quotas } = await open()
  await quotas.claim(batch(), 1)
  expect(await quotas.claim(batch({ ...changes, digest: Buffer.alloc(32, 4) }), 1)).toBe('first')
})

test('of a thousand that race one wins, and the others see which', async () => {
  const { quotas } = await open()
  const digests = Array.from({ length: 20 }, () => randomBytes(32))
  const claims = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) =>
      quotas.claim(batch({ digest: digests[at % 20] ?? randomBytes(32) }), 1),
    ),
  )
  expect(claims.filter((claim) => claim === 'first')).toHaveLength(1)
  expect(claims.filter((claim) => claim === 'taken')).toHaveLength(950)
  expect(claims.filter((claim) => claim === 'repeat')).toHaveLength(32)
  expect(claims.filter((claim) => claim === 'too-many-repeats')).toHaveLength(17)
})

test('an account has as many batches as it may, and of many that race no more', async () => {
  const { quotas } = await open()
  const claims = await Promise.all(
    Array.from({ length: 100 }, () => quotas.claim(batch({ digest: randomBytes(32) }), 8)),
  )
  expect(claims.filter((claim) => claim === 'first')).toHaveLength(8)
  expect(claims.filter((claim) => claim === 'taken')).toHaveLength(92)
})

test('what nobody answered is given back, as often as it was claimed, and the batch stays', async () => {
  const { quotas } = await open()
  const other = batch({ digest: Buffer.alloc(32, 4) })
  expect(await quotas.claim(batch(), 1)).toBe('first')
  await quotas.giveBack(batch())
  await quotas.giveBack(batch())
  await quotas.giveBack(other)
  expect(await quotas.claim(other, 1)).toBe('taken')
  const claims: string[] = []
  for (let asked = 0; asked < 34; asked++) claims.push(await quotas.claim(batch(), 1))
  expect(claims.filter((claim) => claim === 'repeat')).toHaveLength(33)
  expect(claims.at(-1)).toBe('too-many-repeats')
})

test('what was claimed outlives the process, until it is deleted', async () => {
  const { path, store, quotas } = await open()
  await quotas.claim(batch(), 1)
  await quotas.claim(batch({ day: DAY - 8 }), 1)
  await store[Symbol.asyncDispose]()
  const again = await open(path)
  expect(again.quotas.has(batch())).toBe(true)
  expect(await again.quotas.deleteBefore(DAY)).toBe(1)
  expect(again.quotas.has(batch({ day: DAY - 8 }))).toBe(false)
  expect(again.quotas.has(batch())).toBe(true)
})

test('deleting goes on until all old rows are gone', async () => {
  const { quotas } = await open()
  await Promise.all(
    Array.from({ length: 2_500 }, () => quotas.claim(batch({ handle: randomBytes(16) }), 1)),
  )
  expect(await quotas.deleteBefore(DAY + 1)).toBe(2_500)
})

test('a strike halves from the next day on, for 30 days, and the same one counts once', async () => {
  const { penalties } = await open()
  const handle = Buffer.alloc(16, 1)
  const strike = { handle, strike: Buffer.from('s1'), atMs: DAY * DAY_MS + 1 }
  expect(await penalties.record(strike)).toBe(true)
  expect(await penalties.record(strike)).toBe(false)
  const factors = [DAY, DAY + 1, DAY + 30, DAY + 31].map((day) =>
    penalties.standingPenalty(handle, day),
  )
  expect(factors).toEqual([1, 0.5, 0.5, 1])
  expect(penalties.standingPenalty(Buffer.alloc(16, 2), DAY + 1)).toBe(1)
})

test('strikes add up, each with its weight, and never to more than nothing', async () => {
  const { penalties } = await open()
  const handle = Buffer.alloc(16, 1)
  const atMs = DAY * DAY_MS
  await penalties.record({ handle, strike: Buffer.from('light'), atMs })
  await penalties.record({ handle, strike: Buffer.from('heavy'), atMs, halvings: 3 })
  expect(penalties.standingPenalty(handle, DAY + 1)).toBe(1 / 16)
  for (let count = 0; count < 40; count++)
    await penalties.record({ handle, strike: Buffer.from([count]), atMs, halvings: 1_000 })
  const factor = penalties.standingPenalty(handle, DAY + 1)
  expect(factor).toBeGreaterThanOrEqual(0)
  expect(Math.floor(64 * factor)).toBe(0)
})

test('strikes that no longer hold are deleted', async () => {
  const { penalties, store } = await open()
  const handle = Buffer.alloc(16, 1)
  for (const day of [DAY - 31, DAY - 30, DAY])
    await penalties.record({ handle, strike: Buffer.from(String(day)), atMs: day * DAY_MS })
  expect(await penalties.deleteExpired(DAY * DAY_MS)).toBe(1)
  expect(store.all('SELECT day FROM issuer_penalties')).toHaveLength(2)
})
