import { join } from 'node:path'
import { expect, test } from 'vitest'
import { powerCut, remains } from '../../support/power-cut.ts'
import { observedFiles } from '../../support/spent-files.ts'
import { openAt } from '../../support/spent-store.ts'
import { live, Told, tomorrow } from '../../support/spent-told.ts'
import { spendOf } from '../../support/spent-tokens.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('after a power cut at any step, whatever it leaves of what was not synced, all that was answered is known and no epoch is closed', async () => {
  const whole = await liveUntil(Infinity)
  expect(whole.told).toMatchObject({ doubtful: [], dropped: 'yes' })
  expect(whole.told.spent).toHaveLength(9)
  const steps = whole.disk.operations()
  expect(steps).toBeGreaterThan(40)
  let doubtful = 0
  for (let cutAt = 1; cutAt <= steps; cutAt += 1) {
    const { told, disk } = await liveUntil(cutAt)
    doubtful += told.doubtful.length
    for (const kept of remains) {
      const directory = tempDir()
      disk.restore(directory, kept)
      const files = observedFiles({ syncs: false })
      await using store = await openAt(join(directory, 'store'), { files })
      expect(await told.contradictions(store)).toEqual([])
    }
  }
  expect(doubtful).toBeGreaterThan(steps)
}, 120_000)

/** Two processes, one after the other, on a disk whose power fails. */
async function liveUntil(cutAt: number) {
  const base = tempDir()
  const disk = powerCut(base, cutAt)
  const told = new Told()
  const directory = join(base, 'store')
  await live(openAt(directory, disk), async (store) => {
    await told.spend(store, spendOf('a'), spendOf('b'), spendOf('c'))
    await told.spend(store, spendOf('d'))
  })
  await live(openAt(directory, disk), async (store) => {
    await told.spend(store, spendOf('e'), spendOf('f'), tomorrow('g'))
    await told.drop(store)
    await told.spend(store, tomorrow('h'), tomorrow('i'))
  })
  return { told, disk }
}
