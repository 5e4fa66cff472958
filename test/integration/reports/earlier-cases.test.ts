import { expect, test } from 'vitest'
import { createReportStore } from '../../../src/reports/report-store.ts'
import { alice } from '../../support/franking.ts'
import {
  ann,
  banForm,
  bob,
  claimed,
  DAY_MS,
  noActionForm,
  openCases,
  reportFields,
  type Cases,
} from '../../support/cases.ts'

/** A case that was decided, about a message that was reported so. */
async function decided(
  cases: Cases,
  form = noActionForm(),
  change: Parameters<Cases['report']>[0] = {},
): Promise<string> {
  const id = await claimed(cases, change)
  await cases.desk.decisions.decide(ann, id, { form })
  return id
}

test('who reports something harmless first does not hide what is worse', async () => {
  const cases = await openCases()
  const { desk } = cases
  const spam = noActionForm({ category: 'spam' })
  const id = await decided(cases, spam, { category: 'spam', reporter: 'accomplice' })
  const grooming = { category: 'child.grooming', reporter: 'victim' }
  const worse = await cases.report(grooming)
  expect(worse.case).not.toBe(id)
  expect(desk.list(ann, { queue: 'child-safety' }).cases).toMatchObject([
    { id: worse.case, severity: 0, verified: 1, phase: 'open' },
  ])
  expect(desk.feedback(worse.report)).toEqual({ status: 'received', outcome: undefined })
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'decided', outcome: 'no-action' })
  // Whoever looked at the worst shares that with all who say the same or less.
  await desk.leases.claim(ann, worse.case)
  await desk.decisions.decide(ann, worse.case, { form: noActionForm({ category: 'spam' }) })
  for (const category of ['child.grooming', 'harassment', 'spam'])
    expect((await cases.report({ category, reporter: category })).case).toBe(worse.case)
})

test('what was found may be worse than what was reported, and then covers it', async () => {
  const cases = await openCases()
  const form = banForm({ category: 'child.grooming' })
  const id = await decided(cases, form, { category: 'spam' })
  const same = await cases.report({ category: 'child.grooming', reporter: 'handle-2' })
  expect(same.case).toBe(id)
})

test('child safety looks for itself, whatever severity others looked for', async () => {
  const cases = await openCases()
  const threats = { category: 'violence.threats' }
  const id = await decided(cases, noActionForm(threats), threats)
  const other = await cases.report({ category: 'child.privacy', reporter: 'handle-2' })
  expect(other.case).not.toBe(id)
  expect(cases.desk.show(ann, other.case).case.queue).toBe('child-safety')
})

test('a decision that did something stands beside a worse report, and can be appealed against', async () => {
  const cases = await openCases()
  const { desk } = cases
  const id = await decided(cases, banForm({ category: 'spam' }), { category: 'spam' })
  const worse = await cases.report({ category: 'violence.threats', reporter: 'handle-2' })
  expect(worse.case).not.toBe(id)
  const appeal = await desk.appeals.file({ about: id, from: alice, words: '' })
  const pending = await cases.report({ category: 'child.grooming', reporter: 'handle-3' })
  expect(pending.case).toBe(worse.case)
  await desk.appeals.decide(bob, appeal.id, { outcome: 'reversed', reasons: 'No.' })
  expect(cases.sanctions.summary()).toContain('unban enforced-at-hub')
})

test('a complaint is worse than what was decided of complaints only', async () => {
  const cases = await openCases()
  const category = 'appeal'
  const plain = await decided(cases, noActionForm())
  const complaint = await decided(cases, noActionForm({ category }), {
    category,
    reporter: 'handle-1b',
  })
  expect(complaint).not.toBe(plain)
  const again = await cases.report({ category, reporter: 'handle-2' })
  expect(again.case).toBe(complaint)
  const worse = await cases.report({ category: 'system.moderator', reporter: 'handle-3' })
  expect([plain, complaint]).not.toContain(worse.case)
  expect(cases.desk.show(ann, worse.case).case.queue).toBe('complaints')
})

test.each(['not-verified', 'no-action', 'unfounded'] as const)(
  'a verified report reopens what was closed unproven as %s, once',
  async (outcome) => {
    const cases = await openCases()
    const { desk } = cases
    const id = await decided(cases, noActionForm({ outcome }), { result: 'unverifiable' })
    const unproven = await cases.report({ reporter: 'handle-2', result: 'unverifiable' })
    expect(unproven.case).toBe(id)
    expect(desk.show(ann, id).case.phase).toBe('decided')
    await cases.report({ reporter: 'handle-3' })
    expect(desk.show(ann, id)).toMatchObject({
      case: { phase: 'open', outcome: undefined, verified: 1, reports: 3 },
      decisions: [{ state: 'superseded' }],
    })
    expect(cases.store.all('SELECT * FROM reporter_outcomes LIMIT 10')).toEqual([])
    await desk.leases.claim(ann, id)
    await desk.decisions.decide(ann, id, { form: noActionForm() })
    expect((await cases.report({ reporter: 'handle-4' })).case).toBe(id)
    expect(desk.show(ann, id).case.phase).toBe('decided')
  },
)

test('a verified report is looked at where something was done without proof', async () => {
  const cases = await openCases()
  const id = await decided(cases, banForm(), { result: 'unverifiable' })
  const proven = await cases.report({ reporter: 'handle-2' })
  expect(proven.case).not.toBe(id)
  expect(cases.desk.show(ann, id).case.phase).toBe('decided')
})

test('a report joins and reopens at once, or does neither', async () => {
  const cut = `CREATE TRIGGER cut BEFORE INSERT ON case_events WHEN new.kind = 'reopened' BEGIN
    SELECT raise(ABORT, 'cut'); END`
  const cases = await openCases({}, [{ id: 'test/cut', sql: cut }])
  const { desk, store } = cases
  const id = await decided(cases, noActionForm({ outcome: 'not-verified' }), {
    result: 'unverifiable',
  })
  await expect(cases.report({ reporter: 'handle-2' })).rejects.toThrow('store-unavailable')
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'decided', reports: 1 })
  await store.write('DROP TRIGGER cut')
  expect((await desk.tend()).joined).toBe(1)
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'open', reports: 2 })
})

test('a report that comes while its case is decided does not slip in behind the decision', async () => {
  const cases = await openCases()
  const { desk, store, time } = cases
  const id = await claimed(cases, { category: 'spam' })
  const worse = reportFields(time.nowMs, { category: 'child.grooming', reporter: 'handle-2' })
  await createReportStore(store).insert(worse)
  const form = noActionForm({ category: 'spam' })
  const [, joined] = await Promise.all([
    desk.decisions.decide(ann, id, { form }),
    desk.join(worse.id),
  ])
  expect(joined).not.toBe(id)
  expect(desk.show(ann, joined ?? '').case).toMatchObject({ phase: 'open', severity: 0 })
})

test('a report that shares an outcome is kept as long as if it had been decided then', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await decided(cases)
  time.nowMs += 29 * DAY_MS
  const late = await cases.report({ reporter: 'handle-2' })
  expect(late.case).toBe(id)
  time.nowMs += 29 * DAY_MS
  // What happens to the case later does not shorten it.
  await desk.reporters(ann, { id, purpose: 'a court asks' })
  expect((await desk.tend()).deleted).toEqual([])
  expect(desk.feedback(late.report)?.status).toBe('decided')
  time.nowMs += DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: id, reports: 2 }])
})
