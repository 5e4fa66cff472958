import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { createBucketKeys } from '../../../src/ratelimit/bucket-keys.ts'

const DAY_MS = 86_400_000
const NOON = 20_000 * DAY_MS + DAY_MS / 2
const master = createSecretKey(Buffer.alloc(32, 7))

test('a key shows nothing of its parts and is the same for all nodes that share the secret', () => {
  const key = createBucketKeys(master).key('peer', ['b.example'], NOON)
  expect(Object.values(key).map((word) => word | 0)).toEqual(Object.values(key))
  expect(Object.keys(key)).toEqual(['a', 'b', 'c', 'd'])
  expect(createBucketKeys(master).key('peer', ['b.example'], NOON)).toEqual(key)
  const other = createSecretKey(Buffer.alloc(32, 8))
  expect(createBucketKeys(other).key('peer', ['b.example'], NOON)).not.toEqual(key)
})

test('keys of different days cannot be linked, and within a day they stay', () => {
  const keys = createBucketKeys(master)
  const today = keys.key('peer', ['b.example'], NOON)
  const tomorrow = keys.key('peer', ['b.example'], NOON + DAY_MS)
  expect(tomorrow).not.toEqual(today)
  expect(keys.key('peer', ['b.example'], NOON + DAY_MS / 3)).toEqual(today)
  expect(keys.key('peer', ['b.example'], NOON + DAY_MS)).toEqual(tomorrow)
})

test('no two lists of parts share a key', () => {
  const keys = createBucketKeys(master)
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['a', ['bc']],
    ['ab', ['c']],
    ['a', ['b', 'c']],
    ['a', ['', 'bc']],
    ['a', ['bc', '']],
    ['a', ['1:b', 'c']],
    ['a', ['b1:', 'c']],
    ['a', ['b1:c']],
    ['a', []],
    ['', []],
    ['', ['a']],
  ]
  const made = lists.map(([name, parts]) => JSON.stringify(keys.key(name, parts, NOON)))
  expect(new Set(made).size).toBe(lists.length)
})

test('forgetting remembered keys changes none of them', () => {
  const keys = createBucketKeys(master)
  const first = keys.key('peer', ['0'], NOON)
  for (let peer = 0; peer < 40_000; peer += 1) keys.key('peer', [`${peer}`], NOON)
  expect(keys.key('peer', ['0'], NOON)).toEqual(first)
})
