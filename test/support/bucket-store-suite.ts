import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { BucketStore, Take } from '../../src/ratelimit/bucket-store.ts'
import type { BucketKey } from '../../src/ratelimit/bucket-table.ts'

/** A store with the clock that it goes by. */
export interface TimedStore {
  readonly store: BucketStore
  readonly now: () => number
  /** Resolves when that time has passed. */
  readonly pass: (ms: number) => Promise<void>
  /** How much of a wait may be over before it is told. */
  readonly lagMs: number
}

/** A key as good as any: evenly spread, and nobody else's. */
export function randomKey(): BucketKey {
  const bytes = randomBytes(16)
  const word = (at: number) => bytes.readInt32BE(at)
  return { a: word(0), b: word(4), c: word(8), d: word(12) }
}

/** A take of 1 from a bucket of 3 that fills in 6 s. */
export function takeOf(key: BucketKey, facts: Partial<Take> = {}): Take {
  return {
    key,
    rate: { perSecond: 0.5, burst: 3 },
    cost: 1,
    mode: 'spend',
    isShadow: false,
    ...facts,
  }
}

/** What every bucket store does. `open` gives one; keys are new in each test. */
export function bucketStoreSuite(open: () => TimedStore): void {
  let timed: TimedStore
  let [a, b, c] = [randomKey(), randomKey(), randomKey()]
  beforeEach(() => {
    timed = open()
    ;[a, b, c] = [randomKey(), randomKey(), randomKey()]
  })
  const take = (...takes: readonly Take[]) => timed.store.take(takes, timed.now())
  const kindsOf = async (count: number, ...takes: readonly Take[]) => {
    const kinds: string[] = []
    for (let asked = 0; asked < count; asked += 1) kinds.push((await take(...takes)).kind)
    return kinds
  }
  const waitOf = async (...takes: readonly Take[]) => {
    const outcome = await take(...takes)
    if (outcome.kind !== 'limited') throw new Error('not limited')
    return outcome
  }
  const lefts = (...takes: readonly Take[]) => timed.store.look(takes, timed.now())
  const expectWait = (actualMs: number, expectedMs: number) => {
    expect(actualMs).toBeLessThanOrEqual(expectedMs)
    expect(actualMs).toBeGreaterThanOrEqual(expectedMs - timed.lagMs)
  }

  test('a bucket gives its burst at once and then its rate', async () => {
    const quick = takeOf(a, { rate: { perSecond: 2, burst: 3 } })
    expect(await kindsOf(4, quick)).toEqual(['taken', 'taken', 'taken', 'limited'])
    await timed.pass(500)
    expect(await kindsOf(2, quick)).toEqual(['taken', 'limited'])
  })

  test('a limited take says how long it has to wait, and what is left', async () => {
    const dear = takeOf(a, { cost: 2 })
    expect(await kindsOf(1, dear)).toEqual(['taken'])
    const outcome = await waitOf(dear)
    expect(outcome.index).toBe(0)
    expectWait(outcome.retryAfterMs, 2_000)
    expect(outcome.left).toBeCloseTo(1, 1)
  })

  test('whoever waits as long as told is let in', async () => {
    const quick = takeOf(a, { rate: { perSecond: 4, burst: 1 } })
    await take(quick)
    const { retryAfterMs } = await waitOf(quick)
    await timed.pass(retryAfterMs)
    expect((await take(quick)).kind).toBe('taken')
  })

  test('takes of one call are all done or none', async () => {
    const [wide, small] = [takeOf(a), takeOf(b, { rate: { perSecond: 0.5, burst: 1 } })]
    expect((await take(wide, small)).kind).toBe('taken')
    for (let refused = 0; refused < 5; refused += 1)
      expect(await take(wide, small)).toMatchObject({ kind: 'limited', index: 1 })
    expect(await kindsOf(3, wide)).toEqual(['taken', 'taken', 'limited'])
  })

  test('of several exhausted buckets the slowest one is named', async () => {
    const takes = [
      takeOf(a, { rate: { perSecond: 0.5, burst: 1 } }),
      takeOf(b, { rate: { perSecond: 0.1, burst: 1 } }),
      takeOf(c),
    ]
    await take(...takes)
    const outcome = await waitOf(...takes)
    expect(outcome.index).toBe(1)
    expectWait(outcome.retryAfterMs, 10_000)
  })

  test('a peek takes nothing', async () => {
    const peek = takeOf(a, { mode: 'peek' })
    expect(new Set(await kindsOf(10, peek))).toEqual(new Set(['taken']))
    await kindsOf(3, takeOf(a))
    expect((await take(peek)).kind).toBe('limited')
  })

  test('a shadow take limits nothing, and tells where it would have', async () => {
    const shadow = takeOf(a, { isShadow: true, rate: { perSecond: 0.1, burst: 1 } })
    const other = takeOf(b)
    expect(await take(other, shadow)).not.toHaveProperty('shadowed', [1])
    for (let asked = 0; asked < 2; asked += 1)
      expect(await take(other, shadow)).toMatchObject({ kind: 'taken', shadowed: [1] })
    expect((await take(other, shadow)).kind).toBe('limited')
  })

  test('where an exchange is limited a shadow take spends nothing', async () => {
    const shadow = takeOf(a, { isShadow: true })
    const empty = takeOf(b, { rate: { perSecond: 0.1, burst: 1 } })
    await take(empty)
    for (let asked = 0; asked < 5; asked += 1) await take(shadow, empty)
    expect(await timed.store.look([shadow], timed.now())).toEqual([3])
  })

  test('a bucket with less than a fifth of its burst is told of, a fuller one is not', async () => {
    const many = takeOf(a, { rate: { perSecond: 0.001, burst: 10 } })
    for (let taken = 0; taken < 8; taken += 1)
      expect((await take(many)).kind === 'taken' && (await lefts(many))[0]).toBeCloseTo(
        9 - taken,
        1,
      )
    const ninth = await take(many)
    expect(ninth).toMatchObject({ kind: 'taken', low: [{ index: 0 }] })
    expect(ninth.kind === 'taken' && ninth.low?.[0]?.left).toBeCloseTo(1, 1)
  })

  test('a charge empties a bucket and leaves no debt', async () => {
    for (let charged = 0; charged < 50; charged += 1) timed.store.charge([takeOf(a)], timed.now())
    const outcome = await waitOf(takeOf(a))
    expect(outcome.left).toBeLessThan(0.5)
    expectWait(outcome.retryAfterMs, 2_000)
  })

  test('a cost above 1 takes that much, and one above the burst takes all', async () => {
    expect((await take(takeOf(a, { cost: 2 }))).kind).toBe('taken')
    expect((await take(takeOf(a, { cost: 2 }))).kind).toBe('limited')
    expect((await take(takeOf(a))).kind).toBe('taken')
    const huge = takeOf(b, { cost: 1_000 })
    expect(await kindsOf(2, huge)).toEqual(['taken', 'limited'])
    expectWait((await waitOf(huge)).retryAfterMs, 6_000)
  })

  test('a look tells of each bucket on its own, and takes nothing', async () => {
    await take(takeOf(a, { cost: 2 }))
    for (let looked = 0; looked < 3; looked += 1) {
      const [first = Number.NaN, second] = await lefts(takeOf(a), takeOf(b))
      expect(first).toBeCloseTo(1, 1)
      expect(second).toBe(3)
    }
  })

  test('buckets do not touch each other', async () => {
    await kindsOf(4, takeOf(a))
    expect((await take(takeOf(b))).kind).toBe('taken')
  })

  test('a rate that is lowered lets nobody owe more than its burst', async () => {
    await take(takeOf(a, { rate: { perSecond: 0.5, burst: 100 }, cost: 100 }))
    const lowered = takeOf(a, { rate: { perSecond: 0.25, burst: 2 } })
    const outcome = await waitOf(lowered)
    expect(outcome.left).toBeLessThan(0.5)
    expectWait(outcome.retryAfterMs, 4_000)
  })
}
