import { randomBytes } from 'node:crypto'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Store } from '../sqlite/store.ts'
import {
  outboxLimitDefaults,
  scheduleByTimer,
  type OutboxLimits,
  type Schedule,
} from './outbox-limits.ts'
import { OutboxLanes, type OutboxBody } from './outbox-lanes.ts'
import { OutboxProgress } from './outbox-progress.ts'
import { OutboxSender, type OutboxEvent, type SendNotify } from './outbox-sender.ts'
import { OutboxStore, type DeadLetter, type NewBody, type StoredBody } from './outbox-store.ts'

export interface OutboxOptions {
  /** Migrated with `outboxMigrations`. */
  readonly store: Store
  readonly send: SendNotify
  readonly clock: Clock
  readonly randomness?: Randomness | undefined
  readonly schedule?: Schedule | undefined
  readonly limits?: Partial<OutboxLimits> | undefined
  readonly onEvent?: ((event: OutboxEvent) => void) | undefined
}

export interface FanOut {
  readonly room: MimiUri
  readonly peers: readonly ProviderDomain[]
  /** The body of one notify request; every attempt at every peer sends exactly these bytes. */
  readonly bytes: Buffer
  readonly suite?: string | undefined
  /** By which copies that nobody has yet can be withdrawn. */
  readonly tag?: Buffer | undefined
}

export interface Enqueued {
  readonly queued: number
  /** Peers whose lane is full: their delivery is a dead letter already. */
  readonly overflowed: readonly ProviderDomain[]
}

export interface OutboxCounts {
  /** Deliveries, not bodies; those in flight included. */
  readonly waiting: number
  readonly inFlight: number
  readonly bytes: number
  readonly deadLetters: number
  /** How long the oldest delivery waits, in ms. */
  readonly oldestMs: number
}

/**
 * The durable push queue towards followers: what was enqueued is delivered at least once, in order per
 * peer and room, with retries of the same bytes, or ends as a dead letter that is listed.
 */
export class Outbox implements AsyncDisposable {
  private readonly clock: Clock
  private readonly limits: OutboxLimits
  private readonly store: OutboxStore
  private readonly lanes: OutboxLanes
  private readonly progress: OutboxProgress
  private readonly sender: OutboxSender
  private nextId: number

  /** Takes up what an earlier process left; sends nothing yet. Throws `store-unavailable`. */
  constructor(options: OutboxOptions) {
    const { clock, send, randomness = randomBytes, schedule = scheduleByTimer } = options
    this.clock = clock
    this.limits = { ...outboxLimitDefaults, ...options.limits }
    this.store = new OutboxStore(options.store)
    this.lanes = new OutboxLanes(this.limits.memoryBytesMax)
    const shared = { store: this.store, limits: this.limits, clock, schedule }
    this.progress = new OutboxProgress(shared)
    this.sender = new OutboxSender({
      ...shared,
      randomness,
      send,
      onEvent: options.onEvent ?? (() => {}),
      lanes: this.lanes,
      progress: this.progress,
    })
    this.nextId = this.store.lastId() + 1
    this.load()
  }

  /** Begins to send. Throws `store-unavailable`. */
  async start(): Promise<void> {
    await this.purge()
    this.sender.start()
  }

  /** Forgets dead letters that are too old. Throws `store-unavailable`. */
  purge(): Promise<void> {
    return this.store.purge(this.clock() - this.limits.deadAgeMsMax)
  }

  /**
   * Resolves when the body and its destinations are on the disk; delivery goes on behind it. Throws
   * `queue-full` beyond the bounds of the whole outbox (a full peer only overflows), `store-unavailable`.
   */
  async enqueue({ room, peers, bytes, suite, tag }: FanOut): Promise<Enqueued> {
    const unique = [...new Set(peers)]
    if (unique.length === 0) return { queued: 0, overflowed: [] }
    const { deliveriesMax, deliveriesPerPeerMax, bytesMax } = this.limits
    const { lanes } = this
    if (lanes.waiting + unique.length > deliveriesMax || lanes.bytes + bytes.length > bytesMax)
      throw new GatewayError('queue-full', { retryAfterMs: FULL_RETRY_MS })
    const overflowed = unique.filter((peer) => lanes.countOf(peer) >= deliveriesPerPeerMax)
    const open = unique.filter((peer) => !overflowed.includes(peer))
    const atMs = this.clock()
    const id = this.nextId++
    lanes.reserve(open.length, bytes.length)
    try {
      const { deadMax } = this.limits
      const body = { id, room, suite, bytes, atMs, peers: open, overflowed, tag }
      await this.store.insert(body, deadMax)
    } catch (error) {
      lanes.release(open.length, bytes.length)
      throw error
    }
    this.progress.overflowed(overflowed.length)
    if (open.length === 0) lanes.release(0, bytes.length)
    else this.dispatch({ id, room, suite, atMs, bytes, peers: open, overflowed })
    return { queued: open.length, overflowed }
  }

  /**
   * Drops the copies of what has this tag that no peer has yet, for good; durable once it resolves. One
   * that is being sent at the moment may still arrive. Returns how many were dropped.
   */
  async withdraw(room: MimiUri, tag: Buffer): Promise<number> {
    await this.progress.close()
    const found = this.store.tagged(room, tag)
    if (found.length === 0) return 0
    const ids = found.map(({ id }) => id)
    for (const id of ids) this.sender.withdrawn.add(id)
    await this.store.withdraw(ids)
    return found.reduce((sum, { peers }) => sum + peers.length, 0)
  }

  counts(): OutboxCounts {
    const { waiting, bytes } = this.lanes
    return { waiting, bytes, ...this.sender.counts(), deadLetters: this.progress.deadLetters }
  }

  /** The newest first; at most 1,000. */
  deadLetters(limit = DEAD_ROWS_MAX): readonly DeadLetter[] {
    return this.store.dead(Math.min(limit, DEAD_ROWS_MAX))
  }

  /**
   * Begins nothing new; resolves when what is under way has ended, or was aborted by `signal`, and is
   * written down. What waits stays for the next start. Throws `store-unavailable`.
   */
  async drain(signal: AbortSignal): Promise<void> {
    await this.sender.drain(signal)
    await this.progress.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain(AbortSignal.abort())
  }

  private load(): void {
    let afterId = 0
    for (;;) {
      const page = this.store.page(afterId, PAGE_ROWS)
      for (const body of page) {
        this.lanes.reserve(body.peers.length, body.size)
        this.append(body)
        afterId = body.id
      }
      if (page.length < PAGE_ROWS) return
    }
  }

  /** INVARIANT: the store settles writes in their order, so lanes fill in the order of the ids. */
  private dispatch({ id, room, suite, atMs, bytes, peers, overflowed }: NewBody): void {
    const died = overflowed.length > 0
    const size = bytes.length
    const body = this.append({ id, room, suite, size, enqueuedAtMs: atMs, peers, died })
    this.lanes.load(body, Buffer.from(bytes))
    for (const peer of peers) {
      const lane = this.lanes.peers.get(peer)
      if (lane !== undefined) this.sender.pump(lane)
    }
  }

  private append({ peers, ...fields }: StoredBody): OutboxBody {
    const body: OutboxBody = { ...fields, bytes: undefined, waiting: [...peers] }
    for (const peer of peers) this.lanes.append(peer, body)
    return body
  }
}

const PAGE_ROWS = 1_000
const DEAD_ROWS_MAX = 1_000
const FULL_RETRY_MS = 5_000
