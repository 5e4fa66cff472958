import {
  LOW_SHARE,
  type BucketStore,
  type BucketStoreState,
  type LowBucket,
  type Take,
  type TakeOutcome,
} from './bucket-store.ts'
import { BucketTable, type BucketKey } from './bucket-table.ts'
import {
  chargeBucket,
  fillTimeMs,
  intervalMs,
  leftInBucket,
  takeFromBucket,
  type GcraOutcome,
  type Rate,
} from './gcra.ts'

/** A store that answers at once. */
export interface MemoryBucketStore extends BucketStore {
  take(takes: readonly Take[], nowMs: number): TakeOutcome
  look(buckets: readonly Pick<Take, 'key' | 'rate'>[], nowMs: number): readonly number[]
}

export interface MemoryBucketStoreOptions {
  /** How many buckets are held at most. */
  readonly keysMax?: number
}

/**
 * Buckets in this process. Full ones are forgotten in passing, a few places per call, so there is no
 * timer; at `keysMax` the bucket that is nearest to full of a small sample is given up.
 */
export function createMemoryBucketStore(options: MemoryBucketStoreOptions = {}): MemoryBucketStore {
  return new MemoryBuckets(options.keysMax ?? KEYS_MAX)
}

class MemoryBuckets implements MemoryBucketStore {
  private readonly table = new BucketTable()
  private readonly keysMax: number
  /** Of the call under way: the places of its buckets, negative for full ones, and their states before and after. */
  private readonly places: number[] = []
  private readonly before: number[] = []
  private readonly after: number[] = []
  private cursor = 0
  private evicted = 0

  constructor(keysMax: number) {
    this.keysMax = keysMax
  }

  take(takes: readonly Take[], nowMs: number): TakeOutcome {
    this.sweep(takes.length * SWEEP_PER_TAKE, nowMs)
    let worst: Worst | undefined
    let low: LowBucket[] | undefined
    let shadowed: number[] | undefined
    let isNew = false
    // A counted loop, and one for all: iterators and a second round cost more than the decision.
    for (let index = 0; index < takes.length; index += 1) {
      const take = takes[index]
      if (take === undefined) break
      const { rate, mode, isShadow } = take
      const outcome = this.tryOne(take, index, nowMs)
      if (outcome.kind === 'limited') {
        if (isShadow) (shadowed ??= []).push(index)
        else if (worst === undefined || outcome.retryAfterMs > worst.retryAfterMs)
          worst = { index, retryAfterMs: outcome.retryAfterMs }
        continue
      }
      const place = this.places[index] ?? -1
      const tatMs = mode === 'peek' ? outcome.tatMs - costMs(take) : outcome.tatMs
      if (tatMs - nowMs > (1 - LOW_SHARE) * fillTimeMs(rate))
        (low ??= []).push({ index, left: leftInBucket(rate, { tatMs, nowMs }) })
      if (mode === 'peek') continue
      if (place < 0) isNew = true
      else this.table.write(place, outcome.tatMs)
    }
    if (worst !== undefined) return this.undo(takes, nowMs, worst)
    // INVARIANT: last, as each new bucket may move others.
    if (isNew) this.insertNew(takes, shadowed)
    return low === undefined && shadowed === undefined ? TAKEN : { kind: 'taken', low, shadowed }
  }

  charge(takes: readonly Take[], nowMs: number): void {
    this.sweep(takes.length * SWEEP_PER_TAKE, nowMs)
    for (const { key, rate, cost } of takes) {
      const place = this.table.find(key)
      const next = chargeBucket(rate, { tatMs: this.stateAt(place), nowMs }, cost)
      if (place < 0) this.insert(key, next)
      else this.table.write(place, next)
    }
  }

  look(buckets: readonly Pick<Take, 'key' | 'rate'>[], nowMs: number): readonly number[] {
    return buckets.map(({ key, rate }) =>
      leftInBucket(rate, { tatMs: this.stateAt(this.table.find(key)), nowMs }),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  state(): BucketStoreState {
    const { evicted: evictions, table } = this
    return { kind: 'memory', degraded: false, buckets: table.size, evictions, fallbacks: 0 }
  }

  private tryOne({ key, rate, cost }: Take, index: number, nowMs: number): GcraOutcome {
    const place = this.table.find(key)
    const tatMs = place < 0 ? nowMs : this.table.read(place)
    const outcome = takeFromBucket(rate, { tatMs, nowMs }, cost)
    this.places[index] = place
    this.before[index] = tatMs
    this.after[index] = outcome.tatMs
    return outcome
  }

  private insertNew(takes: readonly Take[], shadowed: readonly number[] | undefined): void {
    for (const [index, { key, mode }] of takes.entries()) {
      const isFull = (this.places[index] ?? 0) < 0
      if (isFull && mode !== 'peek' && shadowed?.includes(index) !== true)
        this.insert(key, this.after[index] ?? 0)
    }
  }

  /**
   * Puts all states back; not further ahead than a bucket takes to fill, since a clock may have been
   * set back.
   */
  private undo(takes: readonly Take[], nowMs: number, worst: Worst): TakeOutcome {
    for (const [index, { rate }] of takes.entries()) {
      const place = this.places[index] ?? -1
      const tatMs = this.before[index] ?? nowMs
      if (place >= 0) this.table.write(place, Math.min(tatMs, nowMs + fillTimeMs(rate)))
    }
    const rate = takes[worst.index]?.rate ?? NO_RATE
    const left = leftInBucket(rate, { tatMs: this.before[worst.index], nowMs })
    return { kind: 'limited', ...worst, left }
  }

  private stateAt(place: number): number | undefined {
    return place < 0 ? undefined : this.table.read(place)
  }

  private insert(key: BucketKey, stateMs: number): void {
    if (this.table.size >= this.keysMax) this.evictOne()
    this.table.insert(key, stateMs)
  }

  /** Looks at a few places of an endless round over all of them. */
  private sweep(count: number, nowMs: number): void {
    for (let swept = 0; swept < count; swept += 1) {
      const place = this.nextPlace()
      const stateMs = this.table.read(place)
      if (stateMs === 0 || stateMs > nowMs) continue
      this.table.remove(place)
      // Another bucket may stand here now.
      this.cursor = place
    }
  }

  private evictOne(): void {
    let victim = -1
    let leastMs = Infinity
    for (let sampled = 0; sampled < EVICTION_SAMPLE;) {
      const place = this.nextPlace()
      const stateMs = this.table.read(place)
      if (stateMs === 0) continue
      sampled += 1
      if (stateMs >= leastMs) continue
      victim = place
      leastMs = stateMs
    }
    this.table.remove(victim)
    this.evicted += 1
  }

  private nextPlace(): number {
    const place = this.cursor < this.table.places ? this.cursor : 0
    this.cursor = place + 1
    return place
  }
}

interface Worst {
  readonly index: number
  readonly retryAfterMs: number
}

function costMs({ rate, cost }: Take): number {
  return Math.min(cost, rate.burst) * intervalMs(rate)
}

const TAKEN: TakeOutcome = Object.freeze({ kind: 'taken' })
const NO_RATE: Rate = { perSecond: 1, burst: 1 }
const KEYS_MAX = 200_000
/**
 * A take adds one bucket at most. Where all are new and soon full again, a round over the places meets a
 * third of them taken, and the round keeps up.
 */
const SWEEP_PER_TAKE = 4
const EVICTION_SAMPLE = 8
