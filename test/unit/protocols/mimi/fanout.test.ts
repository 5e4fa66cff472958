import { describe, expect, test } from 'vitest'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { fanoutCountMax, readFanout, stampFanout } from '../../../../src/protocols/mimi/fanout.ts'
import { encode } from '../../../../src/wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../../../src/wire/mimi/fanout.ts'
import { fromHex } from '../../../support/hex.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import {
  privateMessage,
  publicCommit,
  publicProposal,
  welcomeMessage,
} from '../../../support/mls-samples.ts'

const room = 'mimi://b.example/r/clubhouse'
const refs = [Buffer.alloc(32, 7)]
const timestamp = 1_700_000_000_000n
const frank = { serverFrank: Buffer.alloc(32, 1), ciphersuite: 1, signature: Buffer.alloc(64, 2) }

const fanouts: readonly FanoutMessage[] = [
  { kind: 'application', timestamp, message: privateMessage(), frank: undefined },
  { kind: 'commit', timestamp, message: publicCommit(), externalProposals: [publicProposal()] },
  { kind: 'proposal', timestamp, message: publicProposal(), moreProposals: [publicProposal(2)] },
  {
    kind: 'welcome',
    timestamp,
    message: welcomeMessage(refs),
    ratchetTreeOption: { representation: 'full', ratchetTree: Buffer.alloc(90, 3) },
  },
]
const bodies = fanouts.map((fanout) => encode(fanoutMessageCodec, fanout))

describe('a notify body', () => {
  test('is one or more FanoutMessages back to back', () => {
    const items = readFanout(Buffer.concat(bodies))
    expect(items.map(({ bytes }) => bytes)).toEqual(bodies)
    expect(items.map(({ kind }) => kind)).toEqual(['application', 'commit', 'proposal', 'welcome'])
    expect(items.map(({ message }) => message)).toEqual(fanouts.map(({ message }) => message.bytes))
    expect(items.map(({ welcomeRefs }) => welcomeRefs)).toEqual([[], [], [], refs])
    expect(new Set(items.map(({ timestampMs }) => timestampMs))).toEqual(
      new Set([1_700_000_000_000]),
    )
  })

  test('belongs to the room of its path', () => {
    const exchange = parsed('notify', room, Buffer.concat(bodies))
    expect(exchange).toMatchObject({ room, operation: 'notify' })
    expect(exchange.items).toHaveLength(4)
  })

  test.each([
    ['an empty body', Buffer.alloc(0)],
    ['a cut message', (bodies[0] ?? Buffer.alloc(0)).subarray(0, -1)],
    ['half a second message', Buffer.concat([...bodies, fromHex('00')])],
    [
      'more messages than allowed',
      Buffer.concat(Array.from({ length: fanoutCountMax + 1 }, () => bodies[0] ?? Buffer.alloc(0))),
    ],
  ])('%s is refused', (_, bytes) => {
    expect(codeOf(() => readFanout(bytes))).toBe('malformed-body')
  })
})

describe('the stamp of the hub', () => {
  test('sets time and frank of an application message and keeps every other octet', () => {
    const [item] = readFanout(bodies[0] ?? Buffer.alloc(0))
    if (item === undefined) throw new Error('no item')
    const stamped = stampFanout(item, { timestampMs: 42, frank })
    const [again] = readFanout(stamped)
    expect(again).toMatchObject({ timestampMs: 42, frank, message: item.message })
    expect(stamped.subarray(8, -101)).toEqual(item.bytes.subarray(8, -1))
    expect(stampFanout({ ...item, bytes: stamped }, { timestampMs: 42, frank })).toEqual(stamped)
  })

  test('takes a frank away where there shall be none', () => {
    const [item] = readFanout(bodies[0] ?? Buffer.alloc(0))
    if (item === undefined) throw new Error('no item')
    const [franked] = readFanout(stampFanout(item, { timestampMs: 42, frank }))
    if (franked === undefined) throw new Error('no item')
    const bare = stampFanout(franked, { timestampMs: 1_700_000_000_000, frank: undefined })
    expect(bare).toEqual(item.bytes)
  })

  test.each([1, 2, 3])('sets only the time of a handshake (%i)', (index) => {
    const [item] = readFanout(bodies[index] ?? Buffer.alloc(0))
    if (item === undefined) throw new Error('no item')
    const stamped = stampFanout(item, { timestampMs: 42, frank: undefined })
    expect(stamped.subarray(0, 8)).toEqual(fromHex('000000000000002a'))
    expect(stamped.subarray(8)).toEqual(item.bytes.subarray(8))
    expect(codeOf(() => stampFanout(item, { timestampMs: 42, frank }))).toBe('internal')
  })
})

describe('the answer', () => {
  const exchange = parsed('notify', room, bodies[0] ?? Buffer.alloc(0))

  test.each([
    [200, 'accepted', 201],
    [201, 'accepted', 201],
    [404, 'notFound', 404],
    [409, 'refused', 403],
  ] as const)('status %i means %s and leaves as %i without a body', (status, kind, sent) => {
    const original = response(Buffer.from('{"detail":"who is bob"}'), status)
    const answer = mimiAdapter.parseAnswer(exchange, original)
    expect(answer).toEqual({ operation: 'notify', outcome: { kind } })
    const empty = response(Buffer.alloc(0), sent)
    expect(mimiAdapter.serialise(exchange, answer, original)).toEqual(empty)
  })

  test.each([100, 302, 500, 503])('status %i is no answer', (status) => {
    const original = response(Buffer.alloc(0), status)
    expect(codeOf(() => mimiAdapter.parseAnswer(exchange, original))).toBe('upstream-invalid')
  })

  test('has no refusal of its own', () => {
    expect(mimiAdapter.refuse(exchange, { kind: 'not-allowed' })).toBeUndefined()
  })
})

test('a time beyond what a clock can show is refused', () => {
  const body = Buffer.from(bodies[0] ?? Buffer.alloc(0))
  body.fill(0xff, 0, 8)
  expect(codeOf(() => readFanout(body))).toBe('malformed-body')
})
