import { beforeAll, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import {
  addMember,
  eventually,
  isMessage,
  useClubhouse,
  type Message,
} from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { GatewayProcess } from '../../support/gateway-process.ts'

// The hub a.example is a process that is killed in the middle of traffic.
const rates = { roomSender: { perSecond: 1_000, burst: 1_000 } }
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { rates } } } })
const hub = () => clubhouse().federation.provider('a.example')
let room: string
let gateway: GatewayProcess
/** They only read, at b.example and at c.example. */
let readers: readonly [MimiClient, MimiClient]

beforeAll(async () => {
  const { alice, federation, room: open } = clubhouse()
  room = await open()
  readers = [
    await federation.provider('b.example').client('dave'),
    await federation.provider('c.example').client('erin'),
  ]
  for (const reader of readers) {
    await reader.publishKeyPackages({ pseudonymous: 1 })
    alice.connect(reader.connectionCard())
    await addMember(alice, reader, room)
  }
  await hub().stop()
  gateway = new GatewayProcess(hub())
  await gateway.configure()
  await gateway.start()
  return () => gateway[Symbol.asyncDispose]()
}, 60_000)

/** Messages by their text, with the evidence of their acceptance. */
type Acknowledged = Map<string, FrankEvidence>

let said = 0

/** Sends one message after the other until told to stop; faults are part of life. */
async function chatter(client: MimiClient, acknowledged: Acknowledged, stop: AbortSignal) {
  while (!stop.aborted) {
    said += 1
    const text = `message ${said}`
    const outcome = await client.sendText(room, text).catch(() => undefined)
    if (outcome?.kind === 'accepted' && outcome.evidence !== undefined)
      acknowledged.set(text, outcome.evidence)
  }
}

/** What chatter a reader gets up to the last message. Whatever came twice would be refused. */
async function heard(client: MimiClient, last: string): Promise<readonly Message[]> {
  const events = await eventually(client, isMessage(last))
  expect(events.filter(({ kind }) => kind === 'message-refused' || kind === 'refused')).toEqual([])
  return events.flatMap((event) =>
    event.kind === 'message' && event.text?.startsWith('message ') === true ? [event] : [],
  )
}

test('what was acknowledged before a crash keeps its frank, reaches everybody once, and the room goes on', async () => {
  const { bob, cathy } = clubhouse()
  const acknowledged: Acknowledged = new Map()
  for (let crash = 1; crash <= 2; crash += 1) {
    const stop = new AbortController()
    const heardBefore = acknowledged.size
    const traffic = [bob, cathy].map((client) => chatter(client, acknowledged, stop.signal))
    await until(() => acknowledged.size >= heardBefore + 15)
    await gateway.end('SIGKILL')
    stop.abort()
    await Promise.all(traffic)
    const before = interruptions()
    await gateway.start()
    expect(interruptions()).toBe(before + 1)
  }
  expect(unstamped(acknowledged)).toEqual([])
  const { numbers, accepted, sequence } = numbering()
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(accepted).toBe(sequence)

  const last = 'after all crashes'
  await until(() => isAccepted(clubhouse().alice.sendText(room, last)))
  const [atB, atC] = [await heard(readers[0], last), await heard(readers[1], last)]
  for (const received of [atB, atC]) {
    expect(missing(acknowledged, received)).toEqual([])
    const texts = received.map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
    const times = received.map(({ acceptedTimestampMs }) => acceptedTimestampMs)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  }
  expect(atB.map(({ text }) => text)).toEqual(atC.map(({ text }) => text))
}, 120_000)

/** How often the hub's receipts will say that counts may be missing. */
function interruptions(): number {
  return rows(hub(), 'postern.sqlite')('SELECT 1 FROM receipt_interruptions').length
}

/** Acknowledged messages whose frank the hub has not kept. */
function unstamped(acknowledged: Acknowledged): readonly string[] {
  const stamps = rows(hub(), 'postern.sqlite')(
    'SELECT hex(frank) AS frank FROM franking_stamps WHERE room = ?',
    room,
  ) as readonly { frank: string }[]
  const kept = stamps.map(({ frank }) => frank).join()
  return [...acknowledged].flatMap(([text, { frank }]) =>
    kept.includes(frank.serverFrank.toString('hex').toUpperCase()) ? [] : [text],
  )
}

/** The numbers of all stamps whose number was heard, and how far the delivery service has counted. */
function numbering() {
  const stamps = rows(hub(), 'postern.sqlite')(
    'SELECT sequence FROM franking_stamps WHERE room = ? AND sequence > 0',
    room,
  ) as readonly { sequence: number }[]
  const [counted] = rows(hub(), 'reference-ds.sqlite')(
    `SELECT sequence, (SELECT count(*) FROM ds_accepted WHERE room = ds_rooms.room) AS accepted
     FROM ds_rooms WHERE room = ?`,
    room,
  ) as readonly { sequence: number; accepted: number }[]
  return { numbers: stamps.map(({ sequence }) => sequence), ...counted }
}

/** Acknowledged messages that a reader has not got with the frank and the time of their answer. */
function missing(acknowledged: Acknowledged, received: readonly Message[]): readonly string[] {
  const byText = new Map(received.map((event) => [event.text, event]))
  return [...acknowledged].flatMap(([text, { frank, acceptedTimestamp }]) => {
    const found = byText.get(text)
    const isRight =
      found?.evidence?.frank.serverFrank.equals(frank.serverFrank) === true &&
      BigInt(found.acceptedTimestampMs) === acceptedTimestamp
    return isRight ? [] : [text]
  })
}

async function isAccepted(sending: ReturnType<MimiClient['sendText']>): Promise<boolean> {
  const outcome = await sending.catch(() => undefined)
  return outcome?.kind === 'accepted'
}

test('SIGHUP with a broken file changes nothing, with a good one the new rates', async () => {
  const { bob } = clubhouse()
  await gateway.configure({ rates: { roomSender: { perSecond: 'many' } } })
  gateway.signal('SIGHUP')
  await until(() => gateway.errors.includes('rates.roomSender.perSecond'))
  expect(await tried(bob)).toBe('accepted')

  await gateway.configure({ rates: { roomSender: { perSecond: 0.001, burst: 1 } } })
  gateway.signal('SIGHUP')
  await until(async () => (await tried(bob)) === 'rate-limited')
  await gateway.configure()
  gateway.signal('SIGHUP')
  await until(async () => (await tried(bob)) === 'accepted')
}, 60_000)

async function tried(client: MimiClient): Promise<string> {
  const outcome = await client.sendText(room, 'tried').catch((error: unknown) => error)
  return (
    (outcome as { problem?: string; kind?: string }).problem ?? (outcome as { kind: string }).kind
  )
}

test('SIGTERM drains: the process ends by itself, and nothing is left undone', async () => {
  const { bob, cathy } = clubhouse()
  await until(async () => (await tried(bob)) === 'accepted')
  await bob.sendText(room, 'before the end')
  const before = interruptions()
  expect(await gateway.end('SIGTERM')).toBe(0)
  await gateway.start()
  expect(interruptions()).toBe(before)
  await eventually(cathy, isMessage('before the end'))
}, 60_000)
