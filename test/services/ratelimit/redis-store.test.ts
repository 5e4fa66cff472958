import { beforeEach, describe, expect, test } from 'vitest'
import type { TakeOutcome } from '../../../src/ratelimit/bucket-store.ts'
import {
  bucketStoreSuite,
  randomKey,
  takeOf,
  type TimedStore,
} from '../../support/bucket-store-suite.ts'
import { freshPrefix, redisClient, redisNode } from '../../support/redis.ts'
import { until } from '../../support/until.ts'

describe('as every bucket store', () => {
  let timed: TimedStore
  beforeEach(async () => {
    const { store } = await redisNode()
    timed = { store, now: Date.now, pass: passed, lagMs: 300 }
  })
  bucketStoreSuite(() => timed)
})

/** The time of the server is real. */
async function passed(ms: number): Promise<void> {
  const end = performance.now() + ms + 1
  await until(() => performance.now() >= end)
}

const kindOf = ({ kind }: TakeOutcome) => kind

test('nodes that ask at once get one burst together, and no more', async () => {
  const prefix = freshPrefix()
  const nodes = [
    await redisNode({ prefix }),
    await redisNode({ prefix }),
    await redisNode({ prefix }),
  ]
  const take = takeOf(randomKey(), { rate: { perSecond: 0.001, burst: 25 } })
  const asked = Array.from({ length: 120 }, (_, number) => nodes[number % nodes.length])
  const outcomes = await Promise.all(
    asked.map(async (node) => node?.store.take([take], Date.now())),
  )
  expect(outcomes.filter((outcome) => outcome?.kind === 'taken')).toHaveLength(25)
})

test('what nodes take together is all done or none, whoever comes between', async () => {
  const prefix = freshPrefix()
  const [one, other] = [await redisNode({ prefix }), await redisNode({ prefix })]
  const slow = { perSecond: 0.001, burst: 40 }
  const [wide, small, smaller] = [
    takeOf(randomKey(), { rate: slow }),
    takeOf(randomKey(), { rate: { ...slow, burst: 10 } }),
    takeOf(randomKey(), { rate: { ...slow, burst: 5 } }),
  ]
  const asked = Array.from({ length: 60 }, async (_, number) =>
    number % 2 === 0
      ? one.store.take([wide, small], Date.now())
      : other.store.take([smaller, wide], Date.now()),
  )
  const taken = (await Promise.all(asked)).filter(({ kind }) => kind === 'taken')
  expect(taken).toHaveLength(15)
  const [left = Number.NaN] = await one.store.look([wide], Date.now())
  expect(left).toBeCloseTo(25, 1)
})

test('the clock of a node does not count, the clock of the server does', async () => {
  const prefix = freshPrefix()
  const [one, other] = [await redisNode({ prefix }), await redisNode({ prefix })]
  const take = takeOf(randomKey(), { rate: { perSecond: 0.001, burst: 2 } })
  const [today, tomorrow, yesterday] = [0, 1, -1].map((days) => Date.now() + days * 86_400_000)
  expect(kindOf(await one.store.take([take], today ?? 0))).toBe('taken')
  expect(kindOf(await other.store.take([take], tomorrow ?? 0))).toBe('taken')
  expect(kindOf(await other.store.take([take], tomorrow ?? 0))).toBe('limited')
  expect(kindOf(await one.store.take([take], yesterday ?? 0))).toBe('limited')
})

test('a state from a clock that was ahead locks nobody out for longer than a bucket fills', async () => {
  const prefix = freshPrefix()
  const { store } = await redisNode({ prefix })
  const client = await redisClient()
  const take = takeOf(randomKey(), { rate: { perSecond: 10, burst: 1 } })
  await store.take([take], Date.now())
  const [key = ''] = await client.keys(`${prefix}*`)
  await client.set(key, String(Date.now() + 86_400_000), 'EX', 90_000)
  expect(await store.take([take], Date.now())).toMatchObject({ kind: 'limited' })
  await until(async () => kindOf(await store.take([take], Date.now())) === 'taken')
})

test('a bucket that is full again leaves nothing behind, and no name is ever stored', async () => {
  const prefix = freshPrefix()
  const { store } = await redisNode({ prefix })
  const client = await redisClient()
  await store.take([takeOf(randomKey(), { rate: { perSecond: 20, burst: 3 } })], Date.now())
  const keys = await client.keys(`${prefix}*`)
  expect(keys).toHaveLength(1)
  expect(keys[0]?.slice(prefix.length)).toMatch(/^[\w-]{22}$/)
  expect(Number(await client.get(keys[0] ?? ''))).toBeGreaterThan(Date.now() - 1_000)
  await until(async () => (await client.keys(`${prefix}*`)).length === 0)
})

test('after FLUSHALL every bucket is full, and after SCRIPT FLUSH nothing is different', async () => {
  const { store } = await redisNode()
  const client = await redisClient()
  const take = takeOf(randomKey(), { rate: { perSecond: 0.001, burst: 1 } })
  const ask = async () => kindOf(await store.take([take], Date.now()))
  expect([await ask(), await ask()]).toEqual(['taken', 'limited'])
  await client.script('FLUSH')
  expect(await ask()).toBe('limited')
  await client.flushdb()
  expect([await ask(), await ask()]).toEqual(['taken', 'limited'])
  expect(store.state()).toMatchObject({ kind: 'redis', degraded: false, fallbacks: 0 })
})
