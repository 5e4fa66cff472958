import { describe, expect, test } from 'vitest'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import { bucketStoreSuite, randomKey, takeOf } from '../../support/bucket-store-suite.ts'

const NOW = 1_760_000_000_000
const take = () => takeOf(randomKey())

describe('as every bucket store', () => {
  bucketStoreSuite(() => {
    let nowMs = NOW
    return {
      store: createMemoryBucketStore(),
      now: () => nowMs,
      pass: (ms) => {
        nowMs += ms
        return Promise.resolve()
      },
      lagMs: 0,
    }
  })
})

test('a wait is told to the millisecond', () => {
  const store = createMemoryBucketStore()
  const one = takeOf(randomKey(), { rate: { perSecond: 1, burst: 3 } })
  for (let taken = 0; taken < 3; taken += 1) store.take([one], NOW)
  expect(store.take([one], NOW + 400)).toMatchObject({ kind: 'limited', retryAfterMs: 600 })
  expect(store.take([one], NOW + 999).kind).toBe('limited')
  expect(store.take([one], NOW + 1_000).kind).toBe('taken')
})

test('a clock that is set back locks nobody out for longer than a bucket takes to fill', () => {
  const store = createMemoryBucketStore()
  const one = take()
  for (let taken = 0; taken < 3; taken += 1) store.take([one], NOW)
  const yesterday = NOW - 86_400_000
  expect(store.take([one], yesterday)).toMatchObject({ kind: 'limited' })
  expect(store.take([one], yesterday + 6_000).kind).toBe('taken')
})

test('full buckets are forgotten in passing, without a timer', () => {
  const store = createMemoryBucketStore()
  for (let key = 0; key < 1_000; key += 1) store.take([take()], NOW)
  expect(store.state().buckets).toBe(1_000)
  const busy = take()
  for (let call = 0; call < 1_200; call += 1) store.take([busy], NOW + 60_000 + call * 1_000)
  expect(store.state()).toMatchObject({ buckets: 1, evictions: 0 })
})

test('a flood of buckets that are soon full again does not fill the store', () => {
  const store = createMemoryBucketStore()
  const quick = { perSecond: 100, burst: 1 }
  for (let call = 0; call < 50_000; call += 1)
    store.take([takeOf(randomKey(), { rate: quick })], NOW + call * 10)
  expect(store.state().buckets).toBeLessThan(1_000)
  expect(store.state().evictions).toBe(0)
})

test('the store never holds more than its bound, and counts what it gave up', () => {
  const store = createMemoryBucketStore({ keysMax: 50 })
  for (let key = 0; key < 500; key += 1) store.take([take()], NOW)
  expect(store.state()).toMatchObject({ buckets: 50, evictions: 450 })
})

test('at its bound the store gives up the bucket that is nearest to full', () => {
  const store = createMemoryBucketStore({ keysMax: 2 })
  const exhausted = take()
  for (let taken = 0; taken < 3; taken += 1) store.take([exhausted], NOW)
  store.take([take()], NOW)
  store.take([take()], NOW)
  expect(store.take([exhausted], NOW).kind).toBe('limited')
})

test('a new bucket that gives up another one of the same call loses nothing of the others', () => {
  const store = createMemoryBucketStore({ keysMax: 3 })
  const [known, first, second, third] = [take(), take(), take(), take()]
  store.take([known], NOW)
  expect(store.take([known, first, second, third], NOW).kind).toBe('taken')
  expect(store.state().buckets).toBe(3)
  const [left] = store.look([known], NOW)
  expect([1, 3]).toContain(left)
})
