import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPenalties, penaltyMigrations } from '../../../src/issuer/penalties.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const day = 20_800
const atMs = day * 86_400_000 + 1_000
const handle = Buffer.alloc(16, 1)

async function open() {
  const path = join(tempDir(), 'store.db')
  const store = await openStore({ path, migrations: penaltyMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return createPenalties(store)
}

test('a strike that is taken back no longer halves anything, and others still do', async () => {
  const penalties = await open()
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  await penalties.record({ handle, strike: one, atMs, halvings: 2 })
  await penalties.record({ handle, strike: other, atMs })
  expect(penalties.standingPenalty(handle, day + 1)).toBe(1 / 8)
  await penalties.remove(one)
  await penalties.remove(one)
  expect(penalties.standingPenalty(handle, day + 1)).toBe(1 / 2)
  await penalties.remove(other)
  expect(penalties.standingPenalty(handle, day + 1)).toBe(1)
})
