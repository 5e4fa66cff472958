import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import type { CountRow } from '../../../src/exports/counts.ts'
import type { Actor } from '../../../src/reports/cases/team.ts'
import { reportCategories } from '../../../src/reports/categories.ts'
import { triage } from '../../../src/reports/cases/triage.ts'
import { createSpamBook } from '../../../src/reports/spam-book.ts'
import { createReceivedNotices } from '../../../src/notices/received-notices.ts'
import { createSentNotices } from '../../../src/notices/sent-notices.ts'
import {
  ann,
  banForm,
  bob,
  claimed,
  DAY_MS,
  HOUR_MS,
  noActionForm,
  openCases,
  refusal,
  type Cases,
} from '../../support/cases.ts'
import { exportDesk } from '../../support/exports.ts'
import { alice, room } from '../../support/franking.ts'

const legal = ann
const MONTH_MS = 32 * DAY_MS

/** Numbers of the months that are over, by `measure dimension value`. */
function counted(cases: Cases, months = { from: '2020-01', to: thisMonth(cases) }) {
  cases.time.nowMs += MONTH_MS
  const { rows } = exportDesk(cases).transparency(legal, months)
  return { rows, of: byName(rows) }
}

function thisMonth({ time }: Cases): string {
  return new Date(time.nowMs).toISOString().slice(0, 7)
}

function byName(rows: readonly CountRow[]) {
  const named = new Map(rows.map((row) => [nameOf(row), row.number]))
  return (...names: readonly string[]) => names.map((name) => named.get(name) ?? 'none')
}

function nameOf({ measure, dimension, value }: CountRow): string {
  return `${measure} ${dimension} ${value}`.trim()
}

test('reports are counted by category, form and result, and outlive their cases', async () => {
  const cases = await openCases()
  await cases.report()
  await cases.report({ category: 'spam', result: 'unverifiable', words: 'other', reporter: 'h2' })
  await cases.report({
    category: 'violence',
    result: 'not-checked',
    messages: 0,
    checked: [],
    room: `${room}-2`,
  })
  const spam = createSpamBook(cases.store, createSecretKey(Buffer.alloc(32, 1)))
  const tag = {
    room,
    subject: alice,
    provider: 'c.example',
    reporter: 'h',
    nowMs: cases.time.nowMs,
  }
  await spam.take({ ...tag, frankingTag: Buffer.alloc(32, 7) })
  await spam.take({ ...tag, frankingTag: Buffer.alloc(32, 7) })
  const month = thisMonth(cases)
  cases.time.nowMs += 200 * DAY_MS
  expect((await cases.desk.tend()).deleted.length).toBe(2)
  expect(cases.store.all('SELECT 1 FROM reports')).toEqual([])
  const { of } = counted(cases, { from: month, to: month })
  expect(of('reports total', 'reports category spam', 'reports category harassment')).toEqual([
    4, 2, 1,
  ])
  const forms = ['messages', 'participant', 'content-free'].map((form) => `reports form ${form}`)
  expect(of(...forms)).toEqual([2, 1, 1])
  const results = ['verified', 'unverifiable', 'not-checked'].map((one) => `reports result ${one}`)
  expect(of(...results)).toEqual([2, 1, 1])
})

test('decisions are counted when they are taken, with what they did and how long it took', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  const id = await claimed(cases)
  time.nowMs += 5 * 60_000
  await desk.decisions.decide(ann, id, {
    form: banForm({
      actions: [{ kind: 'ban' }, { kind: 'label', label: 'rude', days: 1, messageId: undefined }],
    }),
  })
  const second = await claimed(cases, { room: `${room}-2`, words: 'b' })
  await desk.decisions.decide(ann, second, {
    form: banForm({ actions: [{ kind: 'retract', messageId: undefined }] }),
  })
  time.nowMs += 2 * HOUR_MS
  await desk.decisions.approve(bob, second)
  const third = await claimed(cases, { room: `${room}-3`, words: 'c' })
  await desk.decisions.decide(ann, third, {
    form: noActionForm({ automation: { detection: true, decision: 'partly' } }),
  })
  await desk.decisions.undo(ann, third, { note: '' })
  await desk.hold(ann, third, { set: true, note: 'canary-note' })
  const { of } = counted(cases)
  expect(of('decisions total', 'decisions outcome action', 'decisions taken-back')).toEqual([
    3, 2, 1,
  ])
  expect(of('decisions found-by program', 'decisions found-by people')).toEqual([1, 2])
  expect(of('decisions automation none', 'decisions automation partly')).toEqual([2, 1])
  expect(of('decisions automation fully', 'decisions ground terms')).toEqual([0, 2])
  expect(
    of('actions total', 'actions kind ban', 'actions kind label', 'actions kind retract'),
  ).toEqual([3, 1, 1, 1])
  // After 0, 0 and 120 minutes.
  expect(of('decisions median-minutes')).toEqual([0])
  expect(of('legal-holds total')).toEqual([1])
})

test('appeals are counted when they are filed, and again when they are decided', async () => {
  const cases = await openCases()
  const { desk, time } = cases
  for (const outcome of ['upheld', 'reversed'] as const) {
    const id = await claimed(cases, { room: `${room}-${outcome}`, words: outcome })
    await desk.decisions.decide(ann, id, { form: banForm() })
    const appeal = await desk.appeals.file({ about: id, from: alice, words: 'canary-words' })
    time.nowMs += HOUR_MS
    await desk.appeals.decide(bob, appeal.id, { outcome, reasons: 'canary-reasons' })
  }
  const { of } = counted(cases)
  expect(of('appeals total', 'appeals outcome upheld', 'appeals outcome reversed')).toEqual([
    2, 1, 1,
  ])
  expect(of('appeals median-minutes')).toEqual([60])
})

test('notices are counted in both directions with their first final answers', async () => {
  const cases = await openCases()
  const { store, time } = cases
  const [sent, received] = [createSentNotices(store), createReceivedNotices(store)]
  const nowMs = time.nowMs
  const issued_at = new Date(nowMs).toISOString()
  const notice = (at: number) => ({
    type: 'notice' as const,
    notice_id: `notice-${String(at).padStart(12, '0')}`,
    from: 'hub.example',
    issued_at,
    subject_pseudonym: alice,
    category: 'spam' as const,
    verification: 'frank' as const,
    requested_action: 'none' as const,
  })
  for (let at = 0; at < 7; at++)
    await sent.insert({
      peer: at < 6 ? 'b.example' : 'small.example',
      message: notice(at),
      about: 'rep-1',
      policies: [],
      createdAtMs: nowMs,
      untilMs: nowMs + DAY_MS,
    })
  const answer = (state: 'actioned' | 'no_action') => ({
    message: {
      type: 'answer' as const,
      notice_id: 'a'.repeat(16),
      from: 'b.example',
      issued_at,
      in_reply_to: notice(0).notice_id,
      state,
    },
    jws: 'x',
  })
  await sent.answered(notice(0).notice_id, answer('actioned'), nowMs)
  await sent.answered(notice(0).notice_id, answer('no_action'), nowMs + 1)
  await sent.retracted(notice(1).notice_id, nowMs)
  const incoming = { peer: 'b.example', message: notice(9), digest: 'd', receivedAtMs: nowMs }
  await received.insert({
    ...incoming,
    untilMs: undefined,
    state: 'received',
    actionClass: undefined,
    ownLogMatch: undefined,
    strike: undefined,
    check: undefined,
    answer: 'x',
  })
  const id = { peer: 'b.example', id: notice(9).notice_id }
  await received.decide(id, { state: 'under_review', actionClass: undefined }, nowMs)
  await received.decide(id, { state: 'actioned', actionClass: 'limit' }, nowMs)
  const { of, rows } = counted(cases)
  expect(of('notices-sent total', 'notices-sent first-final-answer actioned')).toEqual([7, 1])
  expect(of('notices-sent retracted', 'notices-received total')).toEqual([1, 1])
  expect(of('notices-received answer actioned', 'notices-received answer under_review')).toEqual([
    1,
    'none',
  ])
  // One small provider alone would be known from the total.
  const providers = rows.filter(({ dimension }) => dimension === 'provider').map(nameOf)
  expect(providers).toEqual(['notices-received provider others', 'notices-sent provider others'])
})

test('providers with fewer than five are never named', async () => {
  const cases = await openCases()
  const shares = { 'a.example': 9, 'b.example': 6, 'c.example': 4, 'd.example': 1 }
  for (const [provider, share] of Object.entries(shares))
    for (let at = 0; at < share; at++)
      await cases.report({ provider, reporter: `${provider}-${at}`, words: `${provider}-${at}` })
  const { rows } = counted(cases)
  const named = rows.filter(({ dimension }) => dimension === 'provider')
  expect(named.map(({ value, number }) => [value, number])).toEqual([
    ['a.example', 9],
    ['b.example', 6],
    ['others', 5],
  ])
})

test('nothing of complaints is counted', async () => {
  const cases = await openCases()
  for (const category of reportCategories)
    await cases.report({ category, words: category, room: `${room}-${category}` })
  const complaint = await cases.report({ category: 'system.moderator', words: 'x', reporter: 'h9' })
  await cases.desk.leases.claim(bob, complaint.case)
  await cases.desk.decisions.decide(bob, complaint.case, { form: banForm() })
  await cases.desk.hold(bob, complaint.case, { set: true, note: '' })
  await cases.desk.appeals.file({ about: complaint.case, from: alice, words: '' })
  const { rows, of } = counted(cases)
  const categories = rows
    .filter(({ measure, dimension }) => measure === 'reports' && dimension === 'category')
    .map(({ value }) => value)
  expect(categories.toSorted()).toEqual(
    reportCategories.filter((category) => !triage(category).isolated).toSorted(),
  )
  expect(of('reports total')).toEqual([categories.length])
  expect(of('decisions total', 'appeals total', 'legal-holds total')).toEqual([0, 0, 0])
})

test('only whole months that are over are shown, to those who may', async () => {
  const cases = await openCases()
  cases.team.push({
    name: 'lea',
    roles: ['moderator', 'lead'],
    queues: ['spam'],
    languages: [],
    accounts: [],
  })
  const desk = exportDesk(cases)
  const now = thisMonth(cases)
  const ask = (actor: Actor, from: string, to: string) =>
    refusal(() => desk.transparency(actor, { from, to }))
  expect(await ask({ name: 'ann', mfa: true }, now, now)).toBe('export-refused period')
  expect(await ask({ name: 'ann', mfa: true }, '2020-02', '2020-01')).toBe('export-refused period')
  expect(await ask({ name: 'ann', mfa: false }, '2020-01', '2020-01')).toBe('moderation-denied')
  expect(await ask({ name: 'lea', mfa: true }, '2020-01', '2020-01')).toBe('moderation-denied')
  expect(await ask({ name: 'eve', mfa: true }, '2020-01', '2020-01')).toBe('moderator-unknown')
  expect(await ask({ name: 'ann', mfa: true }, '2020-01', '2020-01')).toBe('done')
})

test('counts go when their years are over', async () => {
  const cases = await openCases()
  await cases.report()
  cases.time.nowMs += 1_800 * DAY_MS
  expect(await exportDesk(cases).deleteExpired()).toBe(0)
  cases.time.nowMs += 60 * DAY_MS
  expect(await exportDesk(cases).deleteExpired()).toBeGreaterThan(0)
  expect(cases.store.all('SELECT 1 FROM monthly_counts')).toEqual([])
})

test('the counts know nobody', async () => {
  const cases = await openCases()
  const id = await claimed(cases)
  await cases.desk.decisions.decide(ann, id, { form: banForm() })
  const kept = JSON.stringify(cases.store.all('SELECT * FROM monthly_counts'))
  for (const word of [alice, room, 'handle-1', 'ann', id]) expect(kept).not.toContain(word)
})
