import { describe, expect, test } from 'vitest'
import { retentionDays } from '../../../src/assembly/retention.ts'
import { fieldList } from '../../../src/metadata/fields.ts'
import { reportRetentionDays } from '../../../src/metadata/report-retention.ts'
import { suiteEntry } from '../../../src/metadata/suite.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { APPEAL_WINDOW_MS } from '../../../src/reports/cases/case-state.ts'
import { RETENTION_MS, UNDECIDED_KEPT_MS } from '../../../src/reports/cases/retention-classes.ts'
import { privateSuitesSchema } from '../../../src/settings/suites.ts'
import { privateTable } from '../../support/requirements.ts'

const DAY_MS = 86_400_000
const keptDays = Math.max(UNDECIDED_KEPT_MS, ...Object.values(RETENTION_MS)) / DAY_MS
const reportFields = fieldList.map(({ name }) => name).filter((name) => name.startsWith('report.'))

/** A suite of our own that states so many days for the note of a report. */
function suiteKeeping(days: number) {
  const shown = { audience: 'hub', floor: 'absent', ceiling: 'exact' } as const
  const entry = { ...shown, field: 'report.note', purposes: ['moderation'], retentionDays: days }
  return { ...privateTable(), entries: [entry] }
}

describe.each(builtInSuites(declarations).all.map((suite) => ({ name: suite.name, suite })))(
  '$name',
  ({ suite }) => {
    test('states for reports as long as any case is kept', () => {
      const entries = reportFields.flatMap((field) => suiteEntry(suite, field, 'hub') ?? [])
      const shown = entries.filter(({ ceiling }) => ceiling !== 'absent')
      expect(shown.map(({ field }) => field)).toContain('report.subject')
      for (const entry of shown) expect(entry.retentionDays).toBe(keptDays)
    })
  },
)

test('so does the requirements document', () => {
  expect(retentionDays.moderationDays).toBe(keptDays)
})

test('a private suite that promises less does not load, one that promises as much does', () => {
  expect(privateSuitesSchema.safeParse([suiteKeeping(keptDays)]).success).toBe(true)
  const refused = privateSuitesSchema.safeParse([suiteKeeping(keptDays - 1)])
  expect(refused.error?.issues.map(({ message }) => message)).toEqual([
    'expected retentionDays of at least 366 for what a report shows to the hub',
  ])
})

test('what led to action is kept until nobody can appeal against it any more', () => {
  expect(reportRetentionDays.action * DAY_MS).toBeGreaterThan(APPEAL_WINDOW_MS)
  expect(RETENTION_MS.action).toBe(reportRetentionDays.action * DAY_MS)
})
