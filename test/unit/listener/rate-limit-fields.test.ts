import { expect, test } from 'vitest'
import { rateLimit, rateLimitPolicy } from '../../../src/listener/rate-limit-fields.ts'

const budgets = [
  { limit: 'peer', quota: 2_000, windowSeconds: 2, left: 12, nextSeconds: 1 },
  { limit: 'roomSender', quota: 40, windowSeconds: 8, left: 0, nextSeconds: 3 },
]

test('each budget is an item with its parameters', () => {
  expect(rateLimitPolicy(budgets)).toBe('"peer";q=2000;w=2, "roomSender";q=40;w=8')
  expect(rateLimit(budgets)).toBe('"peer";r=12;t=1, "roomSender";r=0;t=3')
})
