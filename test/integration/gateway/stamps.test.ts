import { beforeAll, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'

let skippedMs = 0
const clock = () => Date.now() + skippedMs
const clubhouse = useClubhouse({ providers: { 'a.example': { clock } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

/** Says something and collects what the hub has told each of the others, and the sender. */
async function said(sender: MimiClient, text: string) {
  const { alice, bob, cathy } = clubhouse()
  const sent = await sender.sendText(room, text)
  if (sent.kind !== 'accepted' || sent.evidence === undefined) throw new Error(sent.kind)
  const others = [alice, bob, cathy].filter((client) => client !== sender)
  const received = await Promise.all(others.map((client) => message(client, text)))
  return { sent, evidence: sent.evidence, received }
}

test('the frank and the time of the answer are those of every fan-out, at the hub and elsewhere', async () => {
  const { alice, bob, cathy } = clubhouse()
  for (const sender of [alice, bob, cathy]) {
    const { evidence, received, sent } = await said(sender, `by ${sender.user}`)
    for (const { acceptedTimestampMs, evidence: seen } of received) {
      expect(seen?.frank).toEqual(evidence.frank)
      expect(acceptedTimestampMs).toBe(sent.acceptedTimestampMs)
    }
  }
})

test('the time is the start of a second, whatever the delivery service has kept', async () => {
  const { sent } = await said(clubhouse().bob, 'in a bucket')
  const [kept] = rows(clubhouse().federation.provider('a.example'), 'reference-ds.sqlite')(
    'SELECT accepted_ms FROM ds_rooms WHERE room = ?',
    room,
  ) as readonly { accepted_ms: number }[]
  const exactMs = kept?.accepted_ms ?? 0
  expect(sent.acceptedTimestampMs % 1_000).toBe(0)
  expect(exactMs - (exactMs % 1_000)).toBe(sent.acceptedTimestampMs)
})

test('a commit is answered with the start of a second too', async () => {
  const outcome = await clubhouse().bob.commitPending(room)
  if (outcome.kind !== 'accepted') throw new Error(outcome.kind)
  expect(outcome.acceptedTimestampMs % 1_000).toBe(0)
})

test('the times of a room never go back, also when a clock does', async () => {
  const { bob } = clubhouse()
  const times: number[] = []
  for (const jumpMs of [0, 700, 5_000, -1_500, 300, 2_000, -1, 0]) {
    skippedMs += jumpMs
    times.push((await said(bob, `after ${jumpMs} and ${times.length}`)).sent.acceptedTimestampMs)
  }
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(new Set(times).size).toBeGreaterThan(2)
}, 20_000)

test('stamps carry the numbers of the delivery service’s order, without gaps', async () => {
  const { alice, bob, cathy, federation, room: open } = clubhouse()
  const uri = await open()
  const sends = [alice, bob, cathy].flatMap((sender) =>
    ['one', 'two', 'three', 'four'].map((text) => sender.sendText(uri, text)),
  )
  for (const outcome of await Promise.all(sends)) expect(outcome.kind).toBe('accepted')
  const read = rows(federation.provider('a.example'), 'postern.sqlite')
  const sql = 'SELECT sequence, timestamp_ms FROM franking_stamps WHERE room = ? ORDER BY sequence'
  const stamps = read(sql, uri) as readonly { sequence: number; timestamp_ms: number }[]
  const [first] = stamps
  expect(stamps.map(({ sequence }) => sequence)).toEqual(
    stamps.map((_, index) => (first?.sequence ?? 0) + index),
  )
  expect(stamps).toHaveLength(12)
  const times = stamps.map(({ timestamp_ms: timestampMs }) => timestampMs)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
}, 20_000)
