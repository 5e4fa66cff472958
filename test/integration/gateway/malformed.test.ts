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
  notificationOf,
  searchByHandle,
  type Prepared,
} from '../../support/peer-requests.ts'
import type { PeerReply } from '../../support/peers-listener.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

// b.example talks to the hub a.example, and the hub to its follower b.example.
const clubhouse = useClubhouse()
let room: string
let changedRoom: string
let report: Buffer

beforeAll(async () => {
  const { bob, cathy, room: open } = clubhouse()
  room = await open()
  changedRoom = await open()
  await cathy.sendText(room, 'reported')
  const { evidence } = await message(bob, 'reported')
  if (evidence === undefined) throw new Error('no evidence')
  report = buildReport({ messages: [evidence] })
}, 30_000)

/** Every operation with a body that is good. */
const operations: Readonly<Record<string, () => Prepared>> = {
  submitMessage: () => ({ ...inRoom('submitMessage'), body: messageBody(clubhouse().bob, room) }),
  update: () => ({
    operation: 'update',
    target: changedRoom,
    body: commitBody(clubhouse().bob, changedRoom),
  }),
  groupInfo: () => groupInfoFor(leafIdentity(clubhouse().bob, room), room),
  keyMaterial: () => keyMaterialFor(clubhouse().bob, room, 'mimi://a.example/u/alice'),
  requestConsent: () => consentRequest({ requester: bobUri, target: 'mimi://a.example/u/alice' }),
  updateConsent: () => consentGrant({ requester: 'mimi://a.example/u/alice', target: bobUri }),
  identifierQuery: () => searchByHandle('a.example', 'alice'),
  notify: () => notificationOf(messageBody(clubhouse().alice, room), room, Date.now()),
  reportAbuse: () => ({ ...inRoom('reportAbuse'), body: report }),
}

const bobUri = 'mimi://b.example/u/bob'
const inRoom = <O extends Prepared['operation']>(operation: O) => ({ operation, target: room })

/** Notifications go from the hub to the follower, everything else the other way. */
function send(request: Prepared): Promise<PeerReply> {
  const { federation } = clubhouse()
  const [a, b] = [federation.provider('a.example'), federation.provider('b.example')]
  return request.operation === 'notify'
    ? callPeer(b, { as: a.identity, from: 'a.example', ...request })
    : callPeer(a, { as: b.identity, from: 'b.example', ...request })
}

/** What both providers hold of the rooms. */
async function held(): Promise<readonly object[]> {
  const { federation } = clubhouse()
  const providers = [federation.provider('a.example'), federation.provider('b.example')]
  const rooms = [room, changedRoom]
  return Promise.all(providers.flatMap((provider) => rooms.map((uri) => holdings(provider, uri))))
}

const mutations: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  'an empty body': () => Buffer.alloc(0),
  'a body without its last octet': (body) => body.subarray(0, -1),
  'a body cut in half': (body) => body.subarray(0, body.length >> 1),
  'a body with an octet too many': (body) => Buffer.concat([body, Buffer.of(0)]),
  'octets that mean nothing': () => Buffer.alloc(64, 0xff),
}

describe.each(Object.keys(operations))('%s', (operation) => {
  const prepare = () => operations[operation]?.() ?? expect.unreachable()

  test('malformed bodies are refused by their code, change nothing, and a good one then passes', async () => {
    const good = prepare()
    const before = await held()
    for (const [name, mutate] of Object.entries(mutations)) {
      const refused = await send({ ...good, body: mutate(good.body) })
      expect([name, problemOf(refused)]).toEqual([name, { status: 400, code: 'malformed-body' }])
    }
    expect(await held()).toEqual(before)
    const accepted = await send(good)
    expect([200, 201]).toContain(accepted.status)
  }, 20_000)

  test('a body beyond the bound of its operation is refused before it is read', async () => {
    const good = prepare()
    const before = await held()
    const oversized = Buffer.alloc(operation === 'update' || operation === 'notify' ? 18e6 : 2e6)
    const refused = await send({ ...good, body: oversized }).then(problemOf, () => 'closed')
    expect([{ status: 413, code: 'body-too-large' }, 'closed']).toContainEqual(refused)
    expect(await held()).toEqual(before)
  }, 20_000)
})
