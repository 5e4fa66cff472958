import { expect, test } from 'vitest'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import { createRedisBuckets } from '../../../src/ratelimit/bucket-store-redis.ts'
import type { BucketStore, TakeOutcome } from '../../../src/ratelimit/bucket-store.ts'
import { createSharedStore } from '../../../src/ratelimit/shared-store.ts'
import { randomKey, takeOf } from '../../support/bucket-store-suite.ts'
import { redisAddress, redisNode, redisUrlBy, type NodeOptions } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'

/** A node whose way to the server can break. */
async function fragileNode(options: NodeOptions = {}) {
  const proxy = await tcpProxy(redisAddress)
  const changes: boolean[] = []
  const node = await redisNode({
    url: redisUrlBy(proxy.port),
    onChange: (isAway) => void changes.push(isAway),
    ...options,
  })
  return { ...node, proxy, changes, fallbacks: () => node.store.state().fallbacks }
}

const scarce = () => takeOf(randomKey(), { rate: { perSecond: 0.001, burst: 8 } })
const kindOf = ({ kind }: TakeOutcome) => kind

/** How many takes are granted, one after the other, out of so many. */
async function granted(store: BucketStore, take: ReturnType<typeof scarce>, asked: number) {
  let taken = 0
  for (let count = 0; count < asked; count += 1)
    if (kindOf(await store.take([take], Date.now())) === 'taken') taken += 1
  return taken
}

test('while the server is away a node gives half of each limit, and the whole when it is back', async () => {
  const { store, proxy, changes, fallbacks } = await fragileNode()
  const [before, during, after] = [scarce(), scarce(), scarce()]
  expect(await granted(store, before, 12)).toBe(8)
  proxy.cut()
  expect(await granted(store, during, 12)).toBe(4)
  expect(store.state()).toMatchObject({ kind: 'redis', degraded: true })
  expect(fallbacks()).toBeGreaterThanOrEqual(12)
  proxy.heal()
  await until(() => !store.state().degraded)
  expect(changes).toEqual([true, false])
  expect(await granted(store, after, 12)).toBe(8)
  // What was taken before is still taken.
  expect(await granted(store, before, 1)).toBe(0)
})

test('an answer that is late costs its deadline three times, then nobody waits', async () => {
  const { store, proxy } = await fragileNode({ deadlineMs: 100, probeMs: 60_000 })
  const take = scarce()
  proxy.delay(5_000)
  const startMs = performance.now()
  expect(await granted(store, take, 40)).toBe(4)
  expect(performance.now() - startMs).toBeLessThan(2_000)
  expect(store.state().degraded).toBe(true)
})

test('a connection on which nothing comes back is given up for a new one', async () => {
  const { store, proxy } = await fragileNode({ deadlineMs: 200 })
  proxy.delay(Infinity)
  await granted(store, scarce(), 5)
  expect(store.state().degraded).toBe(true)
  // Only a new connection finds that all is well again: on the old one answers were lost.
  proxy.heal()
  await until(() => !store.state().degraded)
  expect(await granted(store, scarce(), 12)).toBe(8)
})

test('one late answer makes one decision here, and no more', async () => {
  const { store, proxy, changes, fallbacks } = await fragileNode({ deadlineMs: 300 })
  const take = scarce()
  proxy.delay(600)
  expect(kindOf(await store.take([take], Date.now()))).toBe('taken')
  proxy.delay(0)
  await until(async () => {
    await store.take([scarce()], Date.now())
    return fallbacks() >= 1
  })
  expect(changes).toEqual([])
})

test('a store that goes and comes back again and again gives no new burst each time', async () => {
  const { store, proxy } = await fragileNode()
  const take = scarce()
  let taken = 0
  for (let round = 0; round < 4; round += 1) {
    taken += await granted(store, take, 12)
    proxy.cut()
    taken += await granted(store, take, 12)
    proxy.heal()
    await until(() => !store.state().degraded)
  }
  // One burst of the server and one half of this node.
  expect(taken).toBe(12)
})

test('charges and looks find their way too', async () => {
  const { store, proxy } = await fragileNode()
  const take = scarce()
  store.charge([{ ...take, cost: 3 }], Date.now())
  expect((await store.look([take], Date.now()))[0]).toBeCloseTo(5, 1)
  proxy.cut()
  await granted(store, scarce(), 3)
  store.charge([{ ...take, cost: 3 }], Date.now())
  expect((await store.look([take], Date.now()))[0]).toBeCloseTo(1, 1)
})

test('a server that was never there leaves a node with its own half', async () => {
  await using store = createSharedStore({
    shared: createRedisBuckets({ url: 'redis://127.0.0.1:1', deadlineMs: 20 }),
    local: createMemoryBucketStore(),
  })
  expect(await granted(store, scarce(), 12)).toBe(4)
  expect(store.state().degraded).toBe(true)
})
