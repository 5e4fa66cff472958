import type { BudgetStanding } from '../model/handle.ts'

/**
 * `RateLimit-Policy`: what full budgets hold, and in how many seconds an empty one is full again.
 * draft-ietf-httpapi-ratelimit-headers-10 §3
 */
export function rateLimitPolicy(budgets: readonly BudgetStanding[]): string {
  return budgets
    .map(({ limit, quota, windowSeconds }) => `"${limit}";q=${quota};w=${windowSeconds}`)
    .join(', ')
}

/** `RateLimit`: what is left of them, and in how many seconds there is more. §4 */
export function rateLimit(budgets: readonly BudgetStanding[]): string {
  return budgets
    .map(({ limit, left, nextSeconds }) => `"${limit}";r=${left};t=${nextSeconds}`)
    .join(', ')
}
