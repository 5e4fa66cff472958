import { beforeAll, expect, test } from 'vitest'
import type { TlsIdentity } from '../../../src/delivery/tls-identity.ts'
import { generateSignatureKeyPair } from '../../../src/mls-crypto/signatures.ts'
import { basicCredential } from '../../../src/client/identity/account.ts'
import { decode } from '../../../src/wire/codec.ts'
import { submitMessageResponseCodec } from '../../../src/wire/mimi/submit-message.ts'
import { newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, holdings, problemOf, type PeerCall } from '../../support/gateway-calls.ts'
import {
  consentGrant,
  consentRequest,
  groupInfoFor,
  keyMaterialFor,
  leafIdentity,
  notificationOf,
  searchByHandle,
  suite,
  type Prepared,
} from '../../support/peer-requests.ts'
import { authority } from '../../support/peers-listener.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

const DENIED = 'denied.example'
const clubhouse = useClubhouse({
  providers: { 'a.example': { otherPeers: { [DENIED]: { allow: false } } } },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const alice = 'mimi://a.example/u/alice'
const bob = 'mimi://b.example/u/bob'
const cathy = 'mimi://c.example/u/cathy'

function message(): Prepared {
  return { operation: 'submitMessage', target: room, body: messageBody(clubhouse().bob, room) }
}

/** A call at the hub as b.example, unless told otherwise. */
function call(request: Prepared, as: Partial<Pick<PeerCall, 'as' | 'from' | 'headers'>> = {}) {
  const { federation } = clubhouse()
  const { identity } = federation.provider('b.example')
  return callPeer(federation.provider('a.example'), {
    as: identity,
    from: 'b.example',
    ...request,
    ...as,
  })
}

/** The problem that a call meets, once it is clear that it changed nothing. */
async function refusal(...[request, as]: Parameters<typeof call>) {
  const hub = clubhouse().federation.provider('a.example')
  const before = await holdings(hub, room)
  const refused = problemOf(await call(request, as))
  expect(await holdings(hub, room)).toEqual(before)
  return refused
}

async function expectAccepted(request: Prepared): Promise<void> {
  expect((await call(request)).status).toBe(200)
}

test('a From that the certificate does not prove is refused, and the same request with its own From passes', async () => {
  const request = message()
  const forbidden = { status: 403, code: 'from-mismatch' }
  expect(await refusal(request, { from: 'c.example' })).toEqual(forbidden)
  expect(await refusal(request, { from: 'a.example' })).toEqual(forbidden)
  expect(await refusal(request, { headers: { from: undefined } })).toEqual(forbidden)
  expect(await refusal(request, { headers: { from: 'bob@b.example' } })).toEqual(forbidden)
  await expectAccepted(request)
})

test('a provider that no configuration names is refused', async () => {
  const stranger = await clubhouse().federation.stranger('d.example')
  const as = { as: stranger, from: 'd.example' }
  expect(await refusal(message(), as)).toEqual({ status: 403, code: 'peer-unknown' })
  await expectAccepted(message())
})

test('a provider that the configuration denies is refused', async () => {
  const denied = { as: await clubhouse().federation.stranger(DENIED), from: DENIED }
  expect(await refusal(message(), denied)).toEqual({ status: 403, code: 'peer-denied' })
  await expectAccepted(message())
})

test('a certificate of another authority does not get through the handshake', async () => {
  const { authorities } = clubhouse().federation.provider('b.example').identity
  const foreign: TlsIdentity = { ...(await authority.issue({ names: ['b.example'] })), authorities }
  await expect(call(message(), { as: foreign })).rejects.toThrow(/alert|ECONNRESET|EPIPE|socket/)
  await expectAccepted(message())
})

test('a request for another host is refused', async () => {
  const headers = { host: 'c.example' }
  expect(await refusal(message(), { headers })).toEqual({ status: 421, code: 'misdirected' })
  await expectAccepted(message())
})

const otherRoom = 'mimi://c.example/r/elsewhere'

/** Requests in which b.example speaks for others or about what is not there. */
const foreign: Readonly<Record<string, () => Prepared>> = {
  'a message whose sendingUri is of another provider': () => ({
    ...message(),
    body: messageBody(clubhouse().bob, room, { sendingUri: clubhouse().cathy.participant(room) }),
  }),
  'a message for a room of another hub': () => ({ ...message(), target: otherRoom }),
  'a commit for a room of another hub': () => ({ ...commit(), target: otherRoom }),
  'a commit of another provider’s member': () => ({
    ...commit(),
    body: commitBody(clubhouse().cathy, room),
  }),
  'a GroupInfo request as a user of another provider': () => {
    const signer = generateSignatureKeyPair(suite)
    return groupInfoFor({ signer, credential: basicCredential(cathy) }, room)
  },
  'a GroupInfo request as a member of another provider': () =>
    groupInfoFor(leafIdentity(clubhouse().cathy, room), room),
  'key material for a user of another provider, outside its rooms': () =>
    keyMaterialFor(clubhouse().cathy, room, alice),
  'a consent request of another provider’s user': () =>
    consentRequest({ requester: cathy, target: alice }),
  'a consent request for a user of another provider': () => ({
    ...consentRequest({ requester: bob, target: cathy }),
    target: cathy,
  }),
  'a grant of another provider’s user': () => consentGrant({ requester: alice, target: cathy }),
  'a search at another provider': () => searchByHandle('c.example', 'cathy'),
  'a notification for a room of ours': () =>
    notificationOf(messageBody(clubhouse().bob, room), room, Date.now()),
  'a notification for a room of another hub': () => ({
    ...notificationOf(messageBody(clubhouse().bob, room), room, Date.now()),
    target: otherRoom,
  }),
}

function commit(): Prepared {
  return { operation: 'update', target: room, body: commitBody(clubhouse().bob, room) }
}

test.for(Object.entries(foreign))('%s is refused', async ([, prepare]) => {
  expect(await refusal(prepare())).toEqual({ status: 403, code: 'actor-mismatch' })
  await expectAccepted(message())
})

test('key material asked for under another path than the body names is refused', async () => {
  const request = keyMaterialFor(clubhouse().bob, room, alice)
  const refused = { status: 400, code: 'path-body-mismatch' }
  expect(await refusal({ ...request, target: 'mimi://a.example/u/albert' })).toEqual(refused)
  const consent = consentRequest({ requester: bob, target: alice })
  expect(await refusal({ ...consent, target: 'c.example' })).toEqual(refused)
})

test('a message for a room that is not there is refused as by one whose members are others', async () => {
  const { status, body } = await call({ ...message(), target: newRoomUri() })
  expect(status).toBe(200)
  const notAllowed = { protocol: 'mls10', statusCode: 'notAllowed' }
  expect(decode(submitMessageResponseCodec, body)).toEqual(notAllowed)
})

test('a path that is no URI is refused', async () => {
  const target = 'mimi://a.example/u/alice'
  expect(await refusal({ ...message(), target })).toEqual({ status: 400, code: 'invalid-uri' })
})
