import type { Rate } from './gcra.ts'

/** One bucket to take from. Keys are opaque: HMACs, so that the store is no metadata log. */
export interface Take {
  readonly key: string
  readonly rate: Rate
  readonly cost: number
  /** `peek` asks whether the cost is there and leaves it. */
  readonly mode: 'spend' | 'peek'
}

export type TakeOutcome =
  | { readonly kind: 'taken' }
  /** `index` is the take with the longest wait, `retryAfterMs` that wait. */
  | { readonly kind: 'limited'; readonly index: number; readonly retryAfterMs: number }

/** Where the buckets stand. The keys of one call differ. Every implementation passes test/support/bucket-store-suite.ts. */
export interface BucketStore {
  /** Atomically: takes all or, where one bucket lacks its cost, none. */
  take(takes: readonly Take[], nowMs: number): TakeOutcome
  /** Takes whatever is there; an empty bucket stays empty. */
  charge(takes: readonly Take[], nowMs: number): void
}
