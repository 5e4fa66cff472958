import { expect, test } from 'vitest'
import { isRestricted, strikeSeverity } from '../../../src/notices/category-rules.ts'
import { roomDigest, reporterBucket, timeBucket } from '../../../src/notices/coarse.ts'
import { createSecretKey } from 'node:crypto'

test('a strike weighs by what was done', () => {
  const weights = ['spam', 'tos.hacking', 'harassment', 'violence.threats', 'adult.ncii', 'child']
  expect(weights.map(strikeSeverity)).toEqual(['low', 'low', 'medium', 'high', 'high', 'high'])
  expect(strikeSeverity('unspecified')).toBe('low')
})

test('only child safety itself is restricted, not what begins with the same letters', () => {
  expect(['child', 'child.csam', 'children'].map(isRestricted)).toEqual([true, true, false])
})

test('counts of reporters are four buckets', () => {
  expect([0, 1, 2, 4, 5, 9, 10, 1_000].map(reporterBucket)).toEqual([
    '1',
    '1',
    '2-4',
    '2-4',
    '5-9',
    '5-9',
    '10+',
    '10+',
  ])
})

test('the time of a notice is an hour, or a day where few could have reported', () => {
  const atMs = Date.UTC(2026, 10, 29, 13, 59, 59)
  expect([timeBucket(atMs, 5), timeBucket(atMs, 4)]).toEqual(['2026-11-29T13', '2026-11-29'])
})

test('the digest of a room is of the pair of providers', () => {
  const key = createSecretKey(Buffer.alloc(32, 1))
  const digests = ['b.example', 'c.example'].flatMap((peer) =>
    ['mimi://a.example/r/1', 'mimi://a.example/r/2'].map((room) => roomDigest(key, peer, room)),
  )
  expect(new Set(digests).size).toBe(4)
  expect(digests.every((digest) => /^[A-Za-z0-9_-]{43}$/.test(digest))).toBe(true)
})
