import { expect, test } from 'vitest'
import { RecentRequests } from '../../../src/privacypass/spent-recent.ts'

const record = (number: number, request = number) => ({
  first: number,
  second: Math.imul(number, 31),
  third: Math.imul(number, 0x9e3779b1),
  fourth: ~number,
  requestLow: request,
  requestHigh: 7,
})

test('a request is known for ten minutes, in how many tables ever', () => {
  const recent = new RecentRequests()
  for (let number = 1; number <= 40_000; number += 1) recent.add(record(number), 1_000)
  const known = [1, 12_288, 12_289, 39_999, 40_000].map((n) => recent.includes(record(n), 601_000))
  expect(known).toEqual([true, true, true, true, true])
  expect(recent.includes(record(1), 601_001)).toBe(false)
  expect(recent.includes(record(40_001), 1_000)).toBe(false)
})

test('another request for the same token is not known', () => {
  const recent = new RecentRequests()
  recent.add(record(1), 0)
  expect(recent.includes(record(1, 2), 0)).toBe(false)
  expect(recent.includes({ ...record(1), requestHigh: 8 }, 0)).toBe(false)
})

test('of two requests for one token the newer counts', () => {
  const recent = new RecentRequests()
  recent.add(record(1), 0)
  for (let number = 2; number <= 20_000; number += 1) recent.add(record(number), 0)
  recent.add(record(1, 99), 0)
  expect(recent.includes(record(1), 0)).toBe(false)
  expect(recent.includes(record(1, 99), 0)).toBe(true)
})

test('tables that nobody needs any more are used again, so memory stays', () => {
  const recent = new RecentRequests()
  let number = 0
  const add = (count: number, nowMs: number) => {
    for (let added = 0; added < count; added += 1) recent.add(record((number += 1)), nowMs)
  }
  add(100_000, 0)
  const before = process.memoryUsage().arrayBuffers
  // Each round is a table, and its time is over when the next one comes.
  for (let round = 1; round <= 40; round += 1) add(12_288, round * 700_000)
  // Nine tables at most, of half a mebibyte each; forty more would be twenty.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1_048_576)
  expect(recent.includes(record(number), 40 * 700_000)).toBe(true)
})

test('however many spends there are, a bounded number of them is held', () => {
  const recent = new RecentRequests()
  const count = 128 * 12_288 + 1
  for (let number = 1; number <= count; number += 1) recent.add(record(number), 0)
  expect(recent.includes(record(1), 0)).toBe(false)
  expect(recent.includes(record(12_289), 0)).toBe(true)
  expect(recent.includes(record(count), 0)).toBe(true)
})
