import { expect, test } from 'vitest'
import type { Exchange } from '../../../src/model/exchange.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { routeOf } from '../../../src/pipeline/route.ts'
import { codeOf } from '../../support/mimi-requests.ts'

const self = parseProviderDomain('a.example')
const base = {
  protocol: 'mimi',
  direction: 'egress',
  origin: { kind: 'local' },
  bytes: Buffer.alloc(0),
} as const
const ours = parseMimiUri('mimi://a.example/r/ours')
const theirs = parseMimiUri('mimi://b.example/r/theirs')
const alice = parseMimiUri('mimi://a.example/u/alice')
const bob = parseMimiUri('mimi://b.example/u/bob')
const cathy = parseMimiUri('mimi://c.example/u/cathy')

const frame = {
  bytes: Buffer.alloc(0),
  wireFormat: 'private',
  contentType: 'application',
  groupId: Buffer.alloc(0),
  epoch: 0n,
  frankingTag: undefined,
  aadComponents: [],
  ciphertextBytes: 0,
} as const

const inRoom = (room: typeof ours): readonly Exchange[] => [
  { ...base, operation: 'submitMessage', room, sender: alice, message: frame },
  { ...base, operation: 'update', room, handshake: { kind: 'proposals', proposals: [frame] } },
  { ...base, operation: 'groupInfo', room, requester: alice, pseudonymous: false },
  {
    ...base,
    operation: 'reportAbuse',
    room,
    reporter: undefined,
    subject: bob,
    messageCount: 0,
    hasNote: false,
  } as Exchange,
]

test.each(inRoom(ours))(
  '$operation in a room of ours is for our own delivery service',
  (exchange) => {
    expect(routeOf(exchange, self)).toEqual({ kind: 'own' })
  },
)

test.each(inRoom(theirs))('$operation in a room of another hub goes to that hub', (exchange) => {
  expect(routeOf(exchange, self)).toEqual({ kind: 'peer', domain: 'b.example' })
})

test.each([
  ['our own user, whatever the room', alice, theirs, { kind: 'own' }],
  ['another user, for a room of ours', cathy, ours, { kind: 'peer', domain: 'c.example' }],
  ['another user, for a room of a hub', cathy, theirs, { kind: 'peer', domain: 'b.example' }],
  ['another user, for no room', cathy, undefined, { kind: 'peer', domain: 'c.example' }],
] as const)('key material of %s', (...row) => {
  const [, target, room, route] = row
  const exchange: Exchange = {
    ...base,
    operation: 'keyMaterial',
    target,
    room,
    requester: alice,
    pseudonymous: false,
  }
  expect(routeOf(exchange, self)).toEqual(route)
})

test('consent goes to the one who is asked, or to the one who asked', () => {
  const entry = { ...base, room: undefined, requester: alice, target: bob } as const
  const request: Exchange = { ...entry, operation: 'requestConsent', change: 'request' }
  const grant: Exchange = { ...entry, operation: 'updateConsent', change: 'grant' }
  expect(routeOf(request, self)).toEqual({ kind: 'peer', domain: 'b.example' })
  expect(routeOf(grant, self)).toEqual({ kind: 'own' })
})

test('a notification is never ours to send that way', () => {
  const exchange: Exchange = { ...base, operation: 'notify', room: theirs, items: [] }
  expect(codeOf(() => routeOf(exchange, self))).toBe('unsupported-operation')
})
