import { expect, test } from 'vitest'
import { createTimeBuckets } from '../../../src/franking/time-bucket.ts'

test('a time is shown as the start of its bucket', () => {
  const buckets = createTimeBuckets()
  expect(buckets.show('r', 125_999, 60_000)).toBe(120_000)
})

test('a width of 0 leaves the time exact, whatever came before', () => {
  const buckets = createTimeBuckets()
  buckets.show('r', 200_000, 60_000)
  expect(buckets.show('r', 125_999, 0)).toBe(125_999)
})

test('a clock that steps back does not take the room with it', () => {
  const buckets = createTimeBuckets()
  expect(buckets.show('r', 200_000, 60_000)).toBe(180_000)
  expect(buckets.show('r', 100_000, 60_000)).toBe(180_000)
  expect(buckets.show('other', 100_000, 60_000)).toBe(60_000)
})

test('only the rooms that were used last are remembered', () => {
  const buckets = createTimeBuckets(2)
  for (const room of ['a', 'b', 'a', 'c']) buckets.show(room, 200_000, 60_000)
  expect(buckets.show('a', 0, 60_000)).toBe(180_000)
  expect(buckets.show('b', 0, 60_000)).toBe(0)
})
