import { expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, rows } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'
import { control, look, order, undo } from '../../support/sanctions.ts'

const HOUR_MS = 3_600_000
let aheadMs = 0
const extra = {
  rates: {
    keyMaterial: { perSecond: 100, burst: 100 },
    // One message refills in a thousand seconds, for whom nothing limits further.
    roomSender: { perSecond: 0.001, burst: 40 },
  },
}
const clubhouse = useClubhouse({
  keyPackages: { pseudonymous: 24 },
  providers: { 'a.example': { extra, clock: () => Date.now() + aheadMs } },
})
const hub = () => clubhouse().federation.provider('a.example')

/** A room with the pseudonym of Bob in it. */
async function roomWithBob() {
  const { bob, room: open } = clubhouse()
  const room = await open()
  const own = bob.group(room).current.own.leafIndex
  const participant = bob.members(room).find(({ leafIndex }) => leafIndex === own)?.participant
  if (participant === undefined) throw new Error('not in the room')
  return { room, participant }
}

const limited = { code: 'refused', status: 429 }

test('a limit divides the budget of one participant in one room, and ends by the clock', async () => {
  const { bob, cathy } = clubhouse()
  const { room, participant } = await roomWithBob()
  const expiresAtMs = Date.now() + aheadMs + HOUR_MS
  const { sanction, state } = await order(hub(), {
    kind: 'limit',
    room,
    participant,
    divisor: 20,
    expiresAtMs,
  })
  expect(state).toBe('enforced-at-hub')
  for (const text of ['one', 'two']) expect((await bob.sendText(room, text)).kind).toBe('accepted')
  await expect(bob.sendText(room, 'three')).rejects.toMatchObject(limited)
  for (const text of ['one', 'two', 'three'])
    expect((await cathy.sendText(room, text)).kind).toBe('accepted')

  aheadMs += HOUR_MS
  expect((await bob.sendText(room, 'four')).kind).toBe('accepted')
  expect((await bob.sendText(room, 'five')).kind).toBe('accepted')
  expect(await look(hub(), sanction.id)).toMatchObject({ state: 'undone', note: 'expired' })
}, 60_000)

test('a limit that is lifted limits no more', async () => {
  const { bob } = clubhouse()
  const { room, participant } = await roomWithBob()
  const expiresAtMs = Date.now() + aheadMs + HOUR_MS
  const limit = { kind: 'limit', room, participant, divisor: 40, expiresAtMs }
  const { sanction } = await order(hub(), limit)
  expect((await bob.sendText(room, 'one')).kind).toBe('accepted')
  await expect(bob.sendText(room, 'two')).rejects.toMatchObject(limited)
  expect(await undo(hub(), sanction.id)).toMatchObject({
    sanction: { kind: 'unlimit', divisor: 40, expiresAtMs },
  })
  expect((await bob.sendText(room, 'two')).kind).toBe('accepted')
}, 60_000)

test('a label ends by the clock, and what is over cannot be ordered', async () => {
  const { room, participant } = await roomWithBob()
  const target = { kind: 'participant', participant }
  const expiresAtMs = Date.now() + aheadMs + HOUR_MS
  const label = { kind: 'label', room, target, label: 'new-here', expiresAtMs }
  const { sanction, state } = await order(hub(), label)
  expect(state).toBe('enforced-at-hub')
  aheadMs += HOUR_MS
  expect(await look(hub(), sanction.id)).toMatchObject({ state: 'undone', note: 'expired' })
  expect(await order(hub(), label)).toMatchObject({ state: 'undone', note: 'expired' })
}, 60_000)

test('a strike that rests on no verified report is told to nobody, says so, and can be undone', async () => {
  const { room, participant } = await roomWithBob()
  const frankingTag = 'ab'.repeat(32)
  const strike = { kind: 'strike', room, participant, provider: 'b.example', frankingTag }
  const { sanction, state, note } = await order(hub(), { ...strike, severity: 'low' })
  expect([state, note]).toEqual(['enforced-at-hub', 'denied-here'])
  expect(await undo(hub(), sanction.id)).toMatchObject({ state: 'enforced-at-hub' })
  expect(await look(hub(), sanction.id)).toMatchObject({ state: 'undone' })
}, 60_000)

test.each([
  ['a room that is not ours', { kind: 'ban', room: 'mimi://b.example/r/x' }, 'room-unknown'],
  ['a room that is not there', { kind: 'ban', room: 'mimi://a.example/r/x' }, 'room-unknown'],
  ['no participant', { kind: 'ban', participant: undefined }, 'malformed-request'],
  ['a limit without an end', { kind: 'limit', divisor: 2 }, 'malformed-request'],
  [
    'a limit that divides by one',
    { kind: 'limit', divisor: 1, expiresAtMs: 1 },
    'malformed-request',
  ],
  ['a message without a name', { kind: 'retract', message: {} }, 'malformed-request'],
  ['a kind that is none', { kind: 'shout' }, 'malformed-request'],
])(
  '%s is refused with a code',
  async (_, wrong, code) => {
    const { room, participant } = await roomWithBob()
    await expect(order(hub(), { room, participant, ...wrong })).rejects.toMatchObject({ code })
  },
  60_000,
)

test('the delivery service gets sanctions in their order, waits for the next, and says what it did', async () => {
  const { room, participant } = await roomWithBob()
  const all = async (query: string) => {
    const { bytes } = await callInternal(hub(), `/internal/v1/sanctions?${query}`)
    return (JSON.parse(bytes.toString()) as { sanctions: { sequence: number; id: string }[] })
      .sanctions
  }
  await order(hub(), { kind: 'ban', room, participant })
  const before = await all('after=0')
  expect(before.map(({ sequence }) => sequence)).toEqual(
    before.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
  )
  expect(before.at(-1)).toMatchObject({ kind: 'ban', room, participant })
  const last = before.at(-1)
  if (last === undefined) throw new Error('no sanction')
  const next = all(`after=${last.sequence}&waitMs=20000`)
  const unban = await undo(hub(), last.id)
  expect(await next).toMatchObject([{ id: unban.sanction.id, kind: 'unban', participant }])
  expect(await all(`after=${unban.sequence}&waitMs=1`)).toEqual([])

  const tell = (id: string, body: object) =>
    callInternal(hub(), `/internal/v1/sanctions/${id}/result`, { body: JSON.stringify(body) })
  expect((await tell(unban.sanction.id, { result: 'failed' })).status).toBe(200)
  expect(await look(hub(), unban.sanction.id)).toMatchObject({ result: 'failed' })
  expect((await tell(unban.sanction.id, { result: 'maybe' })).code).toBe('malformed-body')
  expect((await tell('san-00000000000000000000000000', { result: 'applied' })).code).toBe(
    'not-found',
  )
  expect((await tell('nonsense', { result: 'applied' })).code).toBe('malformed-request')
}, 60_000)

test('the journal has an event for each step, and names nobody', async () => {
  const { room, participant } = await roomWithBob()
  const { sanction } = await order(hub(), { kind: 'ban', room, participant })
  const read = rows(hub(), 'postern.sqlite')
  await expect
    .poll(() => read("SELECT kind FROM events WHERE kind = 'sanction.applied'").length)
    .toBeGreaterThan(1)
  const events = JSON.stringify(read("SELECT * FROM events WHERE kind = 'sanction.applied'"))
  expect(events).toContain(sanction.id)
  expect(events).not.toContain(participant)
}, 60_000)

test('an operator bans, looks and takes it back on the command line', async () => {
  const { room, participant } = await roomWithBob()
  await using client = control(hub())
  const { socket } = hub().config().listeners.admin
  const run = (...args: string[]) => runCli(['sanctions', ...args, '--socket', socket])
  const applied = await run(
    'apply',
    'ban',
    '--room',
    room,
    '--participant',
    participant,
    '--reason',
    'spam',
  )
  expect(applied.stdout).toContain('waiting for commit')
  const [newest] = (await client.sanctions.list({ room, before: undefined, limit: 1 })).sanctions
  const id = newest?.sanction.id ?? ''
  expect((await run('list', '--room', room)).stdout).toContain(id)
  expect((await run('show', id)).stdout).toContain(participant)
  expect((await run('undo', id)).stdout).toContain('unban')
  expect((await run('show', id)).stdout).toContain('undone')
  expect(await run('undo', id)).toMatchObject({ exitCode: 1 })
  expect(await run('apply', 'ban', '--room', room)).toMatchObject({ exitCode: 2 })
}, 60_000)
