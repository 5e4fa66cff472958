import {
  backoffMs,
  verdictOfFault,
  verdictOfStatus,
  type Verdict,
} from '../delivery/outbox-verdict.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { DeathReason, FeedStore } from './feed-store.ts'
import type { Happening, Numbered } from './happenings.ts'

/** Whoever is told. */
export interface Receiver {
  /** How many it takes at a time. */
  readonly batchMax: number
  /**
   * Resolves when it has answered: 200 to 299 is taken, other answers as in the outbox. A fault without
   * a code of ours counts as one that cannot be reached.
   */
  readonly deliver: (batch: readonly Numbered[], signal: AbortSignal) => Promise<Delivered>
  readonly close: () => Promise<void>
}

export interface Delivered {
  readonly status: number
  readonly retryAfterMs?: number | undefined
}

/** One feed: who is told of what. */
export interface FeedSpec {
  readonly name: string
  readonly kind: 'webhook' | 'siem' | 'coop'
  readonly wants: (happening: Happening) => boolean
  readonly receiver: Receiver
}

export interface FeedParts {
  readonly store: FeedStore
  readonly clock: Clock
  readonly randomness: Randomness
  /** Told of what is no fault of a receiver. */
  readonly onFault: (fault: unknown) => void
  readonly limits: FeedLimits
}

/** Every bound of a feed. */
export interface FeedLimits {
  /** Happenings that may wait; the oldest beyond are lost and counted. */
  readonly waitingMax: number
  /** Attempts that were answered with something to be tried again, or not in time. */
  readonly attemptsMax: number
  /** How long something is tried. */
  readonly ageMsMax: number
  readonly backoff: { readonly baseMs: number; readonly maxMs: number }
}

export const feedLimitDefaults: FeedLimits = {
  waitingMax: 100_000,
  attemptsMax: 12,
  ageMsMax: 259_200_000,
  backoff: { baseMs: 2_000, maxMs: 600_000 },
}

/** How the last attempts went. */
export interface FeedHealth {
  /** In a row, up to the last one. */
  readonly failures: number
  /** Of the last attempt that failed. */
  readonly status: number | undefined
  readonly fault: string | undefined
  /** When it is tried next; undefined: now. */
  readonly pausedUntilMs: number | undefined
}

/**
 * Tells one receiver of one thing after the other, in their order and at least once. After a failure it
 * waits, longer each time, and tries one again: what others are told does not depend on it.
 * INVARIANT: the place in the store moves only after the receiver has answered.
 */
export class Feed {
  readonly spec: FeedSpec
  private readonly parts: FeedParts
  private readonly aborter = new AbortController()
  private running: Promise<void> | undefined
  private notBeforeMs = 0
  private attempts = 0
  private failures = 0
  private last: { readonly status: number | undefined; readonly fault: string | undefined } = FINE

  constructor(spec: FeedSpec, parts: FeedParts) {
    this.spec = spec
    this.parts = parts
  }

  /** Tells what is due; a call while another is under way joins it. Never rejects. */
  pump(): Promise<void> {
    if (this.aborter.signal.aborted) return Promise.resolve()
    this.running ??= this.turn()
      .catch(this.parts.onFault)
      .finally(() => {
        this.running = undefined
      })
    return this.running
  }

  /** Begins nothing new; resolves when what is under way has ended or was given up. */
  async stop(): Promise<void> {
    this.aborter.abort()
    await this.running
    await this.spec.receiver.close()
  }

  health(): FeedHealth {
    const pausedUntilMs = this.notBeforeMs > this.parts.clock() ? this.notBeforeMs : undefined
    return { failures: this.failures, ...this.last, pausedUntilMs }
  }

  /** What waits, counted up to `max`. */
  waiting(max: number): number {
    const { store } = this.parts
    let count = 0
    let { done } = store.place(this.spec.name)
    for (;;) {
      const page = store.after(done, PAGE_ROWS)
      count += page.filter(this.spec.wants).length
      if (page.length < PAGE_ROWS || count >= max) return Math.min(count, max)
      done = page.at(-1)?.seq ?? done
    }
  }

  private async turn(): Promise<void> {
    await this.dropOverflow()
    while (!this.aborter.signal.aborted && this.parts.clock() >= this.notBeforeMs) {
      const work = this.next()
      if (work === undefined) return
      const verdict = await this.attempt(work)
      if (verdict.kind === 'interrupted') return
      await this.settle(work, verdict)
    }
  }

  /** What was asked for again, then what comes next; undefined where nothing is left. */
  private next(): Work | undefined {
    const { store } = this.parts
    const { name, wants, receiver } = this.spec
    const letter = store.nextAgain(name)
    if (letter !== undefined)
      return { kind: 'again', batch: [letter.happening], sinceMs: letter.againAtMs ?? 0 }
    const { done, number } = store.place(name)
    const page = store.after(done, PAGE_ROWS)
    const batch: Numbered[] = []
    let seq = done
    for (const happening of page) {
      const wanted = wants(happening)
      if (wanted && batch.length === receiver.batchMax) break
      if (wanted) batch.push({ ...happening, number: number + batch.length + 1 })
      ;({ seq } = happening)
    }
    if (seq === done) return undefined
    return { kind: 'ahead', batch, seq, number, sinceMs: batch[0]?.atMs ?? 0 }
  }

  private async attempt({ batch, sinceMs }: Work): Promise<Verdict> {
    const { clock, limits } = this.parts
    if (batch.length === 0) return { kind: 'delivered' }
    if (clock() - sinceMs > limits.ageMsMax) return { kind: 'expired' }
    try {
      const { status, retryAfterMs } = await this.spec.receiver.deliver(batch, this.aborter.signal)
      this.last = { status, fault: undefined }
      return verdictOfStatus(status, retryAfterMs)
    } catch (fault) {
      const isOurs = fault instanceof GatewayError
      if (!isOurs) this.parts.onFault(fault)
      this.last = { status: undefined, fault: isOurs ? fault.code : 'internal' }
      return isOurs ? verdictOfFault(fault) : { kind: 'peer-down', afterMs: 0 }
    }
  }

  private async settle(work: Work, verdict: Exclude<Verdict, { kind: 'interrupted' }>) {
    switch (verdict.kind) {
      case 'delivered':
      case 'withdrawn':
        await this.delivered(work)
        return
      case 'rejected':
        await this.bury(work, 'rejected', verdict.status)
        return
      case 'expired':
        await this.bury(work, 'age', undefined)
        return
      case 'retry':
        this.attempts += 1
        if (this.attempts < this.parts.limits.attemptsMax) this.pause(verdict.afterMs)
        else await this.bury(work, 'attempts', verdict.status)
        return
      case 'peer-down':
        this.pause(verdict.afterMs)
    }
  }

  private async delivered(work: Work): Promise<void> {
    const { store, clock } = this.parts
    const { name } = this.spec
    const [first] = work.batch
    if (work.kind === 'again') await store.deliveredAgain(name, first?.number ?? 0, clock())
    else if (first === undefined) await store.advance(name, work)
    else {
      const number = work.number + work.batch.length
      await store.delivered(name, { seq: work.seq, number, atMs: clock() })
    }
    if (first === undefined) return
    this.attempts = 0
    this.failures = 0
    this.last = FINE
  }

  private async bury(work: Work, reason: DeathReason, status: number | undefined): Promise<void> {
    const { store, clock } = this.parts
    const { name } = this.spec
    const death = { reason, status, atMs: clock() }
    this.attempts = 0
    if (work.kind === 'ahead') await store.bury(name, { seq: work.seq, letters: work.batch }, death)
    else await store.buryAgain(name, work.batch[0]?.number ?? 0, death)
  }

  private pause(afterMs: number): void {
    const { clock, limits, randomness } = this.parts
    this.failures += 1
    const pauseMs = backoffMs(this.failures, afterMs, { ...limits.backoff, randomness })
    this.notBeforeMs = clock() + Math.min(pauseMs, limits.ageMsMax)
  }

  /** INVARIANT: what waits on the disk is bounded; the numbers show what is missing. */
  private async dropOverflow(): Promise<void> {
    const { store, limits } = this.parts
    const upTo = store.newest() - limits.waitingMax
    for (;;) {
      const { done, number } = store.place(this.spec.name)
      if (done >= upTo) return
      const page = store.after(done, PAGE_ROWS).filter(({ seq }) => seq <= upTo)
      const lost = page.filter(this.spec.wants).length
      const seq = page.at(-1)?.seq ?? upTo
      await store.advance(this.spec.name, { seq, number: number + lost, lost })
    }
  }
}

type Work =
  | {
      readonly kind: 'ahead'
      readonly batch: readonly Numbered[]
      readonly seq: number
      /** Of the one before the batch. */
      readonly number: number
      readonly sinceMs: number
    }
  | {
      readonly kind: 'again'
      readonly batch: readonly [Numbered]
      readonly sinceMs: number
    }

const FINE = { status: undefined, fault: undefined }
const PAGE_ROWS = 256
