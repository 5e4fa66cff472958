import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { LOW_SHARE, type Take, type TakeOutcome } from './bucket-store.ts'
import type { BucketKey } from './bucket-table.ts'
import { intervalMs } from './gcra.ts'
import { chargeScript, lookScript, takeScript } from './redis-scripts.ts'
import type { SharedBuckets } from './shared-store.ts'

export interface RedisBucketOptions {
  /** `redis:` or `rediss:`, of one server that all nodes of a gateway share. */
  readonly url: string
  /** Before every key. */
  readonly prefix?: string
  /** How long an answer may take. */
  readonly deadlineMs: number
}

/**
 * Buckets in a Redis or Valkey server: one script per call, so that it is atomic, by the server's clock.
 * Connects at once and again whenever the connection is lost; until then every call is rejected.
 */
export function createRedisBuckets(options: RedisBucketOptions): SharedBuckets {
  return new RedisBuckets(options)
}

class RedisBuckets implements SharedBuckets {
  private readonly url: string
  private readonly prefix: string
  private readonly deadlineMs: number
  private client: Redis

  constructor({ url, prefix = PREFIX, deadlineMs }: RedisBucketOptions) {
    this.url = url
    this.prefix = prefix
    this.deadlineMs = deadlineMs
    this.client = connected(url)
  }

  async take(takes: readonly Take[]): Promise<TakeOutcome> {
    return readOutcome(await this.run(TAKE, this.given(takes, String(LOW_SHARE))))
  }

  async charge(takes: readonly Take[]): Promise<void> {
    // By its text: what is asked again because the server forgot a script comes after what followed it.
    const charged = this.client.eval(chargeScript, ...this.given(takes))
    await withDeadline(charged, this.deadlineMs)
  }

  async look(buckets: readonly Pick<Take, 'key' | 'rate'>[]): Promise<readonly number[]> {
    const looks = buckets.map(
      (bucket) => ({ ...bucket, cost: 0, mode: 'peek', isShadow: false }) as const,
    )
    const lefts = await this.run(LOOK, this.given(looks))
    return numbers(lefts).map((thousandths) => thousandths / 1_000)
  }

  /** A connection that stands, and over which nothing comes back, would stand for a long time. */
  renew(): void {
    const { client } = this
    if (client.status !== 'ready' && client.status !== 'connect') return
    this.client = connected(this.url)
    client.disconnect()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect()
    return Promise.resolve()
  }

  /** What a script is given: the number of keys, the keys, and four values for each. */
  private given(takes: readonly Take[], ...more: readonly string[]): Given {
    const keys = takes.map(({ key }) => this.prefix + keyText(key))
    const parameters = takes.flatMap(({ rate, cost, mode, isShadow }) => {
      const letter = mode === 'peek' ? 'p' : 's'
      return [
        String(intervalMs(rate)),
        String(rate.burst),
        String(cost),
        isShadow ? letter.toUpperCase() : letter,
      ]
    })
    return [keys.length, ...keys, ...parameters, ...more]
  }

  private run(script: Script, given: Given): Promise<unknown> {
    return withDeadline(this.ask(script, given), this.deadlineMs)
  }

  /** A server that was restarted has to be told the script again. */
  private async ask({ text, digest }: Script, given: Given): Promise<unknown> {
    const { client } = this
    try {
      return await client.evalsha(digest, ...given)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return client.eval(text, ...given)
    }
  }
}

type Given = readonly [keys: number, ...rest: readonly string[]]

function connected(url: string): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    connectionName: 'postern-limiter',
    connectTimeout: CONNECT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(RETRY_MS * attempts, RETRY_MS_MAX),
  })
  // Whoever asks meanwhile learns of it by a rejected call.
  client.on('error', () => {})
  client.connect().catch(() => {})
  return client
}

interface Script {
  readonly text: string
  readonly digest: string
}

function scriptOf(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}

/** 22 characters of base64url. */
function keyText({ a, b, c, d }: BucketKey): string {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeInt32BE(a, 0)
  bytes.writeInt32BE(b, 4)
  bytes.writeInt32BE(c, 8)
  bytes.writeInt32BE(d, 12)
  return bytes.toString('base64url')
}

/** Places are counted from 1 in scripts. */
function readOutcome(answer: unknown): TakeOutcome {
  const [isTaken, ...rest] = Array.isArray(answer) ? (answer as unknown[]) : []
  if (isTaken === 1) {
    const low = numbers(rest[0])
    const shadowed = numbers(rest[1]).map((place) => place - 1)
    const lows = low.flatMap((place, at) =>
      at % 2 === 0 ? [{ index: place - 1, left: (low[at + 1] ?? 0) / 1_000 }] : [],
    )
    return {
      kind: 'taken',
      low: lows.length === 0 ? undefined : lows,
      shadowed: shadowed.length === 0 ? undefined : shadowed,
    }
  }
  const [place, retryAfterMs, left] = numbers(rest)
  if (isTaken !== 0 || place === undefined || retryAfterMs === undefined || left === undefined)
    throw new TypeError('the script gave no outcome')
  return { kind: 'limited', index: place - 1, retryAfterMs, left: left / 1_000 }
}

function numbers(values: unknown): readonly number[] {
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'number'))
    throw new TypeError('the script gave no numbers')
  return values
}

/**
 * What is already in the socket when the time is over still counts: a loop that was busy is not the
 * server's delay.
 */
async function withDeadline<T>(asked: Promise<T>, deadlineMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    setImmediate(() => reject(new Error('no answer in time')))
  }, deadlineMs)
  try {
    return await Promise.race([asked, promise])
  } finally {
    clearTimeout(timer)
  }
}

const TAKE = scriptOf(takeScript)
const LOOK = scriptOf(lookScript)
const PREFIX = 'postern:limit:'
const CONNECT_MS = 1_000
const RETRY_MS = 100
const RETRY_MS_MAX = 2_000
