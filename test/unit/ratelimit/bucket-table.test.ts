import { expect, test } from 'vitest'
import { BucketTable, type BucketKey } from '../../../src/ratelimit/bucket-table.ts'
import { randomKey } from '../../support/bucket-store-suite.ts'

/** Keys that all want the last place. */
const atEnd = (number: number): BucketKey => ({ a: -1, b: number, c: 0, d: 0 })
/** Keys that all want the same place. */
const crowded = (number: number): BucketKey => ({ a: 7, b: number, c: 0, d: 0 })

test('keys are told apart by all their bits', () => {
  const table = new BucketTable()
  const key = { a: 1, b: 2, c: 3, d: 4 }
  table.insert(key, 10)
  for (const part of ['a', 'b', 'c', 'd'] as const)
    expect(table.find({ ...key, [part]: 99 })).toBeLessThan(0)
  expect(table.read(table.find(key))).toBe(10)
})

test('whatever comes and goes, each key that is there is found with its own state', () => {
  const table = new BucketTable()
  const model = new Map<BucketKey, number>()
  const keys = Array.from({ length: 3_000 }, (_, number) =>
    number % 3 === 0 ? crowded(number) : randomKey(),
  )
  for (const [at, key] of keys.entries()) {
    table.insert(key, at + 1)
    model.set(key, at + 1)
    const old = at % 2 === 0 ? keys[at >> 1] : undefined
    if (old === undefined || !model.delete(old)) continue
    table.remove(table.find(old))
    expect(table.find(old)).toBeLessThan(0)
  }
  expect(table.size).toBe(model.size)
  expect(table.size).toBeLessThan(table.places * 0.8)
  for (const [key, state] of model) expect(table.read(table.find(key))).toBe(state)
})

test('a chain that runs over the end is closed as well', () => {
  const table = new BucketTable()
  const keys = Array.from({ length: 20 }, (_, number) => atEnd(number))
  for (const [at, key] of keys.entries()) table.insert(key, at + 1)
  for (const [at, key] of keys.entries()) {
    table.remove(table.find(key))
    for (const [later, other] of keys.entries()) expect(table.find(other) >= 0).toBe(later > at)
  }
  expect(table.size).toBe(0)
})
