import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { room, textContent } from '../../support/franking.ts'
import { abusive, reportExchange } from '../../support/reports.ts'
import {
  ann,
  banForm,
  DAY_MS,
  moderator,
  noActionForm,
  openCases,
  type Cases,
} from '../../support/cases.ts'

async function decidedCase(
  cases: Cases,
  form = noActionForm(),
  change: Parameters<Cases['report']>[0] = {},
): Promise<string> {
  const { case: id } = await cases.report(change)
  await cases.desk.leases.claim(ann, id)
  await cases.desk.decisions.decide(ann, id, { form })
  return id
}

function rows({ store }: Cases, table: string): number {
  return store.all(`SELECT * FROM ${table} LIMIT 1000`).length
}

test('a case is kept as long as its class says, then deleted with its reports, and that is on record', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const notVerified = await decidedCase(cases, noActionForm({ outcome: 'not-verified' }), {
    room: `${room}-1`,
    result: 'unverifiable',
  })
  const noAction = await decidedCase(cases, noActionForm(), { room: `${room}-2` })
  const action = await decidedCase(cases, banForm(), { room: `${room}-3` })
  const child = await decidedCase(cases, banForm({ category: 'child.grooming' }), {
    room: `${room}-4`,
    category: 'child.grooming',
  })
  const deletedAfter = async (days: number) => {
    time.nowMs += days * DAY_MS
    return (await desk.tend()).deleted.map(({ case: id, class: kept }) => [id, kept])
  }
  expect(await deletedAfter(13.9)).toEqual([])
  expect(await deletedAfter(0.1)).toEqual([[notVerified, 'not-verified']])
  expect(await deletedAfter(15.9)).toEqual([])
  expect(await deletedAfter(0.1)).toEqual([[noAction, 'no-action']])
  expect(await deletedAfter(154)).toEqual([])
  expect(await deletedAfter(1)).toEqual([[action, 'action']])
  expect(rows(cases, 'reports')).toBe(1)
  expect(await deletedAfter(181)).toEqual([[child, 'child-safety']])
  for (const table of ['cases', 'case_events', 'case_reports', 'reports', 'report_messages'])
    expect([table, rows(cases, table)]).toEqual([table, 0])
  for (const table of ['case_messages', 'case_decisions', 'case_sanctions', 'case_reporters'])
    expect([table, rows(cases, table)]).toEqual([table, 0])
  expect(desk.deletions(10).map((each) => each.case)).toEqual([
    child,
    action,
    noAction,
    notVerified,
  ])
  expect(desk.deletions(1)).toMatchObject([{ by: 'gateway', reports: 1 }])
})

test('nothing under a legal hold is deleted, until it is lifted', async () => {
  const cases = await openCases()
  const { desk, time, team } = cases
  team.push(moderator('cid', { roles: ['moderator'] }))
  const id = await decidedCase(cases)
  const hold = (set: boolean, name = 'ann') =>
    desk.hold({ name, mfa: true }, id, { set, note: 'court order 7' })
  await expect(hold(true, 'cid')).rejects.toThrow('moderation-denied')
  await hold(true)
  await expect(hold(true)).rejects.toThrow('case-state')
  await expect(desk.delete(ann, id)).rejects.toThrow('moderation-denied')
  time.nowMs += 400 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  expect(rows(cases, 'reports')).toBe(1)
  await hold(false)
  expect((await desk.tend()).deleted).toMatchObject([{ case: id, class: 'no-action' }])
})

test('what nobody decides is not kept for ever', async () => {
  const cases = await openCases()
  const { desk, time, report } = cases
  const unverified = await report({ room: `${room}-1`, result: 'not-checked' })
  const verified = await report({ room: `${room}-2` })
  time.nowMs += 10 * DAY_MS
  await report({ room: `${room}-1`, result: 'not-checked', words: 'more', reporter: 'handle-2' })
  time.nowMs += 10 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  time.nowMs += 4 * DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: unverified.case, reports: 2 }])
  time.nowMs += 156 * DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: verified.case, class: 'undecided' }])
})

test('a proposal that nobody approves outlives the time of what is not verified, and no other', async () => {
  const cases = await openCases({ secondPerson: ['ban'] })
  const { desk, time } = cases
  const id = await decidedCase(cases, banForm(), { result: 'unverifiable' })
  expect(desk.show(ann, id).case.phase).toBe('proposed')
  time.nowMs += 179 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  time.nowMs += DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: id }])
})

test('a pending appeal keeps its case, and its decision begins the time anew', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await decidedCase(cases, banForm())
  const { subject } = desk.show(ann, id).case
  time.nowMs += 183 * DAY_MS
  const appeal = await desk.appeals.file({ about: id, from: subject, words: '' })
  time.nowMs += 100 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  await desk.appeals.decide({ name: 'bob', mfa: true }, appeal.id, {
    outcome: 'upheld',
    reasons: 'Clear.',
  })
  time.nowMs += 184 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  time.nowMs += DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: id }])
})

test('privacy deletes a case before its time, and nobody else does', async () => {
  const cases = await openCases()
  const { desk, team } = cases
  team.push(moderator('cid', { roles: ['moderator'] }))
  const id = await decidedCase(cases)
  const failure = await desk.delete({ name: 'cid', mfa: true }, id).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(GatewayError)
  expect(await desk.delete(ann, id)).toMatchObject({ class: 'asked', by: 'ann', reports: 1 })
  expect(rows(cases, 'reports')).toBe(0)
  expect(() => desk.show(ann, id)).toThrow('not-found')
})

test('what was reported and deleted may be reported again', async () => {
  const { desk, reports, time } = await openCases()
  const report = reportExchange({ messages: [abusive(textContent('once more'))] })
  const { id } = await reports.receive(report)
  await desk.join(id)
  expect((await reports.receive(report)).duplicate).toBe(true)
  time.nowMs += 180 * DAY_MS
  expect((await desk.tend()).deleted).toHaveLength(1)
  expect(await reports.show(id)).toBeUndefined()
  time.nowMs -= 180 * DAY_MS
  expect((await reports.receive(report)).duplicate).toBe(false)
})

test.each(['undone', 'rejected'] as const)(
  'a case whose decision is %s waits anew from then on, and is not deleted under a claim',
  async (kind) => {
    const cases = await openCases({ secondPerson: kind === 'rejected' ? ['ban'] : [] })
    const { desk, time } = cases
    const id = await decidedCase(cases, banForm(), { result: 'unverifiable' })
    time.nowMs += 100 * DAY_MS
    expect((await desk.tend()).deleted).toEqual([])
    if (kind === 'undone') await desk.decisions.undo(ann, id, { note: '' })
    else await desk.decisions.reject(ann, id, { note: '' })
    time.nowMs += 13.9 * DAY_MS
    expect((await desk.tend()).deleted).toEqual([])
    await desk.leases.claim(ann, id)
    time.nowMs += 0.1 * DAY_MS
    await desk.leases.claim(ann, id)
    expect((await desk.tend()).deleted).toEqual([])
    time.nowMs += 600_000
    expect((await desk.tend()).deleted).toMatchObject([{ case: id, class: 'not-verified' }])
  },
)

test('a verified case whose decision is undone late waits for 180 days', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await decidedCase(cases, banForm())
  time.nowMs += 184 * DAY_MS
  await desk.decisions.undo(ann, id, { note: '' })
  time.nowMs += 179 * DAY_MS
  expect((await desk.tend()).deleted).toEqual([])
  time.nowMs += DAY_MS
  expect((await desk.tend()).deleted).toMatchObject([{ case: id, class: 'undecided' }])
})

test.each(['waits', 'decided anew'] as const)(
  'a decision that was taken out and undone is kept until it could not be appealed against: %s',
  async (then) => {
    const cases = await openCases()
    const { desk, time } = cases
    const id = await decidedCase(cases, banForm(), { result: 'unverifiable' })
    const decision = desk.show(ann, id).decisions[0]?.id ?? ''
    await desk.takingOut.record(ann, id, { format: 'dsa', decision, reference: 'r' })
    await desk.decisions.undo(ann, id, { note: '' })
    if (then === 'decided anew') {
      await desk.leases.claim(ann, id)
      await desk.decisions.decide(ann, id, { form: noActionForm() })
    }
    time.nowMs += 184 * DAY_MS
    expect((await desk.tend()).deleted).toEqual([])
    time.nowMs += DAY_MS
    expect((await desk.tend()).deleted).toMatchObject([{ case: id }])
  },
)

test('what has served its time goes, although nothing can join and no sanction goes out', async () => {
  const stuck = `CREATE TRIGGER stuck BEFORE INSERT ON case_reports
    WHEN (SELECT category FROM reports WHERE id = new.report) = 'spam' BEGIN
    SELECT raise(ABORT, 'stuck'); END`
  const cases = await openCases({}, [{ id: 'test/stuck', sql: stuck }])
  const { desk, time, sanctions } = cases
  const id = await decidedCase(cases)
  sanctions.down = true
  await decidedCase(cases, banForm(), { room: `${room}-2` })
  sanctions.apply = () => Promise.reject(new Error('broken'))
  await expect(cases.report({ room: `${room}-3`, category: 'spam' })).rejects.toThrow(
    'store-unavailable',
  )
  time.nowMs += 30 * DAY_MS
  const { joined, deleted, faults } = await desk.tend()
  expect(deleted).toMatchObject([{ case: id }])
  expect([joined, faults.length]).toEqual([0, 2])
})
