import { describe, expect, test } from 'vitest'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import { bucketStoreSuite } from '../../support/bucket-store-suite.ts'

const NOW = 1_760_000_000_000
const take = (key: string) =>
  ({ key, rate: { perSecond: 1, burst: 3 }, cost: 1, mode: 'spend' }) as const

describe('as every bucket store', () => {
  bucketStoreSuite(() => createMemoryBucketStore())
})

test('full buckets are forgotten in passing, without a timer', () => {
  const store = createMemoryBucketStore()
  for (let key = 0; key < 1_000; key += 1) store.take([take(`k${key}`)], NOW)
  expect(store.size()).toBe(1_000)
  for (let call = 0; call < 300; call += 1) store.take([take('busy')], NOW + 60_000 + call * 1_000)
  expect(store.size()).toBe(1)
  expect(store.evictions()).toBe(0)
})

test('the store never holds more than its bound, and counts what it gave up', () => {
  const store = createMemoryBucketStore({ keysMax: 50 })
  for (let key = 0; key < 500; key += 1) store.take([take(`k${key}`)], NOW)
  expect(store.size()).toBe(50)
  expect(store.evictions()).toBe(450)
})

test('at its bound the store gives up the bucket that is nearest to full', () => {
  const store = createMemoryBucketStore({ keysMax: 2 })
  for (let taken = 0; taken < 3; taken += 1) store.take([take('exhausted')], NOW)
  store.take([take('touched')], NOW)
  store.take([take('new')], NOW)
  expect(store.take([take('exhausted')], NOW).kind).toBe('limited')
})
