import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reportsAbout } from '../../../src/notices/report-facts.ts'
import { createStrikeBook } from '../../../src/notices/strike-book.ts'
import { createHandles, TRACK_MS } from '../../../src/reports/handles.ts'
import { createSpamBook } from '../../../src/reports/spam-book.ts'
import { textColumn } from '../../../src/sqlite/row.ts'
import type { Store } from '../../../src/sqlite/store.ts'
import { ann, DAY_MS, openCases, type Cases } from '../../support/cases.ts'
import { room } from '../../support/franking.ts'

const key = createSecretKey(Buffer.alloc(32, 5))
const handles = createHandles(key)
const subjects = ['mimi://b.example/u/p0', 'mimi://b.example/u/p1'] as const
const report = fc.record({
  /** A user of c.example; 3: one that its provider does not name. */
  person: fc.nat(3),
  subject: fc.constantFrom(...subjects),
  /** Around the change of handles too. */
  afterMs: fc.oneof(fc.nat(100 * DAY_MS), fc.constantFrom(0, 1, TRACK_MS - 1, TRACK_MS)),
})
type Report = typeof report extends fc.Arbitrary<infer T> ? T : never

test('one reporter never counts as two and two never as one, whatever the dates', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 10 }), async (reports) => {
      const cases = await openCases()
      const { store } = cases
      const strikes = createStrikeBook(store)
      const spam = createSpamBook(store, key)
      const caseOf = new Map<string, string>()
      for (const [index, one] of reports.entries())
        caseOf.set(one.subject, await take(cases, one, index))
      for (const [subject, id] of caseOf) {
        const about = reports.filter((one) => one.subject === subject)
        const persons = new Set(about.map(({ person }) => person)).size
        expect(cases.desk.show(ann, id).case.reporters).toBe(persons)
        expect(reportsAbout(store, room, subject).reporters).toBe(persons)
        const struck = strikes.reportsOf(room, subject).map(({ reporter }) => reporter)
        expect(new Set(struck).size).toBe(persons)
        expect(spam.counts().find((count) => count.subject === subject)?.reporters).toBe(persons)
      }
    }),
    { numRuns: 12 },
  )
})

test('once its time is over, nothing that is kept strings together what a person reported', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 10 }), async (reports) => {
      const cases = await openCases()
      for (const [index, one] of reports.entries()) await take(cases, one, index)
      await cases.desk.tend()
      const lastMs = cases.time.nowMs
      cases.time.nowMs = lastMs + TRACK_MS
      await cases.desk.tend()
      const counted = reports.map(({ person, subject }) =>
        handles.reporter(nameOf(person), { room, subject }),
      )
      // One for each person and subject, and no handle of another kind.
      expect(new Set(handlesIn(cases.store))).toEqual(new Set(counted))
      const pairs = new Set(reports.map(({ person, subject }) => `${person} ${subject}`))
      expect(new Set(counted).size).toBe(pairs.size)
    }),
    { numRuns: 12 },
  )
})

/** Counts it wherever reporters are counted; answers its case. Each is about a message of its own. */
async function take({ store, time, report: join }: Cases, one: Report, index: number) {
  const { person, subject, afterMs } = one
  time.nowMs += afterMs
  const name = nameOf(person)
  const reporter = handles.reporter(name, { room, subject })
  const track = handles.track(name, time.nowMs)
  const words = `message ${index}`
  const common = { room, reporter }
  const frankingTag = Buffer.from(words.padEnd(32)).subarray(0, 32)
  const { provider } = name
  await createSpamBook(store, key).take({
    ...common,
    subject,
    provider,
    frankingTag,
    nowMs: time.nowMs,
  })
  await createStrikeBook(store).report({
    ...common,
    pseudonym: subject,
    frankingTag: frankingTag.toString('hex'),
    category: 'spam',
    epochStart: 0,
    atMs: time.nowMs,
  })
  const { case: id } = await join({ ...common, provider, subject, track, words })
  return id
}

function nameOf(person: number) {
  const provider = 'c.example'
  return { provider, uri: person === 3 ? undefined : `mimi://${provider}/u/${person}` }
}

/** Every text of 32 hexadecimal digits, in any column of any table. */
function handlesIn(store: Store): readonly string[] {
  const tables = store.all(`SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 1000`)
  return tables
    .flatMap((row) => store.all(`SELECT * FROM "${textColumn(row, 'name')}" LIMIT 1000`))
    .flatMap((row) => Object.values(row))
    .filter((value) => typeof value === 'string')
    .filter((value) => /^[0-9a-f]{32}$/.test(value))
}
