import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { basicCredential } from '../../../src/client/identity/account.ts'
import { generateSignatureKeyPair } from '../../../src/mls-crypto/signatures.ts'
import { addParticipants } from '../../../src/client/mimi/participant-changes.ts'
import { createKeyPackage } from '../../../src/client/mls/key-package.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../../src/wire/mimi/submit-message.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'
import { eventually, message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import type { Provider } from '../../support/federation.ts'
import { callPeer, holdings, problemOf, rows, until } from '../../support/gateway-calls.ts'
import { notificationOf, suite, type Prepared } from '../../support/peer-requests.ts'
import { commitBody, messageBody, messageBodyOf } from '../../support/raw-requests.ts'

// What a member of b.example sends to the hub a.example and what the hub says in the protocol's codes.
const clubhouse = useClubhouse({ keyPackages: { basic: 4, pseudonymous: 12 } })
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const notAllowed = { protocol: 'mls10', statusCode: 'notAllowed' }
const updateNotAllowed = { responseCode: 'notAllowed', errorDescription: '' }

const submission = (target: string, body: Buffer): Prepared => ({
  operation: 'submitMessage',
  target,
  body,
})
const change = (target: string, body: Buffer): Prepared => ({ operation: 'update', target, body })

function call(request: Prepared) {
  const { federation } = clubhouse()
  const { identity } = federation.provider('b.example')
  return callPeer(federation.provider('a.example'), {
    as: identity,
    from: 'b.example',
    ...request,
  })
}

/** What the hub answers, once it is clear that the request changed nothing; and how it was recorded. */
async function answered(request: Prepared): Promise<readonly [object, recorded: string]> {
  const hub = clubhouse().federation.provider('a.example')
  const before = await holdings(hub, request.target)
  const newest = lastRefusal(hub)?.id ?? 0
  const reply = await call(request)
  expect(await holdings(hub, request.target)).toEqual(before)
  if (reply.status !== 200) return [problemOf(reply), '']
  await until(() => (lastRefusal(hub)?.id ?? 0) > newest)
  const answer =
    request.operation === 'update'
      ? decode(updateRoomResponseCodec, reply.body)
      : decode(submitMessageResponseCodec, reply.body)
  return [answer, lastRefusal(hub)?.outcome ?? '']
}

interface RecordedRefusal {
  readonly id: number
  readonly outcome: string
  readonly at_ms: number
}

function lastRefusal(hub: Provider): RecordedRefusal | undefined {
  const sql =
    "SELECT id, outcome, at_ms FROM events WHERE kind LIKE '%.refused' ORDER BY id DESC LIMIT 1"
  return rows(hub, 'postern.sqlite')(sql)[0] as RecordedRefusal | undefined
}

/** Bob's next message reaches Cathy: the room goes on. */
async function expectUsable(uri: string): Promise<void> {
  const { bob, cathy } = clubhouse()
  const text = randomBytes(6).toString('hex')
  expect((await bob.sendText(uri, text)).kind).toBe('accepted')
  await message(cathy, text)
}

/** Bob as he was before somebody else changed the room. */
async function withStale(prepare: (bob: MimiClient, uri: string) => Buffer) {
  const { alice, bob, room: open } = clubhouse()
  const uri = await open()
  const body = prepare(bob, uri)
  const { epoch } = alice.group(uri).context
  expect((await alice.commitPending(uri)).kind).toBe('accepted')
  await eventually(bob, (event) => event.kind === 'room-changed' && event.room === uri)
  return { uri, body, currentEpoch: epoch + 1n }
}

test('a message of an earlier epoch is answered epochTooOld with the current one', async () => {
  const { uri, body, currentEpoch } = await withStale(messageBody)
  const tooOld = { protocol: 'mls10', statusCode: 'epochTooOld', currentEpoch }
  expect(await answered(submission(uri, body))).toEqual([tooOld, 'epochTooOld'])
  await expectUsable(uri)
}, 20_000)

test('a commit of an earlier epoch is answered wrongEpoch with the current one', async () => {
  const { uri, body, currentEpoch } = await withStale(commitBody)
  const wrongEpoch = { responseCode: 'wrongEpoch', errorDescription: '', currentEpoch }
  expect(await answered(change(uri, body))).toEqual([wrongEpoch, 'wrong-epoch'])
  await expectUsable(uri)
}, 20_000)

test('a message of an epoch that has not begun is not allowed', async () => {
  const body = inEpoch(messageBody(clubhouse().bob, room), 1_000n)
  expect(await answered(submission(room, body))).toEqual([notAllowed, 'notAllowed'])
  await expectUsable(room)
})

test('a message or a commit of one room is refused under the path of another', async () => {
  const { bob, room: open } = clubhouse()
  const other = await open()
  const strayed = submission(other, messageBody(bob, room))
  expect(await answered(strayed)).toEqual([notAllowed, 'not-a-participant'])
  const sendingUri = bob.participant(other)
  const disguised = submission(other, messageBody(bob, room, { sendingUri }))
  expect(await answered(disguised)).toEqual([notAllowed, 'notAllowed'])
  const commit = change(other, commitBody(bob, room))
  expect(await answered(commit)).toEqual([updateNotAllowed, 'invalid-commit'])
  await expectUsable(other)
  await expectUsable(room)
}, 20_000)

test('messages of another wire format than the operation carries are refused', async () => {
  const { bob } = clubhouse()
  const wrongKind = { status: 400, code: 'wrong-message-kind' }
  const { appMessage, sendingUri } = decode(submitMessageRequestCodec, messageBody(bob, room))
  const { proposalOrCommit } = decode(updateRequestCodec, commitBody(bob, room))
  const publicMessage = encode(submitMessageRequestCodec, {
    protocol: 'mls10',
    appMessage: proposalOrCommit,
    sendingUri,
  })
  expect(await answered(submission(room, publicMessage))).toEqual([wrongKind, ''])
  expect(await answered(change(room, appMessage.bytes))).toEqual([wrongKind, ''])
  await expectUsable(room)
})

test('a message of somebody who takes no part is not allowed', async () => {
  const sendingUri = 'mimi://b.example/u/dave'
  const body = messageBody(clubhouse().bob, room, { sendingUri })
  expect(await answered(submission(room, body))).toEqual([notAllowed, 'not-a-participant'])
  await expectUsable(room)
})

test('a removed member sends no more, whatever epoch it names', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const uri = await open()
  const group = bob.group(uri)
  const participant = bob.participant(uri)
  const body = messageBodyOf(group, participant, { room: uri })
  const { epoch } = group.context
  expect((await alice.removeUser(uri, bob.user)).kind).toBe('accepted')
  const refused = [notAllowed, 'not-a-participant']
  expect(await answered(submission(uri, body))).toEqual(refused)
  expect(await answered(submission(uri, inEpoch(body, epoch + 1n)))).toEqual(refused)
  await eventually(bob, (event) => event.kind === 'removed')
  expect((await alice.sendText(uri, 'without Bob')).kind).toBe('accepted')
  await message(cathy, 'without Bob')
}, 20_000)

test('a message without a franking tag is not allowed where the suite requires one', async () => {
  const body = messageBody(clubhouse().bob, room, { franked: false })
  expect(await answered(submission(room, body))).toEqual([notAllowed, 'frank-required'])
  await expectUsable(room)
})

test('the journal says when a message was refused no finer than when one was accepted', async () => {
  const hub = clubhouse().federation.provider('a.example')
  const times: number[] = []
  for (let sent = 0; sent < 3; sent += 1) {
    await answered(submission(room, messageBody(clubhouse().bob, room, { franked: false })))
    times.push(lastRefusal(hub)?.at_ms ?? 1)
  }
  expect(times.map((time) => time % 1_000)).toEqual([0, 0, 0])
})

test('nobody gets into a pseudonymous room under the name of a user', async () => {
  const { bob } = clubhouse()
  const dave = 'mimi://b.example/u/dave'
  const identity = { signer: generateSignatureKeyPair(suite), credential: basicCredential(dave) }
  const options = { nowMs: Date.now(), randomness: randomBytes }
  const { keyPackage } = createKeyPackage(suite, identity, options)
  const body = commitBody(bob, room, [
    addParticipants([{ user: dave, roleIndex: 2 }]),
    { kind: 'add', keyPackage },
  ])
  expect(await answered(change(room, body))).toEqual([updateNotAllowed, 'disclosure-refused'])
  await expectUsable(room)
})

test('a room whose suite a provider does not share is closed to it in both directions', async () => {
  const { federation, alice, bob } = clubhouse()
  const uri = newRoomUri()
  await alice.createRoom({ room: uri, name: 'Names', suite: 'identified' })
  const refused = { code: 'refused', status: 409, problem: 'suite-unavailable' }
  await expect(alice.addUser(uri, bob.user)).rejects.toMatchObject(refused)
  const sendingUri = 'mimi://b.example/u/bob'
  const sent = submission(uri, messageBody(bob, room, { sendingUri }))
  expect(await answered(sent)).toEqual([notAllowed, 'suite-unavailable'])
  const a = federation.provider('a.example')
  const announced = await callPeer(federation.provider('b.example'), {
    as: a.identity,
    from: 'a.example',
    ...notificationOf(messageBody(alice, uri), uri, 1),
    headers: { 'mimi-metadata-suite': 'identified' },
  })
  expect(problemOf(announced)).toEqual({ status: 409, code: 'suite-unavailable' })
  expect((await alice.sendText(uri, 'to myself')).kind).toBe('accepted')
}, 20_000)

/** The same submission with another epoch in its header. */
function inEpoch(body: Buffer, epoch: bigint): Buffer {
  const { appMessage } = decode(submitMessageRequestCodec, body)
  const { header } = appMessage
  const changed = Buffer.from(body)
  const at = changed.indexOf(header.kind === 'private' ? header.groupId : '')
  changed.writeBigUInt64BE(epoch, at + (header.kind === 'private' ? header.groupId.length : 0))
  return changed
}
