import { expect, test } from 'vitest'
import { APPEAL_WINDOW_MS } from '../../../src/reports/cases/case-state.ts'
import { alice, room } from '../../support/franking.ts'
import {
  ann,
  banForm,
  bob,
  claimed,
  DAY_MS,
  moderator,
  noActionForm,
  openCases,
  refusal,
} from '../../support/cases.ts'

test('an appeal comes from the subject or its provider, once at a time and in time', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await claimed(cases)
  const file = (from: string, about = id) =>
    desk.appeals.file({ about, from, words: 'It was a joke.' })
  expect(await refusal(file(alice))).toBe('appeal-refused nothing-to-appeal')
  await desk.decisions.decide(ann, id, { form: banForm() })
  const [decision] = desk.show(ann, id).decisions
  expect(await refusal(file('mimi://b.example/u/mallory'))).toBe('appeal-refused not-the-subject')
  expect(await refusal(file('c.example'))).toBe('appeal-refused not-the-subject')
  expect(await refusal(file(alice, 'case-unknown'))).toBe('not-found')
  time.nowMs += 182 * DAY_MS
  const appeal = await file(alice, decision?.id)
  expect(appeal).toMatchObject({ state: 'pending', filedBy: alice, words: 'It was a joke.' })
  expect(await refusal(file(alice))).toBe('appeal-refused pending')
  expect(desk.show(ann, id).case.phase).toBe('appealed')
  expect(await refusal(desk.decisions.undo(ann, id, { note: '' }))).toBe('case-state')
})

test('a provider appeals for its user, but not after the window', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await claimed(cases)
  await desk.decisions.decide(ann, id, { form: banForm() })
  time.nowMs += APPEAL_WINDOW_MS - 1
  const home = new URL(alice.replace('mimi:', 'https:')).host
  expect(await refusal(desk.appeals.file({ about: id, from: home, words: '' }))).toBe('done')
  const other = await claimed(cases, { room: `${room}-2` })
  await desk.decisions.decide(ann, other, { form: banForm() })
  time.nowMs += APPEAL_WINDOW_MS
  expect(await refusal(desk.appeals.file({ about: other, from: home, words: '' }))).toBe(
    'appeal-refused late',
  )
})

test('an appeal is decided by somebody else, and undoes the decision', async () => {
  const cases = await openCases()
  const { desk, sanctions, team } = cases
  team.push(moderator('cid', { roles: ['moderator'] }))
  const { report } = await cases.report()
  const id = await claimed(cases, { reporter: 'handle-2' })
  await desk.decisions.decide(ann, id, { form: banForm() })
  const appeal = await desk.appeals.file({ about: id, from: alice, words: 'It was a joke.' })
  const verdict = { outcome: 'reversed', reasons: 'It was one.' } as const
  expect(await refusal(desk.appeals.decide(ann, appeal.id, verdict))).toBe('moderation-denied')
  expect(await refusal(desk.appeals.decide({ name: 'cid', mfa: true }, appeal.id, verdict))).toBe(
    'moderation-denied',
  )
  expect(desk.feedback(report)).toEqual({ status: 'decided', outcome: 'action' })
  expect(desk.appeals.list(bob, { state: 'pending', limit: 10 }).appeals).toHaveLength(1)
  const decided = await desk.appeals.decide(bob, appeal.id, verdict)
  expect(decided).toMatchObject({ state: 'reversed', decidedBy: 'bob', reasons: 'It was one.' })
  expect(sanctions.summary()).toContain('unban enforced-at-hub')
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'closed', outcome: 'reversed' })
  expect(desk.feedback(report)).toEqual({ status: 'decided', outcome: 'reversed' })
  expect(await refusal(desk.appeals.decide(bob, appeal.id, verdict))).toBe('case-state')
})

test('whoever approved a decision does not decide the appeal', async () => {
  const cases = await openCases()
  const { desk } = cases
  cases.team.push(moderator('cid'))
  const id = await claimed(cases)
  const form = banForm({ actions: [{ kind: 'retract', messageId: undefined }] })
  await desk.decisions.decide(ann, id, { form })
  await desk.decisions.approve(bob, id)
  const { id: appeal } = await desk.appeals.file({ about: id, from: alice, words: '' })
  const verdict = { outcome: 'upheld', reasons: 'Clear.' } as const
  expect(await refusal(desk.appeals.decide(bob, appeal, verdict))).toBe('moderation-denied')
  await desk.appeals.decide({ name: 'cid', mfa: true }, appeal, verdict)
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'closed', outcome: 'action' })
  expect(cases.sanctions.summary()).toEqual(['retract enforced-at-hub', 'notify enforced-at-hub'])
})

test('a reporter learns how far a report has come, and no more', async () => {
  const cases = await openCases()
  const { desk } = cases
  const { report, case: id } = await cases.report()
  expect(desk.feedback(report)).toEqual({ status: 'received', outcome: undefined })
  await desk.leases.claim(ann, id)
  expect(desk.feedback(report)).toEqual({ status: 'under-review', outcome: undefined })
  cases.time.nowMs += 600_000
  expect(desk.feedback(report)).toEqual({ status: 'received', outcome: undefined })
  await desk.leases.claim(ann, id)
  await desk.decisions.decide(ann, id, { form: noActionForm({ outcome: 'unfounded' }) })
  expect(desk.feedback(report)).toEqual({ status: 'decided', outcome: 'no-action' })
  expect(desk.feedback('rep-unknown')).toBeUndefined()
})

test('a report on a message that was decided shares its outcome; other messages open a case', async () => {
  const cases = await openCases()
  const { desk } = cases
  const id = await claimed(cases)
  await desk.decisions.decide(ann, id, { form: noActionForm() })
  const late = await cases.report({ reporter: 'handle-2' })
  expect(late.case).toBe(id)
  expect(desk.feedback(late.report)).toEqual({ status: 'decided', outcome: 'no-action' })
  const other = await cases.report({ reporter: 'handle-2', words: 'other words' })
  expect(other.case).not.toBe(id)
  expect(desk.show(ann, other.case).related).toEqual([id])
})

test('a verified report reopens what could not be verified', async () => {
  const cases = await openCases()
  const { desk } = cases
  const id = await claimed(cases, { result: 'unverifiable' })
  await desk.decisions.decide(ann, id, { form: noActionForm({ outcome: 'not-verified' }) })
  await cases.report({ reporter: 'handle-2', result: 'unverifiable' })
  expect(desk.show(ann, id).case.phase).toBe('decided')
  await cases.report({ reporter: 'handle-3' })
  expect(desk.show(ann, id).case).toMatchObject({ phase: 'open', verified: 1, reports: 3 })
})

test('appeals that are hidden from somebody neither end a page nor stand in its cursor', async () => {
  const cases = await openCases()
  const { desk, team } = cases
  const dave = 'mimi://b.example/u/dave'
  team.push(moderator('dave', { accounts: [dave] }))
  const subjects = [dave, dave, alice, dave, alice, dave, alice, dave]
  const filed: string[] = []
  const cursors: (string | undefined)[] = []
  for (const [number, subject] of subjects.entries()) {
    cases.time.nowMs += 1
    const where = `mimi://hub.example/r/${number}`
    const id = await claimed(cases, { room: where, subject, words: where })
    await desk.decisions.decide(ann, id, { form: banForm() })
    const appeal = await desk.appeals.file({ about: id, from: subject, words: '' })
    if (subject === alice) filed.push(appeal.id)
  }
  const pages = (name: string, limit: number) => {
    const found: (readonly string[])[] = []
    let after: string | undefined
    do {
      const page = desk.appeals.list({ name, mfa: true }, { state: 'pending', after, limit })
      found.push(page.appeals.map(({ id }) => id))
      cursors.push(page.next)
      after = page.next
    } while (after !== undefined)
    return found
  }
  expect(pages('dave', 2)).toEqual([filed.slice(0, 2), filed.slice(2)])
  expect(pages('dave', 3)).toEqual([filed])
  expect(cursors).toEqual([filed[1], undefined, undefined])
  expect(pages('bob', 3).map((page) => page.length)).toEqual([3, 3, 2])
})
