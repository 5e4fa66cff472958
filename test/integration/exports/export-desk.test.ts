import { expect, test } from 'vitest'
import { moderator } from '../../support/cases.ts'
import {
  ann,
  banForm,
  bob,
  claimed,
  DAY_MS,
  noActionForm,
  openCases,
  refusal,
  type Cases,
} from '../../support/cases.ts'
import { exportDesk, exportSettings } from '../../support/exports.ts'
import { alice, room } from '../../support/franking.ts'

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

/** A case about spam that was decided: its sender is limited. */
async function spam(cases: Cases, change: Parameters<typeof claimed>[1] = {}): Promise<string> {
  const id = await claimed(cases, { category: 'spam', ...change })
  const form = banForm({ category: 'spam', actions: [{ kind: 'limit', divisor: 10, days: 7 }] })
  await cases.desk.decisions.decide(ann, id, { form })
  return id
}

function eventsOf(cases: Cases, id: string): readonly string[] {
  return cases.desk
    .show(ann, id)
    .events.map((event) => (event.kind === 'exported' ? `exported ${event.format}` : event.kind))
}

test('a decision goes out once for each time that it is asked for, and always the same', async () => {
  const cases = await openCases()
  const id = await spam(cases)
  const desk = exportDesk(cases)
  const first = await desk.dsa(ann, ALL)
  expect(first.statements).toHaveLength(1)
  expect(await desk.dsa(ann, ALL)).toEqual(first)
  expect(await desk.xarf(ann, id)).toEqual(await desk.xarf(ann, id))
  expect(await desk.arf(ann, id)).toBe(await desk.arf(ann, id))
  expect(eventsOf(cases, id).slice(3)).toEqual(
    ['dsa', 'dsa', 'xarf', 'xarf', 'arf', 'arf'].map((format) => `exported ${format}`),
  )
  const log = cases.desk.show(ann, id).events.at(-1)
  expect(log).toMatchObject({ by: 'ann', decision: expect.stringMatching(/^dec-/) })
})

test('who asks is told of, and where it was', async () => {
  const cases = await openCases()
  const told: string[] = []
  const onExported = ({ format, by }: { format: string; by: string }) => {
    told.push(`${format} ${by}`)
  }
  const desk = exportDesk(cases, { onExported })
  const id = await spam(cases)
  await desk.dsa(ann, ALL)
  await desk.xarf(ann, id)
  cases.time.nowMs += 40 * DAY_MS
  desk.transparency(bob, { from: '2020-01', to: '2020-02' })
  expect(told).toEqual(['dsa ann', 'xarf ann', 'transparency bob'])
})

test('nothing leaves by anybody else, and nobody learns of a case about themselves', async () => {
  const cases = await openCases()
  const id = await spam(cases)
  cases.team.push(
    moderator('lea', { roles: ['moderator', 'lead'] }),
    moderator('own', { accounts: [alice] }),
  )
  const desk = exportDesk(cases)
  expect(await refusal(desk.xarf({ name: 'lea', mfa: true }, id))).toBe('moderation-denied')
  expect(await refusal(desk.xarf({ name: 'ann', mfa: false }, id))).toBe('moderation-denied')
  expect(await refusal(desk.xarf({ name: 'own', mfa: true }, id))).toBe('not-found')
  expect(await refusal(desk.arf({ name: 'eve', mfa: true }, id))).toBe('moderator-unknown')
  const own = await desk.dsa({ name: 'own', mfa: true }, ALL)
  expect(own).toEqual({ statements: [], refused: [], withdrawn: [], next: undefined })
  expect(eventsOf(cases, id)).not.toContain('exported dsa')
})

test('statements come a hundred at a time', async () => {
  const cases = await openCases({ leaseMs: DAY_MS })
  for (let at = 0; at < 101; at++) {
    cases.time.nowMs += 1
    await spam(cases, { room: `${room}-${at}`, words: String(at) })
  }
  const desk = exportDesk(cases)
  const first = await desk.dsa(ann, ALL)
  expect(first.statements).toHaveLength(100)
  const second = await desk.dsa(ann, { ...ALL, after: first.next })
  expect(second).toMatchObject({ statements: [{}], next: undefined })
  const puids = [...first.statements, ...second.statements].map(({ puid }) => puid)
  expect(new Set(puids).size).toBe(101)
}, 30_000)

test('decisions are chosen by their day; what did nothing, or waits, is not among them', async () => {
  const cases = await openCases()
  const none = await claimed(cases, { room: `${room}-2`, words: 'b' })
  await cases.desk.decisions.decide(ann, none, { form: noActionForm() })
  const proposed = await claimed(cases, { room: `${room}-3`, words: 'c' })
  const retract = banForm({ actions: [{ kind: 'retract', messageId: undefined }] })
  await cases.desk.decisions.decide(ann, proposed, { form: retract })
  await spam(cases)
  const desk = exportDesk(cases)
  const { nowMs } = cases.time
  const count = async (fromMs: number, toMs: number) =>
    (await desk.dsa(ann, { fromMs, toMs })).statements.length
  expect(await count(nowMs, nowMs + 1)).toBe(1)
  expect(await count(nowMs + 1, nowMs + DAY_MS)).toBe(0)
  expect(await count(0, nowMs)).toBe(0)
  cases.time.nowMs += DAY_MS
  await cases.desk.decisions.approve(bob, proposed)
  expect(await count(nowMs + 1, nowMs + 2 * DAY_MS)).toBe(1)
})

test('what was taken back after it went out is told, what was taken back before is not', async () => {
  const cases = await openCases()
  const undone = await spam(cases)
  const reversed = await spam(cases, { room: `${room}-2`, words: 'b' })
  const desk = exportDesk(cases)
  const { statements } = await desk.dsa(ann, ALL)
  await cases.desk.decisions.undo(ann, undone, { note: '' })
  const appeal = await cases.desk.appeals.file({ about: reversed, from: alice, words: '' })
  await cases.desk.appeals.decide(bob, appeal.id, { outcome: 'reversed', reasons: 'x' })
  const early = await spam(cases, { room: `${room}-3`, words: 'c' })
  await cases.desk.decisions.undo(ann, early, { note: '' })
  const later = await desk.dsa(ann, ALL)
  expect(later.statements).toEqual([])
  expect(later.withdrawn.map(({ puid }) => puid).toSorted()).toEqual(
    statements.map(({ puid }) => puid).toSorted(),
  )
  expect(await refusal(desk.xarf(ann, undone))).toBe('export-refused not-decided')
  expect(await refusal(desk.xarf(ann, reversed))).toBe('export-refused not-decided')
})

test('an upheld appeal changes nothing', async () => {
  const cases = await openCases()
  const id = await spam(cases)
  const desk = exportDesk(cases)
  const before = await desk.dsa(ann, ALL)
  const appeal = await cases.desk.appeals.file({ about: id, from: alice, words: '' })
  await cases.desk.appeals.decide(bob, appeal.id, { outcome: 'upheld', reasons: 'x' })
  expect(await desk.dsa(ann, ALL)).toEqual(before)
})

test('each refusal has its reason, and leaves no trace in the log', async () => {
  const cases = await openCases()
  const open = await cases.report({ room: `${room}-2`, words: 'b' })
  const insult = await claimed(cases, { room: `${room}-3`, words: 'c' })
  await cases.desk.decisions.decide(ann, insult, { form: banForm() })
  const unverified = await spam(cases, { room: `${room}-4`, words: 'd', result: 'unverifiable' })
  const desk = exportDesk(cases)
  const reasons = [open.case, insult, unverified].map((id) => refusal(desk.xarf(ann, id)))
  expect(await Promise.all(reasons)).toEqual([
    'export-refused not-decided',
    'export-refused no-type',
    'export-refused not-routed',
  ])
  expect(await refusal(desk.arf(ann, insult))).toBe('done')
  const ground = { kind: 'terms' as const, reference: 'as ann@b.example said', explanation: 'x' }
  const named = await claimed(cases, { room: `${room}-5`, words: 'e' })
  await cases.desk.decisions.decide(ann, named, { form: banForm({ ground }) })
  const { refused } = await desk.dsa(ann, ALL)
  expect(refused).toEqual([{ decision: expect.stringMatching(/^dec-/), reason: 'names-somebody' }])
  expect(eventsOf(cases, named)).not.toContain('exported dsa')
  desk.reconfigure({ ...exportSettings, dsa: undefined, abuseDesk: undefined })
  expect(await refusal(desk.dsa(ann, ALL))).toBe('export-refused dsa-not-applicable')
  expect(await refusal(desk.arf(ann, insult))).toBe('export-refused abuse-desk-missing')
})

test('only rooms that the operator calls public are in the database', async () => {
  const cases = await openCases()
  await spam(cases)
  await spam(cases, { room: `${room}-private`, words: 'b' })
  const dsa = { rooms: [room], territories: ['AT'], language: undefined, termsUrl: undefined }
  const desk = exportDesk(cases, { settings: { abuseDesk: undefined, dsa } })
  expect(await desk.dsa(ann, ALL)).toMatchObject({ statements: [{}], refused: [] })
})
