import { expect, test } from 'vitest'
import { Batches } from '../../../src/privacypass/spent-batches.ts'

/** A commit that the test lets go on. */
function gate() {
  const sizes: number[] = []
  let open = Promise.withResolvers<void>()
  return {
    sizes,
    commit: async (items: readonly number[]) => {
      sizes.push(items.length)
      await open.promise
      return items.map((item) => -item)
    },
    release: () => {
      open.resolve()
      open = Promise.withResolvers()
      open.resolve()
    },
  }
}

test('what one turn brings goes together, and what comes meanwhile goes next, 64 at most', async () => {
  const { sizes, commit, release } = gate()
  const batches = new Batches({ lanes: 1, commit })
  const first = [1, 2, 3].map((item) => batches.add(item))
  await new Promise(setImmediate)
  expect(sizes).toEqual([3])
  const next = Array.from({ length: 100 }, (_, item) => batches.add(item))
  await new Promise(setImmediate)
  expect(sizes).toEqual([3])
  release()
  expect(await Promise.all(first)).toEqual([-1, -2, -3])
  expect(await Promise.all(next)).toEqual(Array.from({ length: 100 }, (_, item) => -item))
  expect(sizes).toEqual([3, 64, 36])
})

test('as many commits are under way as there are lanes', async () => {
  const { sizes, commit, release } = gate()
  const batches = new Batches({ lanes: 3, commit })
  const waiting = Array.from({ length: 400 }, (_, item) => batches.add(item))
  await new Promise(setImmediate)
  expect(sizes).toEqual([64, 64, 64])
  release()
  await Promise.all(waiting)
  expect(sizes).toEqual([64, 64, 64, 64, 64, 64, 16])
})

test('a commit that fails fails those that went with it, and no others', async () => {
  let failing = true
  const batches = new Batches<number, number>({
    lanes: 1,
    commit: async (items) => {
      if (failing) throw new Error('disk')
      return items
    },
  })
  const lost = [1, 2].map((item) => batches.add(item))
  const results = await Promise.allSettled(lost)
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  failing = false
  expect(await batches.add(3)).toBe(3)
})

test('too many that wait are refused at once', async () => {
  const { commit, release } = gate()
  const batches = new Batches({ lanes: 1, commit })
  const waiting = Array.from({ length: 65_536 }, (_, item) => batches.add(item))
  await expect(batches.add(0)).rejects.toMatchObject({
    code: 'store-unavailable',
    facts: { reason: 'queue-full' },
  })
  await new Promise(setImmediate)
  release()
  await Promise.all(waiting)
  expect(await batches.add(5)).toBe(-5)
})

test('to close waits for all that was added, and takes no more', async () => {
  const { commit, release } = gate()
  const batches = new Batches({ lanes: 1, commit })
  const waiting = batches.add(1)
  let isClosed = false
  const closed = batches.close().then(() => (isClosed = true))
  await expect(batches.add(2)).rejects.toMatchObject({ facts: { reason: 'closed' } })
  await new Promise(setImmediate)
  expect(isClosed).toBe(false)
  release()
  expect(await waiting).toBe(-1)
  await closed
  await batches.close()
})
