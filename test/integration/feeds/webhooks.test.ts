import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { webhookReceiver } from '../../../src/feeds/webhook.ts'
import { ann, bob, noActionForm, refusal } from '../../support/cases.ts'
import { alice, room } from '../../support/franking.ts'
import {
  dataOf,
  happeningRows,
  hook,
  lifeOf,
  secretText,
  told,
  toldCases,
} from '../../support/feeds.ts'
import { outsideServer } from '../../support/outside-server.ts'

/** Everything that a body may ever say. */
const MEMBERS = [
  'number',
  'case',
  'category',
  'severity',
  'queue',
  'verification',
  'sanction',
  'state',
  'deadline',
  'outcome',
]

test('the life of a case is told in its order, without a word of a person', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  const id = await lifeOf(cases, { category: 'harassment.targeted' })
  const { id: statement } = cases.desk.show(ann, id).decisions[0] ?? { id: '' }
  await cases.desk.appeals.file({ about: statement, from: alice, words: 'It was a joke.' })
  const [appeal] = cases.desk.appeals.list(bob, { state: 'pending', limit: 1 }).appeals
  const verdict = { outcome: 'reversed' as const, reasons: 'It was.' }
  await cases.desk.appeals.decide(bob, appeal?.id ?? '', verdict)
  await cases.feeds.pump()
  expect(told(server)).toEqual([
    'case.opened 1',
    'report.received 2',
    'case.claimed 3',
    'case.decided 4',
    'case.appealed 5',
    'appeal.decided 6',
  ])
  const [opened, received, , decided, , appealed] = server.received.map(({ json }) => dataOf(json))
  const about = { case: id, category: 'harassment.targeted', severity: 2, queue: 'harassment' }
  expect(opened).toEqual({
    number: 1,
    ...about,
    state: 'open',
    deadline: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/),
  })
  expect(received).toEqual({ number: 2, ...about, verification: 'verified' })
  expect(decided).toEqual({ number: 4, ...about, state: 'decided', outcome: 'action' })
  expect(appealed).toEqual({ number: 6, ...about, state: 'closed', outcome: 'reversed' })
  for (const { body, json } of server.received) {
    expect(Object.keys(dataOf(json)).filter((name) => !MEMBERS.includes(name))).toEqual([])
    for (const secret of [alice, room, 'ann', 'bob', 'joke', 'insult', 'handle-1', 'c.example'])
      expect(body).not.toContain(secret)
  }
})

test('bodies are signed as Standard Webhooks says, with both secrets of a rotation', async () => {
  const server = await outsideServer()
  const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const cases = await toldCases([hook(server, { secrets: [secretText, other] })])
  await cases.report()
  await cases.feeds.pump()
  for (const { headers, body } of server.received) {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers
    const signed = `${String(id)}.${String(timestamp)}.${body}`
    const expected = [secretText, other].map((secret) => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
    })
    expect(headers['webhook-signature']).toBe(expected.join(' '))
    expect(headers['content-type']).toBe('application/json')
    expect(Math.abs(Number(timestamp) * 1_000 - Date.now())).toBeLessThan(60_000)
  }
  expect(new Set(server.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
})

test('complaints are told to nobody but those named for them, and leave no gap', async () => {
  const [plain, named] = [await outsideServer(), await outsideServer()]
  const cases = await toldCases([
    hook(plain, { name: 'plain' }),
    hook(named, { name: 'named', complaints: true }),
  ])
  await cases.report()
  await cases.report({ category: 'system.moderator', words: 'a complaint' })
  await cases.report({ subject: 'mimi://b.example/u/p2', words: 'more' })
  await cases.feeds.pump()
  expect(told(plain)).toEqual([
    'case.opened 1',
    'report.received 2',
    'case.opened 3',
    'report.received 4',
  ])
  expect(plain.received.map(({ body }) => body).join()).not.toContain('complaints')
  expect(told(named)).toHaveLength(6)
  expect(named.received.map(({ body }) => body).join()).toContain('complaints')
})

test('nothing is written down while nobody is told, and a new hook begins now', async () => {
  const server = await outsideServer()
  const cases = await toldCases([])
  await lifeOf(cases)
  expect(happeningRows(cases)).toBe(0)
  await cases.feeds.configure([hook(server)])
  await cases.report({ subject: 'mimi://b.example/u/p2', words: 'more' })
  await cases.feeds.pump()
  expect(told(server)).toEqual(['case.opened 1', 'report.received 2'])
  await cases.feeds.configure([])
  await cases.later(61_000)
  expect(happeningRows(cases)).toBe(0)
})

test('a hook that stays keeps its place when another is configured', async () => {
  const [one, two] = [await outsideServer(), await outsideServer()]
  const cases = await toldCases([hook(one, { name: 'one' })])
  await cases.report()
  await cases.feeds.pump()
  await cases.report({ subject: 'mimi://b.example/u/p2', words: 'more' })
  await cases.feeds.configure([hook(one, { name: 'one' }), hook(two, { name: 'two' })])
  await cases.feeds.pump()
  expect(told(one).slice(2)).toEqual(['case.opened 3', 'report.received 4'])
  expect(two.received).toEqual([])
})

test('a test is sent at once, has no number, and says what came of it', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  expect(await cases.feeds.test('desk')).toEqual({ status: 200, fault: undefined })
  expect(server.received[0]?.json).toMatchObject({ type: 'test', data: { number: 0 } })
  server.reactions.push('cut')
  expect(await cases.feeds.test('desk')).toEqual({ status: undefined, fault: 'peer-unreachable' })
  expect(await refusal(cases.feeds.test('nobody'))).toBe('not-found')
})

test('redirects are not followed', async () => {
  const [server, elsewhere] = [await outsideServer(), await outsideServer()]
  server.reactions.push(307)
  server.headers = { location: elsewhere.url }
  const cases = await toldCases([hook(server)])
  await cases.report()
  await cases.feeds.pump()
  expect(elsewhere.received).toEqual([])
  expect(cases.feeds.deadLetters('desk', 10)).toMatchObject([{ reason: 'rejected', status: 307 }])
})

test.each(['http://a.example/', 'https://127.0.0.1/', 'https://[::1]/', 'https://10.0.0.1/x'])(
  'without leave nothing is posted to %s',
  (url) => {
    expect(() =>
      webhookReceiver({ url, privateAddress: false, secrets: [], clock: Date.now }),
    ).toThrow('configuration-invalid')
  },
)

test('a name that leads to a private address is not connected to', async () => {
  const server = await outsideServer()
  const receiver = webhookReceiver({
    url: `https://hooks.example:${server.port}/`,
    privateAddress: false,
    secrets: [],
    clock: Date.now,
    resolve: (_, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  const cases = await toldCases([{ name: 'desk', kind: 'webhook', wants: () => true, receiver }])
  await cases.report()
  await cases.feeds.pump()
  expect(cases.feeds.list()).toMatchObject([{ failures: 1, fault: 'peer-unreachable' }])
  expect(server.received).toEqual([])
})

test('a decision that waits for a second person, one that is taken back, and one without action', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  const { case: id } = await cases.report()
  const { leases, decisions } = cases.desk
  await leases.claim(ann, id)
  await leases.release(ann, id, '')
  await leases.claim(ann, id)
  await decisions.decide(ann, id, { form: noActionForm({ outcome: 'unfounded' }) })
  await decisions.undo(bob, id, { note: 'too quick' })
  await cases.feeds.pump()
  expect(told(server).map((line) => line.split(' ')[0])).toEqual([
    'case.opened',
    'report.received',
    'case.claimed',
    'case.released',
    'case.claimed',
    'case.decided',
    'case.undone',
  ])
  const [decided, undone] = server.received.slice(-2).map(({ json }) => dataOf(json))
  expect(decided).toMatchObject({ outcome: 'no-action', state: 'decided' })
  expect(undone).toMatchObject({ state: 'open' })
})
