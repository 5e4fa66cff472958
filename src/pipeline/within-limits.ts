import { GatewayError } from '../model/errors.ts'
import type { RequestContext } from '../model/handle.ts'
import type { LimitOutcome } from '../ratelimit/limiter.ts'

/** Tells the listener what the requester may know of its budgets. Throws `rate-limited`. */
export function requireWithinLimits({ tellBudgets }: RequestContext, outcome: LimitOutcome): void {
  const { standings } = outcome
  if (standings !== undefined) tellBudgets?.(standings)
  if (outcome.kind === 'allowed') return
  const { limit, retryAfterMs } = outcome
  throw new GatewayError('rate-limited', { facts: { limit }, retryAfterMs })
}
