import type { Exchange, Origin } from '../model/exchange.ts'
import type { BucketKeys } from './bucket-keys.ts'
import type { BucketStore, Take } from './bucket-store.ts'
import { attemptsRung, rungsOf, type Rung } from './ladder.ts'
import type { LimitName, Limits } from './limits.ts'

type LimitOutcome =
  | { readonly kind: 'allowed' }
  /** `retryAfterMs` is how long the slowest of the exhausted budgets needs. */
  | { readonly kind: 'limited'; readonly limit: LimitName; readonly retryAfterMs: number }

/** The ladder of budgets that every exchange climbs. */
export interface Limiter {
  /** Takes from all budgets of the exchange, or from none and says which one is exhausted. */
  check(exchange: Exchange, nowMs: number): LimitOutcome
  /** Whether the peer has attempts left: for before its bytes are parsed. Takes nothing. */
  mayAttempt(origin: Origin, nowMs: number): LimitOutcome
  /** Charges a refusal (not one by `check`) to the peer's attempts; with none left `check` limits it. */
  refused(origin: Origin, nowMs: number): void
  /** How often each budget has limited since the start. */
  refusals(): Readonly<Partial<Record<LimitName, number>>>
}

export interface LimiterOptions {
  readonly store: BucketStore
  readonly keys: BucketKeys
  readonly limits: Limits
  /** By how much the budget of a sender in a room is smaller than that of others; 1 unless given. */
  readonly divisorOf?: ((room: string, sender: string, nowMs: number) => number) | undefined
}

/** A limiter over a store; about 1 µs per exchange with the store in memory. */
export function createLimiter({
  store,
  keys,
  limits,
  divisorOf = () => 1,
}: LimiterOptions): Limiter {
  const takeOf = (rung: Rung, mode: Take['mode'], nowMs: number): Take => ({
    key: keys.key(rung.limit, rung.parts, nowMs),
    rate: limits[rung.limit],
    cost: limits[rung.limit].cost,
    mode,
  })
  /**
   * Whom a sanction limits has the budget of others, divided: at least one message when it is full. In a
   * bucket of its own, since the state of one rate means nothing at another.
   */
  const tightened = (take: Take, { limit, parts }: Rung, nowMs: number): Take => {
    const [room, sender] = parts
    if (limit !== 'roomSender' || room === undefined || sender === undefined) return take
    const divisor = divisorOf(room, sender, nowMs)
    if (divisor <= 1) return take
    const { perSecond, burst } = take.rate
    const rate = {
      perSecond: perSecond / divisor,
      burst: Math.max(burst / divisor, take.cost),
    }
    return { ...take, key: keys.key(`${limit}/${divisor}`, parts, nowMs), rate }
  }
  const counts = new Map<LimitName, number>()
  const limited = (limit: LimitName, retryAfterMs: number): LimitOutcome => {
    counts.set(limit, (counts.get(limit) ?? 0) + 1)
    return { kind: 'limited', limit, retryAfterMs }
  }
  return {
    refusals: () => Object.fromEntries(counts),
    check: (exchange, nowMs) => {
      const rungs = rungsOf(exchange)
      const attempts = attemptsRung(exchange.origin)
      const takes = rungs.map((rung) => tightened(takeOf(rung, 'spend', nowMs), rung, nowMs))
      if (attempts !== undefined) takes.push(takeOf(attempts, 'peek', nowMs))
      const outcome = store.take(takes, nowMs)
      if (outcome.kind === 'taken') return ALLOWED
      return limited(rungs[outcome.index]?.limit ?? 'attempts', outcome.retryAfterMs)
    },
    mayAttempt: (origin, nowMs) => {
      const attempts = attemptsRung(origin)
      if (attempts === undefined) return ALLOWED
      const outcome = store.take([takeOf(attempts, 'peek', nowMs)], nowMs)
      if (outcome.kind === 'taken') return ALLOWED
      return limited('attempts', outcome.retryAfterMs)
    },
    refused: (origin, nowMs) => {
      const attempts = attemptsRung(origin)
      if (attempts !== undefined) store.charge([takeOf(attempts, 'spend', nowMs)], nowMs)
    },
  }
}

const ALLOWED: LimitOutcome = Object.freeze({ kind: 'allowed' })
