import { expect, test } from 'vitest'
import {
  limitDefaults,
  limitNames,
  limitsWith,
  type LimitDefinition,
} from '../../../src/ratelimit/limits.ts'

test('without overrides the limits are the defaults', () => {
  expect(limitsWith()).toEqual(limitDefaults)
})

test('an override changes what it names', () => {
  const limits = limitsWith({ peer: { perSecond: 7 } })
  expect(limits.peer).toEqual({ ...limitDefaults.peer, perSecond: 7 })
  expect(limits.consent).toEqual(limitDefaults.consent)
})

test.each([
  { perSecond: 0 },
  { perSecond: -1 },
  { perSecond: Number.NaN },
  { burst: 0 },
  { burst: Infinity },
  { cost: 0 },
  { cost: 2, burst: 1 },
])('a rate that cannot work is refused: %j', (override) => {
  expect(() => limitsWith({ peer: override })).toThrow(RangeError)
})

test('every limit has a name, says whose budget it is, and works', () => {
  expect(limitNames).toHaveLength(16)
  for (const name of limitNames) expect(limitDefaults[name].per).not.toBe('')
})

test('a peer is told only of budgets that belong to it or to a sender of its own', () => {
  const limits: readonly LimitDefinition[] = limitNames.map((name) => limitDefaults[name])
  const told = limits.filter(({ isTold }) => isTold)
  const others = told.filter(({ of }) => !of.includes('peer') && !of.includes('sender'))
  expect(told.length).toBeGreaterThan(0)
  expect(others).toEqual([])
})
