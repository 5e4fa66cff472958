import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { decode } from '../../../src/wire/codec.ts'
import { submitMessageResponseCodec } from '../../../src/wire/mimi/submit-message.ts'
import { eventually, message, useClubhouse } from '../../support/clubhouse.ts'
import { FaultyUpstream, type Fault } from '../../support/faulty-upstream.ts'
import {
  callInternal,
  callPeer,
  holdings,
  internalPath,
  problemOf,
  until,
} from '../../support/gateway-calls.ts'
import type { Prepared } from '../../support/peer-requests.ts'
import { commitBody, messageBody, proposalBody } from '../../support/raw-requests.ts'

// The hub a.example with a delivery service that fails in every way a server can.
const upstream = await new FaultyUpstream().start()
let skippedMs = 0
const clock = () => Date.now() + skippedMs
const limits = { upstream: { deadlineMs: 400, probeDeadlineMs: 200 } }
const clubhouse = useClubhouse({
  providers: { 'a.example': { upstream, clock, extra: { limits } } },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)
afterAll(() => upstream[Symbol.asyncDispose]())
afterEach(() => {
  upstream.fault = 'none'
  // Past the time for which the breaker stays open.
  skippedMs += 120_000
})

const provider = (domain: string) => clubhouse().federation.provider(domain)

function call(request: Prepared) {
  const as = provider('b.example').identity
  return callPeer(provider('a.example'), { as, from: 'b.example', ...request })
}

function submission(uri: string, text: string): Prepared {
  const body = messageBody(clubhouse().bob, uri, { text })
  return { operation: 'submitMessage', target: uri, body }
}

async function expectAccepted(request: Prepared) {
  const { status, body } = await call(request)
  expect(status).toBe(200)
  const answer = decode(submitMessageResponseCodec, body)
  if (answer.statusCode !== 'accepted') throw new Error(answer.statusCode)
  return answer
}

/** What the delivery service never took leaves nothing behind. */
const untaken: readonly (readonly [Fault, { status: number; code: string }])[] = [
  ['silent', { status: 504, code: 'upstream-timeout' }],
  ['hangs-up', { status: 502, code: 'upstream-unreachable' }],
  ['busy', { status: 503, code: 'upstream-unavailable' }],
  ['broken', { status: 502, code: 'upstream-invalid' }],
  ['nonsense', { status: 502, code: 'upstream-invalid' }],
]

test.for(untaken)(
  'while the delivery service is %s a message is refused, and accepted once when it comes again',
  { timeout: 20_000 },
  async ([fault, problem]) => {
    const text = `said while ${fault}`
    const request = submission(room, text)
    const before = await holdings(provider('a.example'), room)
    upstream.fault = fault
    expect(problemOf(await call(request))).toEqual(problem)
    upstream.fault = 'none'
    expect(await holdings(provider('a.example'), room)).toEqual(before)
    const first = await expectAccepted(request)
    expect(await expectAccepted(request)).toEqual(first)
    expect((await message(clubhouse().cathy, text)).evidence?.frank).toEqual(first.frank)
  },
)

test('what the delivery service says of its return reaches the peer', async () => {
  upstream.fault = 'busy'
  const { headers } = await call(submission(room, 'too early'))
  expect(headers['retry-after']).toBe('7')
})

test('a delivery service that is down costs nothing after some failures, until it is back', async () => {
  const request = submission(room, 'said while down')
  const before = await holdings(provider('a.example'), room)
  await upstream.stop()
  const codes: string[] = []
  for (let attempt = 0; attempt < 7; attempt += 1) codes.push(problemOf(await call(request)).code)
  expect(new Set(codes)).toEqual(new Set(['upstream-unreachable', 'upstream-unavailable']))
  const { status, headers } = await call(request)
  expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true])
  await upstream.start()
  expect(await holdings(provider('a.example'), room)).toEqual(before)
  skippedMs += 2_000
  await expectAccepted(request)
  await message(clubhouse().cathy, 'said while down')
}, 20_000)

/** The delivery service takes the message and nobody hears that it did. */
const unheard: readonly Fault[] = ['lost-answer', 'half-answer']

test.for(unheard)(
  'a message whose acceptance is a %s keeps one frank and one time wherever it goes',
  { timeout: 20_000 },
  async (fault) => {
    const { cathy } = clubhouse()
    const text = `said into a ${fault}`
    const request = submission(room, text)
    upstream.fault = fault
    expect([502, 504]).toContain((await call(request)).status)
    upstream.fault = 'none'
    const received = await message(cathy, text)
    const accepted = await expectAccepted(request)
    expect(received.evidence?.frank).toEqual(accepted.frank)
    expect(BigInt(received.acceptedTimestampMs)).toBe(accepted.acceptedTimestamp)
    await clubhouse().alice.sendText(room, `after ${fault}`)
    const isNext = (event: { text?: string | undefined }) => event.text === `after ${fault}`
    const events = await eventually(cathy, (event) => event.kind === 'message' && isNext(event))
    expect(events.filter((event) => event.kind === 'message')).toHaveLength(1)
  },
)

test('a commit that the delivery service never took changes nothing, and passes later', async () => {
  const { bob, room: open } = clubhouse()
  const uri = await open()
  const request: Prepared = { operation: 'update', target: uri, body: commitBody(bob, uri) }
  const before = await holdings(provider('a.example'), uri)
  for (const fault of ['silent', 'hangs-up', 'broken', 'nonsense'] as const) {
    upstream.fault = fault
    expect((await call(request)).status).toBeGreaterThanOrEqual(500)
    upstream.fault = 'none'
    expect(await holdings(provider('a.example'), uri)).toEqual(before)
  }
  expect((await call(request)).status).toBe(200)
}, 20_000)

test('a commit whose acceptance was lost is followed as soon as it goes out', async () => {
  const { alice, bob, room: open } = clubhouse()
  const uri = await open()
  const { epoch } = alice.group(uri).context
  upstream.fault = 'lost-answer'
  const body = commitBody(bob, uri)
  expect((await call({ operation: 'update', target: uri, body })).status).toBe(502)
  upstream.fault = 'none'
  await until(async () => (await followedEpoch(uri)) === Number(epoch) + 1)
  await eventually(alice, (event) => event.kind === 'room-changed' && event.room === uri)
  expect((await alice.sendText(uri, 'in the next epoch')).kind).toBe('accepted')
}, 20_000)

async function followedEpoch(uri: string): Promise<number> {
  const answer = await callInternal(provider('a.example'), internalPath('rooms', uri))
  return (JSON.parse(answer.bytes.toString()) as { epoch: number }).epoch
}

test('a proposal whose acceptance was lost can be committed by everybody', async () => {
  const { alice, bob, room: open } = clubhouse()
  const uri = await open()
  upstream.fault = 'lost-answer'
  const request = proposalBody(bob, uri)
  expect((await call({ operation: 'update', target: uri, body: request })).status).toBe(502)
  upstream.fault = 'none'
  await eventually(alice, (event) => event.kind === 'proposal' && event.room === uri)
  expect((await alice.commitPending(uri)).kind).toBe('accepted')
}, 20_000)

test('the delivery service gets the original bytes, and headers that say what the gateway knows', async () => {
  const { bob } = clubhouse()
  const request = submission(room, 'as it came')
  await call(request)
  const [asked] = upstream.requests('submitMessage').slice(-1)
  expect(asked?.body).toEqual(request.body)
  expect(asked?.target).toBe(room)
  expect(asked?.headers).toMatchObject({
    'postern-peer': 'b.example',
    'postern-actor': bob.participant(room),
    'postern-suite': 'moderated-pseudonyms',
  })
  expect(asked?.headers['postern-request-id']).toMatch(/^[\w.:-]{1,64}$/)
  for (const name of ['from', 'mimi-metadata-suite', 'cookie', 'forwarded', 'x-forwarded-for'])
    expect(asked?.headers).not.toHaveProperty(name)
})
