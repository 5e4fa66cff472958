import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { caseMigrations } from '../../../src/reports/cases/case-tables.ts'
import { joinReport } from '../../../src/reports/cases/join-report.ts'
import { createReportStore, reportMigrations } from '../../../src/reports/report-store.ts'
import { openStore, type Statement } from '../../../src/sqlite/store.ts'
import { messageId, reportFields } from '../../support/cases.ts'
import { alice, room } from '../../support/franking.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOW_MS = 1_795_132_800_000

/** Before what weighs reporters had a table of its own. */
const before = [
  ...reportMigrations.filter(({ id }) => id < 'reports/0005'),
  ...caseMigrations.filter(({ id }) => id < 'cases/0002'),
]

const kept: readonly Statement[] = [
  [
    `INSERT INTO reports (id, room, provider, subject, reporter, category, result, messages, received_ms,
      sealing_key, encapsulation, sealed) VALUES ('rep-old', ?, 'c.example', ?, 'old-handle', 'harassment',
      'verified', 1, ?, 'key-1', x'00', x'00')`,
    [room, alice, NOW_MS - 1_000],
  ],
  [
    `INSERT INTO report_messages (room, message_id, reporter, report, result, method)
      VALUES (?, ?, 'old-handle', 'rep-old', 'verified', 'frank')`,
    [room, messageId('words')],
  ],
  [
    `INSERT INTO cases (id, room, subject, isolated, queue, category, severity, stage, phase, opened_ms,
      last_report_ms, due_ms, rank, reports, verified, reporters, weight, brigading, held)
      VALUES ('case-old', ?, ?, 0, 'conduct', 'harassment', 2, 'waiting', 'new', ?, ?, ?, 1, 1, 1, 1, 1, 0, 0)`,
    [room, alice, NOW_MS - 1_000, NOW_MS - 1_000, NOW_MS + 86_400_000],
  ],
  [
    `INSERT INTO case_reports (report, case_id, reporter, result, received_ms)
      VALUES ('rep-old', 'case-old', 'old-handle', 'verified', ?)`,
    [NOW_MS - 1_000],
  ],
  [
    `INSERT INTO case_messages (room, message_id, isolated, case_id) VALUES (?, ?, 0, 'case-old')`,
    [room, messageId('words')],
  ],
  [
    `INSERT INTO case_reporters (case_id, reporter, provider, weight, first_ms)
      VALUES ('case-old', 'old-handle', 'c.example', 1, ?)`,
    [NOW_MS - 1_000],
  ],
  [
    `INSERT INTO reporter_outcomes (reporter, case_id, at_ms, outcome)
      VALUES ('old-handle', 'case-older', ?, 'action')`,
    [NOW_MS - 2_000],
  ],
]

test('a database with cases of an earlier version is taken over, and its cases go on', async () => {
  const path = join(tempDir(), 'postern.sqlite')
  {
    await using old = await openStore({ path, migrations: before })
    await old.writeAll(kept)
  }
  const migrations = [...reportMigrations, ...caseMigrations]
  await using store = await openStore({ path, migrations })
  const reports = createReportStore(store)
  expect(reports.find('rep-old')?.checks).toHaveLength(1)

  const next = reportFields(NOW_MS, { reporter: 'new-handle', words: 'other words' })
  await reports.insert(next)
  const joined = await joinReport({ store, clock: () => NOW_MS, randomness: randomBytes }, next.id)

  expect(joined).toBe('case-old')
  expect(store.get('SELECT reports, verified, reporters, weight FROM cases')).toEqual({
    reports: 2,
    verified: 2,
    reporters: 2,
    weight: 2,
  })
  expect(store.all('SELECT report FROM case_reports ORDER BY received_ms')).toEqual([
    { report: 'rep-old' },
    { report: next.id },
  ])
  // What was known under the old handles can be said of nobody any more.
  expect(store.all('SELECT * FROM reporter_outcomes')).toEqual([])
})
