import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../support/cases.ts'
import { dataOf, happeningRows, hook, lifeOf, told, toldCases } from '../../support/feeds.ts'
import { outsideServer } from '../../support/outside-server.ts'
import { until } from '../../support/until.ts'

test('what was taken without an answer comes again under its id and number, before what follows', async () => {
  const server = await outsideServer()
  server.reactions.push(200, 'cut')
  const cases = await toldCases([hook(server)])
  await lifeOf(cases)
  await cases.feeds.pump()
  expect(told(server)).toEqual(['case.opened 1', 'report.received 2'])
  expect(cases.feeds.list()).toMatchObject([{ failures: 1, number: 1, waiting: 3 }])
  await cases.later(1_000)
  expect(server.received).toHaveLength(2)
  await cases.later(60_000)
  expect(told(server)).toEqual([
    'case.opened 1',
    'report.received 2',
    'report.received 2',
    'case.claimed 3',
    'case.decided 4',
  ])
  const [, first, again] = server.received
  expect(again?.body).toBe(first?.body)
  expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(cases.feeds.list()).toMatchObject([{ failures: 0, number: 4, waiting: 0, lost: 0 }])
})

test('a receiver that is away for long, and a restart between: nothing is lost, the order is kept', async () => {
  const away = await outsideServer()
  await away[Symbol.asyncDispose]()
  const cases = await toldCases([hook(away)])
  const first = await lifeOf(cases)
  for (let hour = 0; hour < 24; hour += 1) await cases.later(HOUR_MS)
  const [view] = cases.feeds.list()
  expect(view).toMatchObject({ number: 0, waiting: 4, fault: 'peer-unreachable', deadLetters: 0 })
  expect(view?.failures).toBeGreaterThan(10)
  await cases.feeds.stop()
  const second = await lifeOf(cases, { subject: 'mimi://b.example/u/p2', words: 'more' })
  const back = await outsideServer({ port: away.port })
  const feeds = cases.restart()
  await feeds.configure([hook(back)])
  await feeds.pump()
  expect(told(back)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map(
      (number) =>
        `${['case.opened', 'report.received', 'case.claimed', 'case.decided'][(number - 1) % 4]} ${number}`,
    ),
  )
  expect(back.received.map(({ json }) => dataOf(json)['case'])).toEqual([
    ...Array<string>(4).fill(first),
    ...Array<string>(4).fill(second),
  ])
})

test('a receiver that hangs holds no other up', async () => {
  const [slow, quick] = [await outsideServer(), await outsideServer()]
  slow.reactions.push('hang')
  const cases = await toldCases([hook(slow, { name: 'slow' }), hook(quick, { name: 'quick' })])
  await lifeOf(cases)
  const pumped = cases.feeds.pump()
  await until(() => quick.received.length === 4)
  expect(slow.received).toHaveLength(1)
  await cases.feeds.stop()
  await pumped
  expect(cases.faults).toEqual([])
})

test('what is refused is set aside and the rest goes on; redrive sends it under its old number', async () => {
  const server = await outsideServer()
  server.reactions.push(200, 400)
  const cases = await toldCases([hook(server)])
  await lifeOf(cases)
  await cases.feeds.pump()
  expect(cases.feeds.list()).toMatchObject([{ number: 4, waiting: 0, deadLetters: 1, failures: 0 }])
  expect(cases.feeds.fine()).toBe(false)
  expect(cases.feeds.deadLetters('desk', 10)).toMatchObject([
    { happening: { number: 2, name: 'report.received' }, reason: 'rejected', status: 400 },
  ])
  expect(await cases.feeds.redrive('desk', 3)).toBe(0)
  expect(await cases.feeds.redrive('desk', undefined)).toBe(1)
  await cases.feeds.pump()
  expect(told(server).at(-1)).toBe('report.received 2')
  expect(server.received.at(-1)?.body).toBe(server.received[1]?.body)
  expect(server.received.at(-1)?.headers['webhook-id']).toBe(
    server.received[1]?.headers['webhook-id'],
  )
  expect(cases.feeds.deadLetters('desk', 10)).toEqual([])
  expect(cases.feeds.fine()).toBe(true)
})

test('what is refused again stays a dead letter', async () => {
  const server = await outsideServer()
  server.reactions.push(400, 200, 410)
  const cases = await toldCases([hook(server)])
  await cases.report()
  await cases.feeds.pump()
  await cases.feeds.redrive('desk', 1)
  await cases.feeds.pump()
  expect(cases.feeds.deadLetters('desk', 10)).toMatchObject([
    { happening: { number: 1 }, status: 410, againAtMs: undefined },
  ])
})

test('errors are tried again with pauses for a bounded number of times', async () => {
  const server = await outsideServer()
  server.reactions.push(...Array<number>(12).fill(500))
  const cases = await toldCases([hook(server)])
  await cases.report()
  for (let turn = 0; turn < 12; turn += 1) await cases.later(601_000)
  expect(told(server).slice(0, 12)).toEqual(Array<string>(12).fill('case.opened 1'))
  expect(told(server).slice(12)).toEqual(['report.received 2'])
  expect(cases.feeds.deadLetters('desk', 10)).toMatchObject([{ reason: 'attempts', status: 500 }])
})

test('a receiver says how long it wants to be left alone', async () => {
  const server = await outsideServer()
  server.reactions.push(503)
  server.headers = { 'retry-after': '3600' }
  const cases = await toldCases([hook(server)])
  await cases.report()
  await cases.feeds.pump()
  await cases.later(HOUR_MS - 1)
  expect(server.received).toHaveLength(1)
  await cases.later(1)
  expect(server.received).toHaveLength(3)
})

test('what nobody took for three days becomes a dead letter', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  await cases.report()
  await cases.later(3 * DAY_MS + 1)
  expect(server.received).toEqual([])
  expect(cases.feeds.deadLetters('desk', 10).map(({ reason }) => reason)).toEqual(['age', 'age'])
  await cases.feeds.redrive('desk', undefined)
  await cases.feeds.pump()
  expect(told(server)).toEqual(['case.opened 1', 'report.received 2'])
})

test('dead letters are forgotten after 14 days, and nothing stays behind', async () => {
  const server = await outsideServer()
  server.reactions.push(400, 400)
  const cases = await toldCases([hook(server)])
  await cases.report()
  await cases.feeds.pump()
  await cases.later(14 * DAY_MS + 1)
  expect(cases.feeds.deadLetters('desk', 10)).toEqual([])
  expect(happeningRows(cases)).toBe(0)
})

test('what waits is bounded: the oldest are lost, which list and numbers show', async () => {
  const away = await outsideServer()
  await away[Symbol.asyncDispose]()
  const cases = await toldCases([hook(away)], { waitingMax: 3 })
  await lifeOf(cases)
  await lifeOf(cases, { subject: 'mimi://b.example/u/p2', words: 'more' })
  await cases.feeds.pump()
  expect(cases.feeds.list()).toMatchObject([{ waiting: 3, lost: 5, number: 5 }])
  await cases.later(61_000)
  expect(happeningRows(cases)).toBe(3)
  const back = await outsideServer({ port: away.port })
  await cases.later(HOUR_MS)
  expect(told(back)).toEqual(['report.received 6', 'case.claimed 7', 'case.decided 8'])
})
