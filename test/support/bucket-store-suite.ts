import { expect, test } from 'vitest'
import type { BucketStore, Take } from '../../src/ratelimit/bucket-store.ts'

const take = (key: string, facts: Partial<Take> = {}): Take => ({
  key,
  rate: { perSecond: 1, burst: 3 },
  cost: 1,
  mode: 'spend',
  ...facts,
})

/** What every bucket store does. `open` gives an empty one. */
export function bucketStoreSuite(open: () => BucketStore): void {
  test('a bucket gives its burst at once and then its rate', () => {
    const store = open()
    const kinds = [0, 0, 0, 0, 1_000, 1_000].map((ms) => store.take([take('a')], NOW + ms).kind)
    expect(kinds).toEqual(['taken', 'taken', 'taken', 'limited', 'taken', 'limited'])
  })

  test('a limited take says when it will succeed, to the millisecond', () => {
    const store = open()
    for (let taken = 0; taken < 3; taken += 1) store.take([take('a')], NOW)
    expect(store.take([take('a')], NOW + 400)).toEqual({
      kind: 'limited',
      index: 0,
      retryAfterMs: 600,
    })
    expect(store.take([take('a')], NOW + 999).kind).toBe('limited')
    expect(store.take([take('a')], NOW + 1_000).kind).toBe('taken')
  })

  test('takes of one call are all done or none', () => {
    const store = open()
    const small = take('small', { rate: { perSecond: 1, burst: 1 } })
    expect(store.take([take('a'), small], NOW).kind).toBe('taken')
    for (let refused = 0; refused < 5; refused += 1)
      expect(store.take([take('a'), small], NOW)).toMatchObject({ kind: 'limited', index: 1 })
    const left = [0, 1, 2].map(() => store.take([take('a')], NOW).kind)
    expect(left).toEqual(['taken', 'taken', 'limited'])
  })

  test('of several exhausted buckets the slowest one is named', () => {
    const store = open()
    const takes = [
      take('quick', { rate: { perSecond: 2, burst: 1 } }),
      take('slow', { rate: { perSecond: 0.1, burst: 1 } }),
      take('full'),
    ]
    store.take(takes, NOW)
    expect(store.take(takes, NOW)).toEqual({ kind: 'limited', index: 1, retryAfterMs: 10_000 })
  })

  test('a peek takes nothing', () => {
    const store = open()
    const peek = take('a', { mode: 'peek' })
    for (let peeked = 0; peeked < 10; peeked += 1)
      expect(store.take([peek], NOW).kind).toBe('taken')
    for (let taken = 0; taken < 3; taken += 1) store.take([take('a')], NOW)
    expect(store.take([peek], NOW).kind).toBe('limited')
  })

  test('a charge empties a bucket and leaves no debt', () => {
    const store = open()
    for (let charged = 0; charged < 50; charged += 1) store.charge([take('a')], NOW)
    expect(store.take([take('a')], NOW)).toMatchObject({ kind: 'limited', retryAfterMs: 1_000 })
    expect(store.take([take('a')], NOW + 1_000).kind).toBe('taken')
  })

  test('a cost above 1 takes that much', () => {
    const store = open()
    expect(store.take([take('a', { cost: 2 })], NOW).kind).toBe('taken')
    expect(store.take([take('a', { cost: 2 })], NOW)).toMatchObject({ retryAfterMs: 1_000 })
    expect(store.take([take('a')], NOW).kind).toBe('taken')
  })

  test('buckets do not touch each other', () => {
    const store = open()
    for (let taken = 0; taken < 4; taken += 1) store.take([take('a')], NOW)
    expect(store.take([take('b')], NOW).kind).toBe('taken')
  })

  test('a clock that is set back locks nobody out for longer than a bucket takes to fill', () => {
    const store = open()
    for (let taken = 0; taken < 3; taken += 1) store.take([take('a')], NOW)
    const yesterday = NOW - 86_400_000
    expect(store.take([take('a')], yesterday)).toMatchObject({ kind: 'limited' })
    expect(store.take([take('a')], yesterday + 3_000).kind).toBe('taken')
  })
}

const NOW = 1_760_000_000_000
