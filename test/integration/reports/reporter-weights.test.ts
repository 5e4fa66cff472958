import { expect, test } from 'vitest'
import { TRACK_MS, trackStartMs } from '../../../src/reports/handles.ts'
import { room } from '../../support/franking.ts'
import {
  ann,
  banForm,
  DAY_MS,
  HOUR_MS,
  noActionForm,
  openCases,
  type Cases,
} from '../../support/cases.ts'

/** What one more report of a reporter weighs. */
async function weightOf({ report, desk }: Cases, reporter: string): Promise<number> {
  const { case: id } = await report({ reporter, room: `${room}-${Math.random()}` })
  return desk.show(ann, id).case.weight
}

async function decided(cases: Cases, reporter: string, form = banForm()): Promise<string> {
  const { desk, report } = cases
  const { case: id } = await report({ reporter, room: `${room}-${Math.random()}` })
  await desk.leases.claim(ann, id)
  await desk.decisions.decide(ann, id, { form })
  return id
}

test('a reporter weighs more with each report that led to action, and less with each that did not', async () => {
  const cases = await openCases()
  expect(await weightOf(cases, 'new')).toBe(1)
  for (let count = 0; count < 4; count += 1) await decided(cases, 'right')
  expect(await weightOf(cases, 'right')).toBeCloseTo(10 / 6)
  for (let count = 0; count < 4; count += 1) await decided(cases, 'wrong', noActionForm())
  expect(await weightOf(cases, 'wrong')).toBeCloseTo(2 / 6)
  await decided(cases, 'liar', noActionForm({ outcome: 'unfounded' }))
  expect(await weightOf(cases, 'liar')).toBeCloseTo(2 / 4)
  await decided(cases, 'tampered', noActionForm({ outcome: 'not-verified' }))
  expect(await weightOf(cases, 'tampered')).toBe(1)
})

test('what is undone or reversed does not count', async () => {
  const cases = await openCases()
  const { desk } = cases
  const id = await decided(cases, 'undone')
  await desk.decisions.undo(ann, id, { note: '' })
  expect(await weightOf(cases, 'undone')).toBe(1)
  const other = await decided(cases, 'reversed')
  const { subject } = desk.show(ann, other).case
  const appeal = await desk.appeals.file({ about: other, from: subject, words: '' })
  const bob = { name: 'bob', mfa: true }
  await desk.appeals.decide(bob, appeal.id, { outcome: 'reversed', reasons: 'No.' })
  expect(await weightOf(cases, 'reversed')).toBeCloseTo(2 / 3)
})

test('what was decided under handles of before is forgotten, and counts for nobody', async () => {
  const cases = await openCases()
  const { desk, report, store, time } = cases
  await decided(cases, 'wrong', noActionForm())
  const { case: late } = await report({ reporter: 'late', room: `${room}-late` })
  time.nowMs = trackStartMs(time.nowMs) + TRACK_MS
  await desk.leases.claim(ann, late)
  await desk.decisions.decide(ann, late, { form: noActionForm() })
  await desk.tend()
  for (const table of ['reporter_tracks', 'reporter_outcomes'])
    expect(store.all(`SELECT * FROM ${table} LIMIT 1`)).toEqual([])
  expect(await weightOf(cases, 'late')).toBe(1)
})

test('beyond 30 reports a day nothing weighs, and all of it is kept', async () => {
  const cases = await openCases()
  for (let count = 0; count < 30; count += 1) await weightOf(cases, 'busy')
  expect(await weightOf(cases, 'busy')).toBe(0)
  expect(cases.store.all('SELECT id FROM reports LIMIT 100')).toHaveLength(31)
  cases.time.nowMs += DAY_MS
  expect(await weightOf(cases, 'busy')).toBe(1)
})

test('a report that is contradicted weighs nothing, and hides no true one of the same handle', async () => {
  const { desk, report } = await openCases()
  const { case: id } = await report({ result: 'contradicted', words: 'forged' })
  expect(desk.show(ann, id).case).toMatchObject({ weight: 0, reporters: 1, verified: 0 })
  await report()
  expect(desk.show(ann, id).case).toMatchObject({ weight: 1, reporters: 1, verified: 1 })
})

test('one provider counts no more than its cap, and its crowd is shown as brigading', async () => {
  const { desk, report, time } = await openCases()
  const { case: id } = await report({ reporter: 'honest', provider: 'd.example' })
  expect(desk.show(ann, id).case.brigading).toBe(false)
  for (let count = 0; count < 20; count += 1) await report({ reporter: `crowd-${count}` })
  const { case: shown, providers } = desk.show(ann, id)
  expect(shown).toMatchObject({ reporters: 21, weight: 4, brigading: true })
  expect(providers).toEqual([
    { provider: 'c.example', reporters: 20, weight: 20 },
    { provider: 'd.example', reporters: 1, weight: 1 },
  ])
  // The same number over days, or from everywhere, is no brigade.
  const slow = { room: `${room}-slow` }
  let last = ''
  for (let count = 0; count < 8; count += 1) {
    time.nowMs += HOUR_MS
    last = (await report({ ...slow, reporter: `slow-${count}` })).case
  }
  expect(desk.show(ann, last).case.brigading).toBe(false)
  for (let count = 0; count < 8; count += 1)
    last = (
      await report({
        room: `${room}-wide`,
        reporter: `wide-${count}`,
        provider: `p${count}.example`,
      })
    ).case
  expect(desk.show(ann, last).case.brigading).toBe(false)
})

test('a contradicted report is not right because something is done about others', async () => {
  const cases = await openCases()
  const { desk, report } = cases
  const { case: id } = await report({ reporter: 'forger', result: 'contradicted', words: 'forged' })
  await report({ reporter: 'right' })
  await report({ reporter: 'both', result: 'contradicted', words: 'forged' })
  await report({ reporter: 'both', words: 'others' })
  await desk.leases.claim(ann, id)
  await desk.decisions.decide(ann, id, { form: banForm() })
  expect(await weightOf(cases, 'forger')).toBe(1)
  expect(await weightOf(cases, 'right')).toBeCloseTo(4 / 3)
  expect(await weightOf(cases, 'both')).toBeCloseTo(4 / 3)
})
