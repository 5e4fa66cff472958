import { expect, test } from 'vitest'
import { alice, room } from '../../support/franking.ts'
import { ann, banForm, bob, noActionForm, openCases, refusal } from '../../support/cases.ts'

test('many cases are previewed, decided and taken back at once', async () => {
  const cases = await openCases()
  const { desk, sanctions, report } = cases
  const ids: string[] = []
  for (let number = 0; number < 4; number += 1)
    ids.push((await report({ room: `mimi://hub.example/r/${number}` })).case)
  const [held = ''] = ids
  await desk.leases.claim(bob, held)
  const form = banForm()
  const preview = desk.bulk.preview(ann, [...ids, 'case-unknown'], form)
  expect(preview.lines.map(({ result }) => result)).toEqual([
    { code: 'case-claimed' },
    'possible',
    'possible',
    'possible',
    { code: 'not-found' },
  ])
  expect(preview.lines[1]?.restrictions).toMatchObject([
    { kind: 'ban', target: alice, reversibility: 'readmission' },
    { kind: 'notify' },
  ])
  expect(sanctions.summary()).toEqual([])
  expect(desk.list(ann, {}).cases).toHaveLength(4)
  const { bulk = '', lines } = await desk.bulk.decide(ann, ids, form)
  expect(lines.map(({ result }) => result)).toEqual([
    { code: 'case-claimed' },
    'decided',
    'decided',
    'decided',
  ])
  expect(sanctions.summary().filter((line) => line.startsWith('ban'))).toHaveLength(3)
  const undone = await desk.bulk.undo(ann, bulk, 'all wrong')
  expect(undone.lines.map(({ result }) => result)).toEqual(['undone', 'undone', 'undone'])
  expect(sanctions.summary().filter((line) => line === 'ban undone')).toHaveLength(3)
  expect(desk.list(ann, {}).cases).toHaveLength(4)
  expect(await refusal(desk.bulk.undo(ann, bulk, ''))).toBe('not-found')
})

test('a bulk takes back its own decisions only, not what was decided after them', async () => {
  const cases = await openCases()
  const { desk, sanctions, store } = cases
  const result = 'unverifiable'
  const { case: first } = await cases.report({ result })
  const { case: second } = await cases.report({ result, room: `${room}-2` })
  const form = noActionForm({ outcome: 'not-verified' })
  const { bulk = '' } = await desk.bulk.decide(ann, [first, second], form)
  await cases.report({ reporter: 'handle-2' })
  await desk.leases.claim(bob, first)
  await desk.decisions.decide(bob, first, { form: banForm() })
  // As in a database in which a case that was opened again kept its decision.
  await store.write(`UPDATE case_decisions SET state = 'taken' WHERE bulk = ?`, [bulk])
  const { lines } = await desk.bulk.undo(ann, bulk, 'all wrong')
  expect(new Map(lines.map(({ case: id, result: outcome }) => [id, outcome]))).toEqual(
    new Map<string, unknown>([
      [first, { code: 'case-state' }],
      [second, 'undone'],
    ]),
  )
  expect(sanctions.summary()).toContain('ban enforced-at-hub')
  expect(desk.show(ann, first).case).toMatchObject({ phase: 'decided', outcome: 'action' })
})

test('a proposal is rejected by its id only while it is the one that waits', async () => {
  const cases = await openCases({ secondPerson: ['ban'] })
  const { desk, report } = cases
  const { case: id } = await report()
  const { bulk = '' } = await desk.bulk.decide(ann, [id], banForm())
  const [proposal] = desk.show(ann, id).decisions
  await desk.decisions.reject(bob, id, { note: 'not yet' })
  await desk.leases.claim(bob, id)
  await desk.decisions.decide(bob, id, { form: banForm() })
  const back = { note: '', decision: proposal?.id }
  expect(await refusal(desk.decisions.reject(ann, id, back))).toBe('case-state')
  expect(await refusal(desk.bulk.undo(ann, bulk, ''))).toBe('not-found')
  expect(desk.show(ann, id).case.phase).toBe('proposed')
})

test('a bulk that may not decide leaves no claims behind but those of before', async () => {
  const cases = await openCases()
  const { desk, report } = cases
  const ids: string[] = []
  for (let number = 0; number < 26; number += 1)
    ids.push((await report({ room: `mimi://hub.example/r/${number}` })).case)
  const [own = ''] = ids
  await desk.leases.claim(ann, own)
  const { lines } = await desk.bulk.decide({ ...ann, mfa: false }, ids, banForm())
  expect(new Set(lines.map(({ result }) => JSON.stringify(result)))).toEqual(
    new Set(['{"code":"moderation-denied"}']),
  )
  expect(desk.list(ann, { mine: true }).cases.map(({ id }) => id)).toEqual([own])
})
