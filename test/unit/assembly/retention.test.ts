import { expect, test } from 'vitest'
import { eventsKeptMs, retentionDays } from '../../../src/assembly/retention.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { mimiAdapter } from '../../../src/protocols/mimi/adapter.ts'

const suites = builtInSuites(mimiAdapter.declarations)

test.each([
  ['moderated-pseudonyms', 30],
  ['identified', 90],
  // Years would be allowed: what we state is shorter.
  ['compliance', 90],
  // Its events show no field, and some events are of no room.
  ['bare-minimum', 90],
  ['', 90],
])('the journal keeps events under %s for %i days', (name, days) => {
  expect(eventsKeptMs(suites, name) / 86_400_000).toBe(days)
})

test('no suite and no statement promises less than the journal keeps', () => {
  const { complianceDays } = retentionDays
  const tooLong = suites.all.flatMap(({ name, entries }) =>
    entries.filter(
      ({ audience, ceiling, retentionDays: permitted }) =>
        audience === 'archive' &&
        ceiling !== 'absent' &&
        eventsKeptMs(suites, name) > Math.min(permitted, complianceDays) * 86_400_000,
    ),
  )
  expect(tooLong).toEqual([])
})
