import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { createMemoryBucketStore } from '../../src/ratelimit/bucket-store-memory.ts'
import { createRedisBuckets } from '../../src/ratelimit/bucket-store-redis.ts'
import { createSharedStore, type SharedStoreOptions } from '../../src/ratelimit/shared-store.ts'
import { until } from './until.ts'

/** The server of the tests. */
const redisServer = new URL(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379')
/** A database in it that is theirs alone. */
const redisUrl = new URL('/11', redisServer).href
export const redisAddress = {
  host: redisServer.hostname,
  port: Number(redisServer.port || 6_379),
} as const

/** The same, by way of a proxy on this machine. */
export function redisUrlBy(port: number): string {
  const url = new URL(redisUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}

/** For keys of one run of the tests. */
export function freshPrefix(): string {
  return `postern-test:${randomBytes(8).toString('hex')}:`
}

export interface NodeOptions extends Partial<SharedStoreOptions> {
  readonly url?: string
  readonly prefix?: string
  readonly deadlineMs?: number
}

/** What one node of a gateway has of the shared buckets; closed when the test ends. */
export async function redisNode(options: NodeOptions = {}) {
  const { url = redisUrl, prefix = freshPrefix(), deadlineMs = 5_000, ...rest } = options
  const shared = createRedisBuckets({ url, prefix, deadlineMs })
  const local = createMemoryBucketStore()
  const store = createSharedStore({ shared, local, probeMs: 20, ...rest })
  onTestFinished(() => store[Symbol.asyncDispose]())
  await until(async () => {
    await shared.look([])
    return true
  })
  return { store, shared, local }
}

/** A client to look at, or to empty, what is stored. */
export async function redisClient(): Promise<Redis> {
  const client = new Redis(redisUrl, { lazyConnect: true })
  await client.connect()
  onTestFinished(() => client.disconnect())
  return client
}
