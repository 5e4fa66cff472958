import { describe, expect, onTestFinished, test } from 'vitest'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import { createSharedStore, type SharedBuckets } from '../../../src/ratelimit/shared-store.ts'
import { bucketStoreSuite, randomKey, takeOf } from '../../support/bucket-store-suite.ts'
import { until } from '../../support/until.ts'

const NOW = 1_760_000_000_000

/** Shared buckets in this process, which go away and come back when told to. */
function switchable() {
  const inner = createMemoryBucketStore()
  const self = { isAway: false, asked: 0, nowMs: NOW, renewed: 0 }
  const ask = async <T>(answer: () => T): Promise<T> => {
    self.asked += 1
    await Promise.resolve()
    if (self.isAway) throw new Error('away')
    return answer()
  }
  const shared: SharedBuckets = {
    take: (takes) => ask(() => inner.take(takes, self.nowMs)),
    charge: (takes) => ask(() => inner.charge(takes, self.nowMs)),
    look: (buckets) => ask(() => inner.look(buckets, self.nowMs)),
    renew: () => void (self.renewed += 1),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { self, shared }
}

function opened() {
  const { self, shared } = switchable()
  const changes: boolean[] = []
  const store = createSharedStore({
    shared,
    local: createMemoryBucketStore(),
    probeMs: 1,
    onChange: (isAway) => void changes.push(isAway),
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return { store, self, changes }
}

describe('as every bucket store', () => {
  bucketStoreSuite(() => {
    const { store, self } = opened()
    return {
      store,
      now: () => self.nowMs,
      pass: (ms) => {
        self.nowMs += ms
        return Promise.resolve()
      },
      lagMs: 0,
    }
  })
})

test('after three calls without an answer nobody asks any more until it is back', async () => {
  const { store, self, changes } = opened()
  const take = takeOf(randomKey())
  self.isAway = true
  for (let asked = 0; asked < 3; asked += 1) await store.take([take], NOW)
  expect(changes).toEqual([true])
  const outcome = store.take([take], NOW)
  expect(outcome).toMatchObject({ kind: 'limited' })
  expect(store.state()).toMatchObject({ degraded: true, fallbacks: 4 })
  await until(() => self.renewed > 0)
  self.isAway = false
  await until(() => !store.state().degraded)
  expect(changes).toEqual([true, false])
  expect((await store.take([takeOf(take.key, { cost: 3 })], NOW)).kind).toBe('taken')
})

test('an answer between failures makes them count from the beginning', async () => {
  const { store, self, changes } = opened()
  const take = takeOf(randomKey(), { rate: { perSecond: 1, burst: 100 } })
  for (const isAway of [true, true, false, true, true, false]) {
    self.isAway = isAway
    expect((await store.take([take], NOW)).kind).toBe('taken')
  }
  expect(changes).toEqual([])
  expect(store.state()).toMatchObject({ degraded: false, fallbacks: 4 })
})

test('a closed store is asked no more', async () => {
  const { store, self } = opened()
  self.isAway = true
  for (let asked = 0; asked < 3; asked += 1) await store.take([takeOf(randomKey())], NOW)
  await store[Symbol.asyncDispose]()
  const { asked } = self
  for (let turn = 0; turn < 50; turn += 1)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  expect(self.asked).toBe(asked)
})
