import { beforeAll, expect, test } from 'vitest'
import { eventually, isMessage, message, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, callPeer, internalPath, rows, until } from '../../support/gateway-calls.ts'
import { notificationOf, type Prepared } from '../../support/peer-requests.ts'
import { messageBody } from '../../support/raw-requests.ts'

const backoff = { baseMs: 20, maxMs: 100 }
const clubhouse = useClubhouse({
  providers: { 'a.example': { extra: { limits: { outbox: { backoff } } } } },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)

async function restart(domain: string): Promise<void> {
  await provider(domain).stop()
  await provider(domain).start()
}

const followed = async () =>
  (await callInternal(provider('a.example'), internalPath('rooms', room))).bytes.toString()

test('a hub follows its rooms again after a restart, and they go on', async () => {
  const { alice, bob, cathy } = clubhouse()
  const before = await followed()
  await restart('a.example')
  expect(await followed()).toBe(before)
  expect((await bob.sendText(room, 'still here')).kind).toBe('accepted')
  expect((await message(cathy, 'still here')).evidence).toBeDefined()
  expect((await alice.commitPending(room)).kind).toBe('accepted')
  await eventually(bob, (event) => event.kind === 'room-changed')
  expect((await bob.sendText(room, 'in a new epoch')).kind).toBe('accepted')
}, 20_000)

test('what waits for a provider that is down outlives a restart of the hub and arrives once, in order', async () => {
  const { bob, cathy } = clubhouse()
  await provider('c.example').stop()
  const texts = ['while away one', 'while away two', 'while away three']
  for (const text of texts) expect((await bob.sendText(room, text)).kind).toBe('accepted')
  await until(() => waiting() >= texts.length)
  await restart('a.example')
  expect(waiting()).toBeGreaterThanOrEqual(texts.length)
  await provider('c.example').start()
  const events = await eventually(cathy, isMessage('while away three'))
  const seen = events.flatMap((event) => (event.kind === 'message' ? [event.text ?? ''] : []))
  expect(seen.filter((text) => text.startsWith('while away'))).toEqual(texts)
  await until(() => waiting() === 0)
}, 30_000)

/** Deliveries that the hub still owes c.example. */
function waiting(): number {
  const read = rows(provider('a.example'), 'postern.sqlite')
  return read("SELECT 1 FROM outbox_destinations WHERE peers LIKE '%c.example%'").length
}

test('a notification that comes again after a restart is known', async () => {
  const { alice, bob } = clubhouse()
  const text = 'before and after'
  const request = notificationOf(messageBody(alice, room, { text }), room, Date.now())
  const send = () => {
    const as = provider('a.example').identity
    return callPeer(provider('b.example'), { as, from: 'a.example', ...request })
  }
  expect((await send()).status).toBe(201)
  await restart('b.example')
  expect((await send()).status).toBe(201)
  await alice.sendText(room, 'the end')
  const events = await eventually(bob, isMessage('the end'))
  expect(events.filter((event) => event.kind === 'message' && event.text === text)).toHaveLength(1)
}, 20_000)

test('a message that comes again after a restart gets the very same answer', async () => {
  const body = messageBody(clubhouse().bob, room)
  const request: Prepared = { operation: 'submitMessage', target: room, body }
  const send = () => {
    const as = provider('b.example').identity
    return callPeer(provider('a.example'), { as, from: 'b.example', ...request })
  }
  const first = await send()
  expect(first.status).toBe(200)
  await restart('a.example')
  expect((await send()).body).toEqual(first.body)
}, 20_000)

test('a gateway that starts again signs and seals with the same keys', async () => {
  const { bob } = clubhouse()
  const path = '/internal/v1/hub-keys?ciphersuite=1'
  const before = await callInternal(provider('a.example'), path)
  await restart('a.example')
  expect((await callInternal(provider('a.example'), path)).bytes).toEqual(before.bytes)
  expect((await bob.sendText(room, 'franked as before')).kind).toBe('accepted')
}, 20_000)
