import type { Eventually } from '../model/eventually.ts'
import type { MemoryBucketStore } from './bucket-store-memory.ts'
import type { BucketStore, BucketStoreState, Take, TakeOutcome } from './bucket-store.ts'
import type { Rate } from './gcra.ts'

/** Buckets that several nodes share. Every call may be rejected, for whatever reason. */
export interface SharedBuckets extends AsyncDisposable {
  take(takes: readonly Take[]): Promise<TakeOutcome>
  charge(takes: readonly Take[]): Promise<void>
  look(buckets: readonly Pick<Take, 'key' | 'rate'>[]): Promise<readonly number[]>
  /** Connects afresh: for where answers did not come. */
  renew(): void
}

export interface SharedStoreOptions {
  readonly shared: SharedBuckets
  /** What this node goes by while the shared ones are away. */
  readonly local: MemoryBucketStore
  /** How often it is looked whether they are back. */
  readonly probeMs?: number
  /** Told when they go and when they are back. */
  readonly onChange?: ((isAway: boolean) => void) | undefined
  /** Told of each decision that was made without them. */
  readonly onFallback?: (() => void) | undefined
}

/**
 * Shared buckets with a way out: where they do not answer, this node decides by itself with half of each
 * limit, rate and burst, and looks now and then whether they are back. A limiter that is away must
 * neither stop messages nor let a flood through.
 */
export function createSharedStore(options: SharedStoreOptions): BucketStore {
  return new SharedStore(options)
}

class SharedStore implements BucketStore {
  private readonly options: SharedStoreOptions
  private isAway = false
  /** Since the last answer. */
  private failures = 0
  private fallbacks = 0
  private probe: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(options: SharedStoreOptions) {
    this.options = options
  }

  take(takes: readonly Take[], nowMs: number): Eventually<TakeOutcome> {
    if (this.isAway) return this.takeHere(takes, nowMs)
    return this.takeShared(takes, nowMs)
  }

  charge(takes: readonly Take[], nowMs: number): void {
    const { shared, local } = this.options
    const here = (): void => local.charge(halved(takes), nowMs)
    if (this.isAway) here()
    else
      shared.charge(takes).catch(() => {
        this.failed()
        here()
      })
  }

  look(
    buckets: readonly Pick<Take, 'key' | 'rate'>[],
    nowMs: number,
  ): Eventually<readonly number[]> {
    const { shared, local } = this.options
    const here = (): readonly number[] => local.look(halved(buckets), nowMs)
    return this.isAway ? here() : shared.look(buckets).catch(here)
  }

  state(): BucketStoreState {
    const { fallbacks, isAway: degraded } = this
    return { ...this.options.local.state(), kind: 'redis', degraded, fallbacks }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true
    this.isAway = true
    clearTimeout(this.probe)
    await this.options.shared[Symbol.asyncDispose]()
  }

  private async takeShared(takes: readonly Take[], nowMs: number): Promise<TakeOutcome> {
    try {
      const outcome = await this.options.shared.take(takes)
      this.failures = 0
      return outcome
    } catch {
      this.failed()
      return this.takeHere(takes, nowMs)
    }
  }

  private takeHere(takes: readonly Take[], nowMs: number): TakeOutcome {
    this.fallbacks += 1
    this.options.onFallback?.()
    return this.options.local.take(halved(takes), nowMs)
  }

  private failed(): void {
    this.failures += 1
    if (this.isAway || this.failures < FAILURES_MAX) return
    this.isAway = true
    this.options.onChange?.(true)
    this.lookLater()
  }

  private lookLater(): void {
    if (this.isClosed) return
    this.probe = setTimeout(() => void this.lookAgain(), this.options.probeMs ?? PROBE_MS)
    this.probe.unref()
  }

  private async lookAgain(): Promise<void> {
    try {
      await this.options.shared.look([])
    } catch {
      this.options.shared.renew()
      this.lookLater()
      return
    }
    if (this.isClosed) return
    this.isAway = false
    this.failures = 0
    this.options.onChange?.(false)
  }
}

function halved<T extends { readonly rate: Rate }>(takes: readonly T[]): readonly T[] {
  return takes.map((take) => ({ ...take, rate: halfOf(take.rate) }))
}

function halfOf({ perSecond, burst }: Rate): Rate {
  return { perSecond: perSecond / 2, burst: Math.max(1, burst / 2) }
}

/** So many calls in a row without an answer: one late answer is no reason to go by half limits. */
const FAILURES_MAX = 3
const PROBE_MS = 1_000
