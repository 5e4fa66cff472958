import { createSecretKey, randomBytes } from 'node:crypto'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { isPending } from '../../src/model/eventually.ts'
import type { SubmitMessageExchange } from '../../src/model/exchange.ts'
import { parseMimiUri, parseProviderDomain, type MimiUri } from '../../src/model/ids.ts'
import { createBucketKeys } from '../../src/ratelimit/bucket-keys.ts'
import { createMemoryBucketStore } from '../../src/ratelimit/bucket-store-memory.ts'
import { createRedisBuckets } from '../../src/ratelimit/bucket-store-redis.ts'
import type { BucketKey } from '../../src/ratelimit/bucket-table.ts'
import { costDefaults } from '../../src/ratelimit/costs.ts'
import { createLimiter } from '../../src/ratelimit/limiter.ts'
import { limitNames, limitsWith } from '../../src/ratelimit/limits.ts'
import { randomKey, takeOf } from '../../test/support/bucket-store-suite.ts'
import { submit } from '../../test/support/limiter-scene.ts'
import { atLeast, atMost, quantile, report, type Section } from './section.ts'

const KEYS = 100_000
const BATCH = 2_000
const BATCHES = 200
const WARM_UP = 60
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const IN_FLIGHT = 64

report(await limitsSection())

/** One decision beside rate-limiter-flexible, and the ladder of a whole exchange. CPU of one thread. */
async function limitsSection(): Promise<Section> {
  const { ours, theirs } = await measureDecisions()
  const warm = measureLadder({ peers: 50, rooms: 100, senders: 1_000 })
  const many = measureLadder({ peers: 50, rooms: 1_000, senders: KEYS })
  const shared = await measureRedis()
  const keys = `one of ${KEYS.toLocaleString('en')} buckets in any order`
  return {
    title: 'Rate limits: a decision, and the ladder of a message',
    rows: [
      row(keys, ours),
      row(`${keys}, rate-limiter-flexible`, theirs),
      row('all four rungs of a message, 1,000 senders', warm),
      row('all four rungs of a message, 100,000 senders: most keys are made anew', many),
      ...(shared === undefined ? [] : [row('four buckets in Redis, 64 calls in flight', shared)]),
    ],
    bars: [
      atLeast('rate-limiter-flexible : ours', quantile(theirs, 0.5) / quantile(ours, 0.5), 3),
      atMost('all four rungs of a message', quantile(warm, 0.5), '2 µs'),
    ],
    ...(shared === undefined && {
      notes: ['no Redis answers on this machine: its row is missing'],
    }),
  }
}

function row(what: string, values: readonly number[]) {
  return { what, unit: 'µs', median: quantile(values, 0.5), p99: quantile(values, 0.99) } as const
}

/**
 * Batches in turn, so that both meet the same machine; each is handed its keys. Neither ever refuses, and
 * no bucket is full again or expires while it is measured.
 */
async function measureDecisions() {
  const store = createMemoryBucketStore()
  const limiter = new RateLimiterMemory({ points: 1e9, duration: 3_600 })
  const keys = Array.from({ length: KEYS }, randomKey)
  const texts = keys.map(textOf)
  const rate = { perSecond: 0.01, burst: 1_000_000 }
  for (const key of keys) store.take([takeOf(key, { rate })], Date.now())
  for (const text of texts) await limiter.consume(text)
  const ours: number[] = []
  const theirs: number[] = []
  for (let batch = 0; batch < WARM_UP + BATCHES; batch += 1) {
    const places = Array.from({ length: BATCH }, () => Math.floor(Math.random() * KEYS))
    const pickedKeys = places.flatMap((place) => keys[place] ?? [])
    const pickedTexts = places.flatMap((place) => texts[place] ?? [])
    const ourUs = cpuOf(() => {
      for (const key of pickedKeys) {
        const take = { key, rate, cost: 1, mode: 'spend', isShadow: false } as const
        if (store.take([take], Date.now()).kind !== 'taken') throw new Error('refused')
      }
    })
    const before = process.cpuUsage()
    for (const text of pickedTexts) await limiter.consume(text)
    const theirUs = since(before)
    if (batch < WARM_UP) continue
    ours.push(ourUs / BATCH)
    theirs.push(theirUs / BATCH)
  }
  return { ours, theirs }
}

/** As long as an opaque key is written. */
function textOf({ a, b, c, d }: BucketKey): string {
  return Buffer.from(Int32Array.of(a, b, c, d).buffer).toString('base64url')
}

interface Crowd {
  readonly peers: number
  readonly rooms: number
  readonly senders: number
}

/** As the pipeline does it: an exchange that was just parsed, so that its strings are new. */
function measureLadder({ peers, rooms, senders }: Crowd): readonly number[] {
  const plenty = { perSecond: 1e6, burst: 1e7 }
  const limits = limitsWith(Object.fromEntries(limitNames.map((name) => [name, plenty])))
  const limiter = createLimiter({
    store: createMemoryBucketStore(),
    keys: createBucketKeys(createSecretKey(randomBytes(32))),
    settings: { limits, costs: costDefaults },
  })
  const exchanges = Array.from({ length: senders }, (_, number): SubmitMessageExchange => {
    const domain = `p${number % peers}.example`
    return submit({
      origin: { kind: 'peer', domain: parseProviderDomain(domain) },
      room: parseMimiUri(`mimi://a.example/r/${number % rooms}`, 'room'),
      sender: parseMimiUri(`mimi://${domain}/u/${number}`, 'user'),
    })
  })
  const times: number[] = []
  for (let batch = 0; batch < WARM_UP + BATCHES; batch += 1) {
    const picked = Array.from({ length: BATCH }, () => {
      const one = exchanges[Math.floor(Math.random() * senders)]
      if (one === undefined) throw new Error('no exchange')
      return { ...one, room: parsedAnew(one.room), sender: parsedAnew(one.sender) }
    })
    const us = cpuOf(() => {
      for (const exchange of picked)
        if (isPending(limiter.check(exchange, Date.now()))) throw new Error('not in memory')
    })
    if (batch >= WARM_UP) times.push(us / BATCH)
  }
  return times
}

/** A string of its own, as out of the bytes of a request. */
function parsedAnew(uri: string): MimiUri {
  return parseMimiUri(Buffer.from(uri).toString())
}

/** Undefined where there is no server. */
async function measureRedis(): Promise<readonly number[] | undefined> {
  await using shared = createRedisBuckets({
    url: REDIS_URL,
    prefix: 'postern-bench:',
    deadlineMs: 1_000,
  })
  const rate = { perSecond: 1e5, burst: 1e6 }
  const takes = () =>
    [randomKey(), randomKey(), randomKey(), randomKey()].map((key) => takeOf(key, { rate }))
  const isThere = await answers(() => shared.look([]))
  if (!isThere) return undefined
  const times: number[] = []
  for (let batch = 0; batch < WARM_UP + BATCHES; batch += 1) {
    const asked = Array.from({ length: IN_FLIGHT }, takes)
    const before = process.cpuUsage()
    await Promise.all(asked.map((four) => shared.take(four)))
    if (batch >= WARM_UP) times.push(since(before) / IN_FLIGHT)
  }
  return times
}

/** Whether a connection comes about within a second. */
async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  const end = performance.now() + 1_000
  while (performance.now() < end) {
    const answered = await ask().then(
      () => true,
      () => false,
    )
    if (answered) return true
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
  return false
}

function cpuOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  return since(before)
}

/** CPU in µs. */
function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
