import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Store } from '../sqlite/store.ts'
import { Feed, feedLimitDefaults, type FeedHealth, type FeedLimits, type FeedSpec } from './feed.ts'
import { FeedStore, type DeadLetter, type FeedPlace } from './feed-store.ts'
import { testHappening } from './happenings.ts'

export interface FeedsOptions {
  /** Migrated with `feedMigrations`. */
  readonly store: Store
  readonly clock: Clock
  readonly randomness: Randomness
  readonly onFault: (fault: unknown) => void
  readonly limits?: Partial<FeedLimits> | undefined
}

/** A feed as an operator sees it; never where it goes. */
export interface FeedView extends FeedHealth, Omit<FeedPlace, 'done'> {
  readonly name: string
  readonly kind: FeedSpec['kind']
  /** Counted up to 10,000. */
  readonly waiting: number
  readonly deadLetters: number
}

/** What came of a test: the receiver's status, or our code for what went wrong. */
export interface TestOutcome {
  readonly status: number | undefined
  readonly fault: string | undefined
}

/**
 * Tells others of what happens to cases. Each feed has numbers and a place of its own, so that none
 * waits for another and none learns what was not for it.
 */
export class Feeds {
  private readonly options: FeedsOptions
  private readonly store: FeedStore
  private feeds: readonly Feed[] = []
  private prunedAtMs = 0

  constructor(options: FeedsOptions) {
    this.options = options
    this.store = new FeedStore(options.store)
  }

  /** These feeds from now on; what waits for those that stay is told by them. Throws `store-unavailable`. */
  async configure(specs: readonly FeedSpec[]): Promise<void> {
    await this.stop()
    await this.store.sync(specs.map(({ name }) => name))
    const { clock, randomness, onFault, limits } = this.options
    const parts = {
      store: this.store,
      clock,
      randomness,
      onFault,
      limits: { ...feedLimitDefaults, ...limits },
    }
    this.feeds = specs.map((spec) => new Feed(spec, parts))
  }

  /** Tells everybody what is due. Never rejects. */
  async pump(): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.pump()))
    await this.prune()
  }

  list(): readonly FeedView[] {
    return this.feeds.map((feed) => {
      const { name, kind } = feed.spec
      const { done: _, ...place } = this.store.place(name)
      const deadLetters = this.store.deadCount(name)
      return {
        name,
        kind,
        ...place,
        ...feed.health(),
        waiting: feed.waiting(COUNTED_MAX),
        deadLetters,
      }
    })
  }

  /** Whether every receiver takes what it is sent, and nothing was given up. */
  fine(): boolean {
    return this.feeds.every(
      (feed) => feed.health().failures === 0 && this.store.deadCount(feed.spec.name) === 0,
    )
  }

  /** The newest first, at most 1,000. Throws `not-found`. */
  deadLetters(name: string, limit: number): readonly DeadLetter[] {
    this.find(name)
    return this.store.deadLetters(name, Math.min(limit, LISTED_MAX))
  }

  /** Sends one event `test` to a webhook now. Throws `not-found`, and `malformed-request` for other feeds. */
  async test(name: string): Promise<TestOutcome> {
    const { spec } = this.find(name)
    if (spec.kind !== 'webhook')
      throw new GatewayError('malformed-request', { facts: { reason: 'no-test' } })
    const { clock, randomness } = this.options
    const happening = testHappening(randomness(16).toString('hex'), clock())
    try {
      const signal = AbortSignal.timeout(TEST_MS)
      const { status } = await spec.receiver.deliver([happening], signal)
      return { status, fault: undefined }
    } catch (error) {
      const fault = error instanceof GatewayError ? error.code : 'internal'
      return { status: undefined, fault }
    }
  }

  /** Tries dead letters again: one of a number, or all. Resolves to how many. Throws `not-found`. */
  async redrive(name: string, number: number | undefined): Promise<number> {
    const feed = this.find(name)
    const count = await this.store.again(name, number, this.options.clock())
    void feed.pump()
    return count
  }

  /** Resolves when what is under way has ended or was given up. */
  async stop(): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.stop()))
    this.feeds = []
  }

  private find(name: string): Feed {
    const feed = this.feeds.find(({ spec }) => spec.name === name)
    if (feed === undefined) throw new GatewayError('not-found')
    return feed
  }

  private async prune(): Promise<void> {
    const nowMs = this.options.clock()
    if (nowMs - this.prunedAtMs < PRUNE_MS) return
    this.prunedAtMs = nowMs
    try {
      await this.store.prune(nowMs - DEAD_KEPT_MS)
    } catch (fault) {
      this.options.onFault(fault)
    }
  }
}

/** As long as the cases that are forgotten first. */
const DEAD_KEPT_MS = 14 * 86_400_000
const PRUNE_MS = 60_000
const TEST_MS = 15_000
const COUNTED_MAX = 10_000
const LISTED_MAX = 1_000
