import type { Clock } from '../model/clock.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { OutboxBody } from './outbox-lanes.ts'
import type { OutboxLimits, Schedule } from './outbox-limits.ts'
import type { DeadReason, OutboxStore, Progress } from './outbox-store.ts'

export interface ProgressOptions {
  readonly store: OutboxStore
  readonly limits: OutboxLimits
  readonly clock: Clock
  readonly schedule: Schedule
}

/**
 * Writes down what is done, in groups: a body that all peers took within one group costs one delete,
 * however many they are. What is not written yet is repeated after a crash, never lost.
 */
export class OutboxProgress {
  deadLetters: number
  private readonly options: ProgressOptions
  private finished: number[] = []
  private died: Progress['died'][number][] = []
  /** Bodies for which fewer peers wait than is written. */
  private readonly changed = new Set<OutboxBody>()
  private changes = 0
  private cancelTimer: (() => void) | undefined
  private flushing: Promise<void> | undefined

  constructor(options: ProgressOptions) {
    this.options = options
    this.deadLetters = options.store.deadCount()
  }

  delivered(body: OutboxBody, peer: ProviderDomain): void {
    removePeer(body.waiting, peer)
    if (body.waiting.length > 0 || body.died) this.changed.add(body)
    else {
      this.changed.delete(body)
      this.finished.push(body.id)
    }
    this.count()
  }

  dead(body: OutboxBody, peer: ProviderDomain, { reason, status }: DeadEnd): void {
    removePeer(body.waiting, peer)
    body.died = true
    this.changed.add(body)
    this.died.push({ bodyId: body.id, peer, reason, status })
    this.countDead(1)
    this.count()
  }

  /** Deliveries that were written as dead letters when they were enqueued. */
  overflowed(count: number): void {
    this.countDead(count)
  }

  /** Resolves when everything is written. Throws `store-unavailable`. */
  async close(): Promise<void> {
    while (this.flushing !== undefined || this.changes > 0) await (this.flushing ?? this.flush())
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private countDead(count: number): void {
    this.deadLetters = Math.min(this.deadLetters + count, this.options.limits.deadMax)
  }

  private count(): void {
    this.changes += 1
    this.arm(this.options.limits.flushMs)
  }

  private arm(delayMs: number): void {
    if (this.changes >= this.options.limits.flushCountMax) this.flushSoon()
    else this.cancelTimer ??= this.options.schedule(() => this.flushSoon(), delayMs)
  }

  private flushSoon(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    // One that is under way arms the next when it ends.
    if (this.flushing === undefined && this.changes > 0) this.flush().catch(() => {})
  }

  private flush(): Promise<void> {
    this.flushing = this.write(this.takeBatch())
    return this.flushing
  }

  private async write(batch: Batch): Promise<void> {
    const { store, clock, limits, schedule } = this.options
    let delayMs = limits.flushMs
    try {
      await store.flush(batch, clock(), limits.deadMax)
    } catch (error) {
      this.putBack(batch)
      delayMs = RETRY_MS
      throw error
    } finally {
      this.flushing = undefined
      if (this.changes > 0) this.cancelTimer ??= schedule(() => this.flushSoon(), delayMs)
    }
  }

  private takeBatch(): Batch {
    const bodies = [...this.changed]
    const changed = bodies.map(({ id, waiting }) => ({ id, waiting: [...waiting] }))
    const batch = { finished: this.finished, died: this.died, changed, bodies }
    this.changed.clear()
    this.finished = []
    this.died = []
    this.changes = 0
    return batch
  }

  private putBack({ finished, died, bodies }: Batch): void {
    this.finished.push(...finished)
    this.died.push(...died)
    for (const body of bodies) if (body.waiting.length > 0 || body.died) this.changed.add(body)
    this.changes += finished.length + died.length + bodies.length
  }
}

interface Batch extends Progress {
  readonly bodies: readonly OutboxBody[]
}

function removePeer(waiting: ProviderDomain[], peer: ProviderDomain): void {
  const at = waiting.indexOf(peer)
  const last = at === -1 ? undefined : waiting.pop()
  if (last !== undefined && at < waiting.length) waiting[at] = last
}

export interface DeadEnd {
  readonly reason: DeadReason
  readonly status: number | undefined
}

const RETRY_MS = 1_000
