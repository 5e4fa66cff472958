import type { BucketStore, Take, TakeOutcome } from './bucket-store.ts'
import { chargeBucket, takeFromBucket } from './gcra.ts'

export interface MemoryBucketStore extends BucketStore {
  /** How many buckets are held. */
  size(): number
  /** How many buckets were given up before they were full again: above 0 means `keysMax` is too small. */
  evictions(): number
}

export interface MemoryBucketStoreOptions {
  /** How many buckets are held at most. */
  readonly keysMax?: number
}

/**
 * Buckets in this process. Full ones are forgotten in passing, a few per call, so there is no timer;
 * at `keysMax` the bucket that is nearest to full of a small sample is given up.
 */
export function createMemoryBucketStore({
  keysMax = KEYS_MAX,
}: MemoryBucketStoreOptions = {}): MemoryBucketStore {
  const tats = new Map<string, number>()
  let cursor = tats.entries()
  let evicted = 0

  /** The next bucket of an endless round over all of them. */
  const nextBucket = (): readonly [key: string, tatMs: number] | undefined => {
    const step = cursor.next()
    if (step.done !== true) return step.value
    cursor = tats.entries()
    const first = cursor.next()
    return first.done === true ? undefined : first.value
  }
  const sweep = (nowMs: number): void => {
    for (let swept = 0; swept < SWEEP_PER_CALL; swept += 1) {
      const bucket = nextBucket()
      if (bucket !== undefined && bucket[1] <= nowMs) tats.delete(bucket[0])
    }
  }
  const evictOne = (): void => {
    let victim: readonly [key: string, tatMs: number] | undefined
    for (let sampled = 0; sampled < EVICTION_SAMPLE; sampled += 1) {
      const bucket = nextBucket()
      if (bucket !== undefined && (victim === undefined || bucket[1] < victim[1])) victim = bucket
    }
    if (victim === undefined) return
    tats.delete(victim[0])
    evicted += 1
  }
  const put = (key: string, tatMs: number): void => {
    if (tats.size >= keysMax && !tats.has(key)) evictOne()
    tats.set(key, tatMs)
  }

  return {
    take: (takes, nowMs) => {
      sweep(nowMs)
      const check = checkAll(tats, takes, nowMs)
      if (check.kind === 'limited') {
        for (const [key, tatMs] of check.setBack) tats.set(key, tatMs)
        return check.outcome
      }
      for (const [index, take] of takes.entries()) {
        const tatMs = check.tatsMs[index]
        if (take.mode === 'spend' && tatMs !== undefined) put(take.key, tatMs)
      }
      return TAKEN
    },
    charge: (takes, nowMs) => {
      sweep(nowMs)
      for (const { key, rate, cost } of takes)
        put(key, chargeBucket(rate, { tatMs: tats.get(key), nowMs }, cost))
    },
    size: () => tats.size,
    evictions: () => evicted,
  }
}

type Check =
  | { readonly kind: 'checked'; readonly tatsMs: readonly number[] }
  | {
      readonly kind: 'limited'
      readonly outcome: TakeOutcome
      /** Buckets whose state lies further ahead than any clock that only goes forward can bring it. */
      readonly setBack: readonly (readonly [key: string, tatMs: number])[]
    }

function checkAll(tats: ReadonlyMap<string, number>, takes: readonly Take[], nowMs: number): Check {
  const tatsMs: number[] = []
  const setBack: (readonly [string, number])[] = []
  let longest = { index: -1, retryAfterMs: 0 }
  for (const [index, { key, rate, cost }] of takes.entries()) {
    const tatMs = tats.get(key)
    const outcome = takeFromBucket(rate, { tatMs, nowMs }, cost)
    tatsMs.push(outcome.tatMs)
    if (outcome.kind === 'taken') continue
    if (outcome.tatMs !== tatMs) setBack.push([key, outcome.tatMs])
    if (outcome.retryAfterMs > longest.retryAfterMs)
      longest = { index, retryAfterMs: outcome.retryAfterMs }
  }
  return longest.index < 0
    ? { kind: 'checked', tatsMs }
    : { kind: 'limited', outcome: { kind: 'limited', ...longest }, setBack }
}

const TAKEN: TakeOutcome = Object.freeze({ kind: 'taken' })
const KEYS_MAX = 200_000
/** A call adds hardly more buckets than this, so the round keeps up with them. */
const SWEEP_PER_CALL = 4
const EVICTION_SAMPLE = 8
