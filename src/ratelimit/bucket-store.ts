import type { Eventually } from '../model/eventually.ts'
import type { BucketKey } from './bucket-table.ts'
import type { Rate } from './gcra.ts'

/** One bucket to take from. Keys are opaque: HMACs, so that the store is no metadata log. */
export interface Take {
  readonly key: BucketKey
  readonly rate: Rate
  /** A cost above the burst empties a full bucket. */
  readonly cost: number
  /** `peek` asks whether the cost is there and leaves it. */
  readonly mode: 'spend' | 'peek'
  /** Limits nothing: where its bucket lacks the cost it is left alone, and that is told. */
  readonly isShadow: boolean
}

export type TakeOutcome =
  | {
      readonly kind: 'taken'
      /** Takes of which less than `LOW_SHARE` is left; undefined for none. */
      readonly low?: readonly LowBucket[] | undefined
      /** Shadow takes that lacked their cost, by their place; undefined for none. */
      readonly shadowed?: readonly number[] | undefined
    }
  /**
   * `index` is the take with the longest wait, `retryAfterMs` that wait, `left` what its bucket holds.
   */
  | {
      readonly kind: 'limited'
      readonly index: number
      readonly retryAfterMs: number
      readonly left: number
    }

export interface LowBucket {
  readonly index: number
  /** In units, after the take. */
  readonly left: number
}

/** Where the buckets stand. The keys of one call differ. Every implementation passes test/support/bucket-store-suite.ts. */
export interface BucketStore extends AsyncDisposable {
  /** Atomically: takes all or, where one bucket lacks its cost, none. Never throws or rejects. */
  take(takes: readonly Take[], nowMs: number): Eventually<TakeOutcome>
  /** Takes whatever is there; an empty bucket stays empty. */
  charge(takes: readonly Take[], nowMs: number): void
  /** What each bucket holds, in units, on its own; takes nothing. */
  look(buckets: readonly Pick<Take, 'key' | 'rate'>[], nowMs: number): Eventually<readonly number[]>
  state(): BucketStoreState
}

export interface BucketStoreState {
  readonly kind: 'memory' | 'redis'
  /** Whether buckets that should be shared are for now this process's own, with half of each limit. */
  readonly degraded: boolean
  /** How many this process holds. */
  readonly buckets: number
  /** How many were given up before they were full again: above 0 means `limiterKeysMax` is too small. */
  readonly evictions: number
  /** How many decisions were made without the shared store, since the start. */
  readonly fallbacks: number
}

/** Below this share of its burst a bucket counts as low. */
export const LOW_SHARE = 0.2
