import { beforeAll, expect, test } from 'vitest'
import { decode } from '../../../src/wire/codec.ts'
import { submitMessageResponseCodec } from '../../../src/wire/mimi/submit-message.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { FaultyUpstream } from '../../support/faulty-upstream.ts'
import {
  callInternal,
  callPeer,
  internalPath,
  problemOf,
  until,
} from '../../support/gateway-calls.ts'
import type { Prepared } from '../../support/peer-requests.ts'
import { messageBody } from '../../support/raw-requests.ts'

// The hub a.example stops while its delivery service takes its time.
const upstream = await new FaultyUpstream().start()
const clubhouse = useClubhouse({ providers: { 'a.example': { upstream } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
  return () => upstream[Symbol.asyncDispose]()
}, 30_000)

const hub = () => clubhouse().federation.provider('a.example')

function send(text: string) {
  const as = clubhouse().federation.provider('b.example').identity
  const request: Prepared = {
    operation: 'submitMessage',
    target: room,
    body: messageBody(clubhouse().bob, room, { text }),
  }
  return callPeer(hub(), { as, from: 'b.example', ...request })
}

/** A message that has reached the delivery service, which answers when it is released. */
async function underWay(text: string) {
  const { promise: gate, resolve: release } = Promise.withResolvers<void>()
  const before = upstream.requests('submitMessage').length
  upstream.gate = gate
  const answer = send(text)
  await until(() => upstream.requests('submitMessage').length > before)
  return { answer, release }
}

async function restart(): Promise<void> {
  await hub().stop()
  await hub().start()
}

test('what is under way is finished, what is new is refused with Retry-After', async () => {
  const { answer, release } = await underWay('just in time')
  const drained = hub().gateway.drain(new AbortController().signal)
  const late = await send('too late')
  expect(problemOf(late)).toEqual({ status: 503, code: 'draining' })
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  const inside = await callInternal(hub(), internalPath('rooms', room))
  expect([inside.status, inside.code]).toEqual([503, 'draining'])

  release()
  const { body } = await answer
  expect(decode(submitMessageResponseCodec, body).statusCode).toBe('accepted')
  await drained
  await restart()
  expect((await message(clubhouse().cathy, 'just in time')).evidence).toBeDefined()
}, 20_000)

test('a drain that takes too long ends what is under way, which then passes later with one frank', async () => {
  const { answer, release } = await underWay('held for too long')
  const giveUp = new AbortController()
  const drained = hub().gateway.drain(giveUp.signal)
  giveUp.abort()
  expect(problemOf(await answer)).toEqual({ status: 503, code: 'draining' })
  await drained
  release()
  await restart()
  const { evidence } = await message(clubhouse().cathy, 'held for too long')
  expect(evidence).toBeDefined()
}, 20_000)
