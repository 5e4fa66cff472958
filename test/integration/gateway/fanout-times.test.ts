import { beforeAll, expect, test } from 'vitest'
import { decode, encode } from '../../../src/wire/codec.ts'
import { fanoutMessageCodec } from '../../../src/wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../../src/wire/mimi/submit-message.ts'
import { updateRequestCodec } from '../../../src/wire/mimi/update.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { FaultyUpstream } from '../../support/faulty-upstream.ts'
import { callInternal, callPeer, internalPath } from '../../support/gateway-calls.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

// A delivery service of a.example whose fan-out comes long after its answers.
const upstream = await new FaultyUpstream().start()
const clubhouse = useClubhouse({ providers: { 'a.example': { upstream } } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
  return () => upstream[Symbol.asyncDispose]()
}, 30_000)

const hub = () => clubhouse().federation.provider('a.example')
/** After everything that has happened in the room, and the start of a second. */
const startMs = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000_000

/** A message that the delivery service accepts `afterMs` as its event `sequence`. */
async function submitted(afterMs: number, sequence: number): Promise<Buffer> {
  const body = messageBody(clubhouse().bob, room)
  upstream.answers.set('submitMessage', {
    status: 200,
    headers: { 'postern-room-sequence': String(sequence) },
    bytes: encode(submitMessageResponseCodec, {
      protocol: 'mls10',
      statusCode: 'accepted',
      acceptedTimestamp: BigInt(startMs + afterMs),
      frank: undefined,
    }),
  })
  const as = clubhouse().federation.provider('b.example').identity
  const request = { operation: 'submitMessage', target: room, body } as const
  const { status } = await callPeer(hub(), { as, from: 'b.example', ...request })
  expect(status).toBe(200)
  return body
}

/** Hands out what was submitted; resolves to the time that everybody is told, after `startMs`. */
async function shownTime(body: Buffer, afterMs: number): Promise<number> {
  const timestamp = BigInt(startMs + afterMs)
  const { appMessage } = decode(submitMessageRequestCodec, body)
  const item = { kind: 'application', timestamp, message: appMessage, frank: undefined } as const
  return fannedOut(encode(fanoutMessageCodec, item))
}

async function fannedOut(body: Buffer): Promise<number> {
  const answer = await callInternal(hub(), internalPath('fanout', room), { body })
  return Number(decode(fanoutMessageCodec, answer.bytes).timestamp) - startMs
}

test('what goes out shows times in its own order, whatever has been answered meanwhile', async () => {
  const early = await submitted(1_200, 101)
  const unheard = messageBody(clubhouse().bob, room)
  const late = await submitted(9_900, 103)
  const { proposalOrCommit } = decode(updateRequestCodec, commitBody(clubhouse().bob, room))
  const commit = encode(fanoutMessageCodec, {
    kind: 'commit',
    timestamp: BigInt(startMs + 1_100),
    message: proposalOrCommit,
    externalProposals: [],
  })
  const times = [
    await fannedOut(commit),
    await shownTime(early, 1_200),
    await shownTime(unheard, 1_300),
    await shownTime(late, 9_900),
    await shownTime(messageBody(clubhouse().bob, room), 2_000),
  ]
  expect(times).toEqual([1_000, 1_000, 1_000, 9_000, 9_000])
})
