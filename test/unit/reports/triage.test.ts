import { expect, test } from 'vitest'
import { reportCategories } from '../../../src/reports/categories.ts'
import { moderationQueues } from '../../../src/policy/moderation/vocabulary.ts'
import { DEADLINES_MS, priorityOf, triage } from '../../../src/reports/cases/triage.ts'

function at(severity: number, weight: number, ageMs: number): number {
  return priorityOf({ severity, weight, openedAtMs: 1_000_000 }, 1_000_000 + ageMs)
}

test('every category waits in a queue, and every queue has a category', () => {
  const queues = new Set(reportCategories.map((category) => triage(category).queue))
  expect([...queues].toSorted()).toEqual([...moderationQueues].toSorted())
  expect(triage('unspecified')).toEqual({ queue: 'other', severity: 3, isolated: false })
})

test('the worse, the sooner', () => {
  const deadlines = Object.values(DEADLINES_MS)
  expect(deadlines).toEqual(deadlines.toSorted((a, b) => a - b))
  expect(at(4, 1, 0)).toBeCloseTo(1)
  expect(at(0, 1, 0)).toBeCloseTo(16)
  expect(at(0, 2, 0)).toBeCloseTo(32)
  expect(at(4, 1, 86_400_000)).toBeCloseTo(2)
  expect(at(4, 0, 0)).toBeGreaterThan(0)
})
