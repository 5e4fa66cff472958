import { beforeAll, expect, test } from 'vitest'
import { eventually, isMessage, useClubhouse } from '../../support/clubhouse.ts'
import { FaultyUpstream, type Fault } from '../../support/faulty-upstream.ts'
import { callPeer, problemOf, until } from '../../support/gateway-calls.ts'
import { notificationOf } from '../../support/peer-requests.ts'
import { messageBody } from '../../support/raw-requests.ts'

// The follower b.example with a delivery service that fails while the hub a.example fans out to it.
const upstream = await new FaultyUpstream().start()
let skippedMs = 0
const clock = () => Date.now() + skippedMs
const limits = {
  upstream: { deadlineMs: 300 },
  outbox: { backoff: { baseMs: 20, maxMs: 100 } },
}
const clubhouse = useClubhouse({
  providers: {
    'a.example': { extra: { limits }, clock },
    'b.example': { upstream, extra: { limits }, clock },
  },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
  return () => upstream[Symbol.asyncDispose]()
}, 30_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)

const faults: readonly (readonly [Fault, { status: number; code: string }])[] = [
  ['silent', { status: 504, code: 'upstream-timeout' }],
  ['hangs-up', { status: 502, code: 'upstream-unreachable' }],
  ['busy', { status: 503, code: 'upstream-unavailable' }],
  ['broken', { status: 502, code: 'upstream-invalid' }],
  ['lost-answer', { status: 502, code: 'upstream-unreachable' }],
]

test.for(faults)(
  'while the delivery service is %s a notification is refused, and processed once when it comes again',
  { timeout: 20_000 },
  async ([fault, problem]) => {
    const { alice, bob } = clubhouse()
    const text = `notified while ${fault}`
    const request = notificationOf(messageBody(alice, room, { text }), room, Date.now())
    const send = () => {
      const as = provider('a.example').identity
      return callPeer(provider('b.example'), { as, from: 'a.example', ...request })
    }
    upstream.fault = fault
    expect(problemOf(await send())).toEqual(problem)
    upstream.fault = 'none'
    skippedMs += 120_000
    expect((await send()).status).toBe(201)
    expect((await send()).status).toBe(201)
    await alice.sendText(room, `after ${fault}`)
    const events = await eventually(bob, isMessage(`after ${fault}`))
    expect(events.filter(isMessage(text))).toHaveLength(1)
    expect(events.filter(({ kind }) => kind === 'refused')).toEqual([])
  },
)

test('a hub delivers what a follower could not take, in order, once the follower can', async () => {
  const { alice, bob } = clubhouse()
  upstream.fault = 'broken'
  const texts = ['kept one', 'kept two', 'kept three']
  for (const text of texts) expect((await alice.sendText(room, text)).kind).toBe('accepted')
  const asked = () => upstream.requests('notify').length
  const before = asked()
  await until(() => asked() > before)
  upstream.fault = 'none'
  skippedMs += 120_000
  const events = await eventually(bob, isMessage('kept three'))
  const seen = events.flatMap((event) => (event.kind === 'message' ? [event.text ?? ''] : []))
  expect(seen.filter((text) => text.startsWith('kept'))).toEqual(texts)
}, 40_000)

test('key material that a provider cannot give now is a fault of that provider, and nothing is claimed', async () => {
  const { alice, bob, federation } = clubhouse()
  const dave = await federation.provider('b.example').client('dave')
  await dave.publishKeyPackages({ pseudonymous: 1 })
  alice.connect(dave.connectionCard())
  upstream.fault = 'hangs-up'
  await expect(alice.addUser(room, dave.user)).rejects.toMatchObject({ status: 502 })
  upstream.fault = 'none'
  skippedMs += 120_000
  expect((await alice.addUser(room, dave.user)).kind).toBe('accepted')
  await eventually(bob, (event) => event.kind === 'room-changed')
}, 20_000)
