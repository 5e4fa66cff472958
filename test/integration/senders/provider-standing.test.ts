import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  createProviderStanding,
  standingMigrations,
} from '../../../src/senders/provider-standing.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY_MS = 86_400_000
const now = 20_000 * DAY_MS
const peer = 'b.example'

async function openAt(path: string, nowMs = now) {
  const store = await openStore({ path, migrations: standingMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return createProviderStanding(store, nowMs)
}

const strike = (change: 1 | -1, atMs = now) => ({ provider: peer, atMs, change })

const open = () => openAt(join(tempDir(), 'store.db'))

test('a provider without strikes has its whole budget, known or not', async () => {
  const standing = await open()
  expect(standing.factor(peer)).toBe(1)
  standing.admitted(peer, now)
  expect(standing.factor(peer)).toBe(1)
})

test('strikes for each thousand admissions cut the budget to a half, then to a tenth', async () => {
  const standing = await open()
  await standing.struck(strike(1))
  expect(standing.factor(peer)).toBe(0.5)
  await standing.struck(strike(1))
  expect(standing.factor(peer)).toBe(0.1)
  for (let n = 0; n < 2_000; n++) standing.admitted(peer, now)
  expect(standing.factor(peer)).toBe(0.5)
  for (let n = 0; n < 18_001; n++) standing.admitted(peer, now)
  expect(standing.factor(peer)).toBe(1)
})

test('a strike that was taken back counts no more', async () => {
  const standing = await open()
  await standing.struck(strike(1))
  await standing.struck(strike(-1))
  expect(standing.factor(peer)).toBe(1)
  expect(standing.list()).toEqual([{ provider: peer, admissions: 0, strikes: 0, factor: 1 }])
})

test('what is over 30 days old is forgotten, and a restart forgets nothing else', async () => {
  const path = join(tempDir(), 'store.db')
  const standing = await openAt(path)
  await standing.struck(strike(1))
  const later = await openAt(path, now + 30 * DAY_MS)
  expect(later.factor(peer)).toBe(0.5)
  await later.deleteBefore(now + 31 * DAY_MS)
  expect(later.factor(peer)).toBe(1)
  expect((await openAt(path)).list()).toEqual([])
})

test('a strike that is taken back leaves with its own day, and takes no other one with it', async () => {
  const path = join(tempDir(), 'store.db')
  const standing = await openAt(path)
  await standing.struck(strike(1))
  await standing.deleteBefore(now + 31 * DAY_MS)
  await standing.struck(strike(-1))
  await standing.struck(strike(1, now + 31 * DAY_MS))
  expect(standing.factor(peer)).toBe(0.5)
  expect((await openAt(path, now + 31 * DAY_MS)).factor(peer)).toBe(0.5)
})

test('what is written with a strike is written with it or not at all', async () => {
  const standing = await open()
  const broken = standing.struck(strike(1), [['INSERT INTO nothing VALUES (1)', []]])
  await expect(broken).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(standing.factor(peer)).toBe(1)
})
