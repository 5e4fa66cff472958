import type { Clock } from '../model/clock.ts'
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
  private repeated: Progress['delivered'][number][] = []
  private readonly partial = new Set<OutboxBody>()
  private changes = 0
  private cancelTimer: (() => void) | undefined
  private flushing: Promise<void> | undefined

  constructor(options: ProgressOptions) {
    this.options = options
    this.deadLetters = options.store.deadCount()
  }

  delivered(body: OutboxBody, peer: string): void {
    body.open -= 1
    if (body.open > 0 || body.died) {
      body.delivered.push(peer)
      this.partial.add(body)
    } else {
      this.partial.delete(body)
      this.finished.push(body.id)
    }
    this.changed()
  }

  dead(body: OutboxBody, peer: string, { reason, status }: DeadEnd): void {
    body.open -= 1
    body.died = true
    this.died.push({ bodyId: body.id, peer, reason, status })
    this.countDead(1)
    this.changed()
  }

  /** Deliveries that were written as dead letters when they were enqueued. */
  overflowed(count: number): void {
    this.countDead(count)
  }

  /** Resolves when everything is written. Throws `store-unavailable`. */
  async close(): Promise<void> {
    while (this.flushing !== undefined || this.changes > 0) await (this.flushing ?? this.flush())
    this.cancelTimer?.()
  }

  private countDead(count: number): void {
    this.deadLetters = Math.min(this.deadLetters + count, this.options.limits.deadMax)
  }

  private changed(): void {
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

  private async write(batch: Progress): Promise<void> {
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

  private takeBatch(): Progress {
    const delivered = this.repeated
    this.repeated = []
    for (const body of this.partial)
      for (const peer of body.delivered.splice(0)) delivered.push([body.id, peer])
    const batch = { finished: this.finished, died: this.died, delivered }
    this.partial.clear()
    this.finished = []
    this.died = []
    this.changes = 0
    return batch
  }

  private putBack({ finished, died, delivered }: Progress): void {
    this.finished.push(...finished)
    this.died.push(...died)
    this.repeated.push(...delivered)
    this.changes += finished.length + died.length + delivered.length
  }
}

export interface DeadEnd {
  readonly reason: DeadReason
  readonly status: number | undefined
}

const RETRY_MS = 1_000
