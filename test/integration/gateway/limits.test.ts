import { beforeAll, describe, expect, test } from 'vitest'
import { buildReport } from '../../../src/client/mimi/abuse-report.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, holdings, problemOf } from '../../support/gateway-calls.ts'
import {
  consentGrant,
  consentRequest,
  groupInfoFor,
  keyMaterialFor,
  leafIdentity,
  searchByHandle,
  type Prepared,
} from '../../support/peer-requests.ts'
import type { PeerReply } from '../../support/peers-listener.ts'
import { messageBody } from '../../support/raw-requests.ts'

// The hub a.example gives two of everything, and one more after a hundred seconds.
let skippedMs = 0
const two = { perSecond: 0.01, burst: 2 }
const rates = {
  roomSender: two,
  keyMaterial: two,
  groupInfo: two,
  identifierQuery: two,
  consent: two,
  reportAbuse: two,
  attempts: { perSecond: 0.01, burst: 5 },
}
const clubhouse = useClubhouse({
  providers: { 'a.example': { clock: () => Date.now() + skippedMs, extra: { rates } } },
})
let room: string
let report: Buffer

const alice = 'mimi://a.example/u/alice'
const bobUri = 'mimi://b.example/u/bob'

beforeAll(async () => {
  const { bob, cathy, room: open } = clubhouse()
  room = await open()
  await cathy.sendText(room, 'reported')
  const { evidence } = await message(bob, 'reported')
  if (evidence === undefined) throw new Error('no evidence')
  report = buildReport({ messages: [evidence] })
}, 30_000)

const requests: Readonly<Record<string, readonly [limit: string, prepare: () => Prepared]>> = {
  submitMessage: ['roomSender', () => submission()],
  keyMaterial: ['keyMaterial', () => keyMaterialFor(clubhouse().bob, room, alice)],
  groupInfo: ['groupInfo', () => groupInfoFor(leafIdentity(clubhouse().bob, room), room)],
  identifierQuery: ['identifierQuery', () => searchByHandle('a.example', 'alice')],
  requestConsent: ['consent', () => consentRequest({ requester: bobUri, target: alice })],
  updateConsent: ['consent', () => consentGrant({ requester: alice, target: bobUri })],
  reportAbuse: ['reportAbuse', () => ({ operation: 'reportAbuse', target: room, body: report })],
}

function submission(): Prepared {
  const body = messageBody(clubhouse().bob, room)
  return { operation: 'submitMessage', target: room, body }
}

function send(request: Prepared, from: 'b.example' | 'c.example' = 'b.example') {
  const { federation } = clubhouse()
  const as = federation.provider(from).identity
  return callPeer(federation.provider('a.example'), { as, from, ...request })
}

/** How many of these pass before the first that does not, and that one. */
async function exhaust(prepare: () => Prepared): Promise<readonly [number, PeerReply]> {
  for (let passed = 0; ; passed += 1) {
    const reply = await send(prepare())
    if (reply.status > 299) return [passed, reply]
  }
}

function refill(): void {
  skippedMs += 86_400_000
}

describe.each(Object.entries(requests))('%s', (_, [limit, prepare]) => {
  test('has a budget of its own: 429 with Retry-After, nothing changed, and one more after that time', async () => {
    refill()
    const [passed, limited] = await exhaust(prepare)
    expect(passed).toBe(2)
    expect(problemOf(limited)).toEqual({ status: 429, code: 'rate-limited' })
    expect(JSON.parse(limited.body.toString())).toMatchObject({ facts: { limit } })
    const retryAfter = Number(limited.headers['retry-after'])
    expect(retryAfter).toBeGreaterThan(0)
    expect(retryAfter).toBeLessThanOrEqual(100)

    const before = await holdings(clubhouse().federation.provider('a.example'), room)
    expect((await send(prepare())).status).toBe(429)
    expect(await holdings(clubhouse().federation.provider('a.example'), room)).toEqual(before)

    const others = Object.values(requests).filter(([otherLimit]) => otherLimit !== limit)
    for (const [, prepareOther] of others)
      expect((await send(prepareOther())).status).toBeLessThan(300)

    skippedMs += retryAfter * 1_000
    expect((await send(prepare())).status).toBeLessThan(300)
    expect((await send(prepare())).status).toBe(429)
  }, 20_000)
})

test('a sender that is limited in one room is not in another, nor are the others in its room', async () => {
  refill()
  const { bob, cathy, room: open } = clubhouse()
  const other = await open()
  expect((await exhaust(submission))[0]).toBe(2)
  const elsewhere = {
    operation: 'submitMessage',
    target: other,
    body: messageBody(bob, other),
  } as const
  expect((await send(elsewhere)).status).toBe(200)
  expect((await cathy.sendText(room, 'as before')).kind).toBe('accepted')
}, 20_000)

test('what is refused costs attempts, and a provider without any is not listened to', async () => {
  refill()
  const nonsense: Prepared = { operation: 'submitMessage', target: room, body: Buffer.of(1) }
  for (let attempt = 0; attempt < 5; attempt += 1)
    expect(problemOf(await send(nonsense, 'c.example')).code).toBe('malformed-body')
  const limited = await send(nonsense, 'c.example')
  expect(problemOf(limited)).toEqual({ status: 429, code: 'rate-limited' })
  expect(JSON.parse(limited.body.toString())).toMatchObject({ facts: { limit: 'attempts' } })
  await expect(clubhouse().cathy.sendText(room, 'too late')).rejects.toMatchObject({ status: 429 })
  expect((await send(submission())).status).toBe(200)
  skippedMs += Number(limited.headers['retry-after']) * 1_000
  expect((await clubhouse().cathy.sendText(room, 'in time')).kind).toBe('accepted')
})

test('a clock that is moved a day, forth or back, gives one burst at most and locks nobody out', async () => {
  refill()
  expect((await exhaust(submission))[0]).toBe(2)
  for (const day of [86_400_000, -86_400_000, -86_400_000, 86_400_000]) {
    skippedMs += day
    expect((await exhaust(submission))[0]).toBeLessThanOrEqual(2)
    skippedMs += 100_000
    expect((await send(submission())).status).toBe(200)
  }
}, 30_000)
