import { expect, test } from 'vitest'
import * as api from '../../../src/admin/cases-api.ts'
import { caseServer, type CaseServer } from '../../support/case-server.ts'
import { alice, room, textContent } from '../../support/franking.ts'
import { abusive, reportExchange } from '../../support/reports.ts'

const ann = { as: 'ann', mfa: true }
const bob = { as: 'bob', mfa: true }
const form = {
  outcome: 'action',
  category: 'harassment',
  facts: 'Insults.',
  ground: { kind: 'terms', reference: '4', explanation: 'No insults.' },
  actions: [{ kind: 'ban' }],
}

/** A report of real content, joined. */
async function reported({ reports, desk }: CaseServer, note = '') {
  const { id } = await reports.receive(
    reportExchange({
      messages: [abusive(textContent('abusive words'))],
      note: Buffer.from(note),
    }),
  )
  return { report: id, id: (await desk.join(id)) ?? '' }
}

test('a case goes from its report to an appeal that is decided, over the socket', async () => {
  const server = await caseServer()
  const { call, sanctions } = server
  const { id, report } = await reported(server)
  const list = api.caseListSchema.parse((await call('/control/v1/cases?as=ann')).json)
  expect(list.cases).toMatchObject([{ id, phase: 'open', queue: 'other' }])
  expect(list.next).toBeUndefined()
  const path = `/control/v1/cases/${id}`
  const claimed = api.caseDetailSchema.parse((await call(`${path}/claim`, ann)).json)
  expect(claimed.case).toMatchObject({ phase: 'claimed', holder: 'ann' })
  const evidence = api.evidenceSchema.parse((await call(`${path}/evidence`, ann)).json)
  expect(evidence).toMatchObject({ report, messages: [{ texts: ['abusive words'] }] })
  const decided = api.caseDetailSchema.parse((await call(`${path}/decide`, { ...ann, form })).json)
  expect(decided).toMatchObject({
    case: { phase: 'decided', outcome: 'action' },
    decisions: [{ state: 'taken', statement: { facts: 'Insults.' } }],
    sanctions: [
      { kind: 'ban', emission: 'applied' },
      { kind: 'notify', emission: 'applied' },
    ],
  })
  expect((await call(`/control/v1/cases/feedback/${report}`)).json).toEqual({
    status: 'decided',
    outcome: 'action',
  })
  const filed = await call('/control/v1/appeals', { about: id, from: alice, words: 'A joke.' })
  const appeal = api.appealSchema.parse(filed.json)
  const verdict = { outcome: 'reversed', reasons: 'It was.' }
  const decide = (who: object) =>
    call(`/control/v1/appeals/${appeal.id}/decide`, { ...who, ...verdict })
  expect(await decide(ann)).toMatchObject({ status: 403, json: { code: 'moderation-denied' } })
  expect(api.appealSchema.parse((await decide(bob)).json).state).toBe('reversed')
  expect(sanctions.summary()).toContain('ban undone')
  const shown = api.caseDetailSchema.parse((await call(`${path}?as=bob`)).json)
  expect(shown.case).toMatchObject({ phase: 'closed', outcome: 'reversed' })
})

test('what is not allowed is refused with its code, and changes nothing', async () => {
  const server = await caseServer()
  const { call } = server
  const { id } = await reported(server)
  const path = `/control/v1/cases/${id}`
  const refused = async (target: string, body?: object) => {
    const { status, json } = await call(target, body)
    return `${status} ${String(json['code'])}`
  }
  expect(await refused(`${path}/evidence`, ann)).toBe('409 claim-required')
  expect(await refused(`${path}/decide`, { ...ann, form })).toBe('409 claim-required')
  expect(await refused(`${path}/claim`, { as: 'eve' })).toBe('403 moderator-unknown')
  expect(await refused('/control/v1/cases')).toBe('400 malformed-request')
  expect(await refused('/control/v1/cases?as=ann&limit=0')).toBe('400 malformed-request')
  expect(await refused('/control/v1/cases?as=ann&severity=9')).toBe('400 malformed-request')
  expect(await refused('/control/v1/cases/case-unknown?as=ann')).toBe('404 not-found')
  expect(await refused(`${path}/hold`, { ...ann, set: 'yes' })).toBe('400 malformed-request')
  expect(await refused(`${path}/release`, { ...ann, note: 'x'.repeat(1_001) })).toBe(
    '400 malformed-request',
  )
  await call(`${path}/claim`, ann)
  expect(await refused(`${path}/claim`, bob)).toBe('409 case-claimed')
  expect(
    await refused(`${path}/decide`, { ...ann, form: { ...form, actions: [{ kind: 'burn' }] } }),
  ).toBe('400 malformed-request')
  expect(await refused(`${path}/decide`, { ...ann, form: { ...form, facts: '' } })).toBe(
    '422 decision-invalid',
  )
  server.time.nowMs += 600_000
  expect(await refused(`${path}/decide`, { ...ann, form })).toBe('409 lease-expired')
  const { events } = api.caseDetailSchema.parse((await call(`${path}?as=ann`)).json)
  expect(events.map(({ kind }) => kind)).toEqual(['opened', 'claimed'])
})

test('HTML and script in notes stay words', async () => {
  const server = await caseServer()
  const { call } = server
  const script = '<script>alert(document.cookie)</script><img src=x onerror=alert(1)>'
  const { id } = await reported(server, script)
  const path = `/control/v1/cases/${id}`
  await call(`${path}/claim`, ann)
  const evidence = await call(`${path}/evidence`, ann)
  await call(`${path}/release`, { ...ann, note: script })
  const detail = await call(`${path}?as=ann`)
  expect(evidence.json).toMatchObject({ note: script })
  const { events } = api.caseDetailSchema.parse(detail.json)
  expect(events.at(-1)).toMatchObject({ kind: 'released', note: script })
  for (const { headers } of [evidence, detail]) {
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  }
})

test('bulk decisions, holds, queues and deletions go over the socket', async () => {
  const server = await caseServer()
  const { call, report, time } = server
  const ids = [
    (await report({ room: `${room}-1` })).case,
    (await report({ room: `${room}-2` })).case,
  ]
  const none = { outcome: 'no-action', category: 'other', facts: 'Nothing.' }
  const bulk = (change: object) =>
    call('/control/v1/cases/bulk', { ...ann, cases: ids, form: none, ...change })
  const preview = api.bulkSchema.parse((await bulk({ preview: true })).json)
  expect(preview.lines.map(({ result }) => result)).toEqual(['possible', 'possible'])
  const done = api.bulkSchema.parse((await bulk({})).json)
  expect(done.lines.map(({ result }) => result)).toEqual(['decided', 'decided'])
  const undone = await call(`/control/v1/cases/bulk/${done.bulk}/undo`, { ...ann, note: '' })
  expect(api.bulkSchema.parse(undone.json).lines).toMatchObject([
    { result: 'undone' },
    { result: 'undone' },
  ])
  const queues = api.queuesSchema.parse((await call('/control/v1/cases/queues?as=ann')).json)
  expect(queues.queues.find(({ queue }) => queue === 'harassment')).toMatchObject({ waiting: 2 })
  await bulk({})
  const [first = ''] = ids
  const hold = (set: boolean) =>
    call(`/control/v1/cases/${first}/hold`, { ...ann, set, note: 'order' })
  expect(api.caseDetailSchema.parse((await hold(true)).json).case.held).toBe(true)
  time.nowMs += 31 * 86_400_000
  await server.desk.tend()
  const deletions = await call('/control/v1/cases/deletions')
  expect(api.deletionsSchema.parse(deletions.json).deletions).toMatchObject([
    { case: ids[1], class: 'no-action', by: 'gateway' },
  ])
  await hold(false)
  expect(await call(`/control/v1/cases/${first}/delete`, ann)).toMatchObject({
    status: 200,
    json: { class: 'asked', by: 'ann' },
  })
})

test('reporters are named for a purpose only', async () => {
  const server = await caseServer()
  const { call, report } = server
  const { case: id } = await report()
  const ask = (purpose: string) => call(`/control/v1/cases/${id}/reporters`, { ...ann, purpose })
  expect((await ask('')).json).toMatchObject({ code: 'moderation-denied' })
  const shown = api.reportersSchema.parse((await ask('threat to life')).json)
  expect(shown.reporters).toMatchObject([{ reporter: 'handle-1' }])
})
