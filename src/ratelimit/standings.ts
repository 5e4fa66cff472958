import type { BudgetStanding } from '../model/handle.ts'
import type { LowBucket } from './bucket-store.ts'
import type { BudgetTake } from './budgets.ts'
import { fillTimeMs, intervalMs } from './gcra.ts'

/** Of the low budgets those that a peer may be told of; undefined for none. */
export function standingsOf(
  takes: readonly BudgetTake[],
  low: readonly LowBucket[],
): readonly BudgetStanding[] | undefined {
  const told = low.flatMap(({ index, left }) => {
    const take = takes[index]
    return take?.isTold === true ? [standingOfLimit(take, left)] : []
  })
  return told.length === 0 ? undefined : told
}

/** A budget for the headers of an answer: whole units and whole seconds. */
export function standingOfLimit({ limit, rate }: BudgetTake, left: number): BudgetStanding {
  const whole = Math.floor(left)
  return {
    limit,
    quota: Math.floor(rate.burst),
    windowSeconds: Math.max(1, Math.ceil(fillTimeMs(rate) / 1_000)),
    left: whole,
    nextSeconds: Math.ceil(((whole + 1 - left) * intervalMs(rate)) / 1_000),
  }
}

/**
 * The longest that anybody can have to wait for this take. Said instead of the true wait where others
 * move the bucket too, since that would show when they did.
 */
export function worstWaitMs({ rate, cost }: BudgetTake): number {
  return Math.ceil(Math.min(cost, rate.burst) * intervalMs(rate))
}
