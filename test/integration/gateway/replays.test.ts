import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { decode } from '../../../src/wire/codec.ts'
import { keyMaterialResponseCodec } from '../../../src/wire/mimi/key-material.ts'
import { eventually, message, useClubhouse } from '../../support/clubhouse.ts'
import { callPeer, holdings, rows } from '../../support/gateway-calls.ts'
import { keyMaterialFor, notificationOf, type Prepared } from '../../support/peer-requests.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

const clubhouse = useClubhouse()
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)

/** From the hub to its follower b.example. */
function toFollower(request: Prepared) {
  const as = provider('a.example').identity
  return callPeer(provider('b.example'), { as, from: 'a.example', ...request })
}

/** From the follower b.example to the hub. */
function toHub(request: Prepared) {
  const as = provider('b.example').identity
  return callPeer(provider('a.example'), { as, from: 'b.example', ...request })
}

/** A request for the one KeyPackage of a new user of b.example. */
async function lastKeyPackage(name: string): Promise<Prepared> {
  const { alice } = clubhouse()
  const client = await provider('b.example').client(name)
  await client.publishKeyPackages({ pseudonymous: 1 })
  return keyMaterialFor(alice, room, client.user)
}

async function claim(request: Prepared) {
  const { status, body } = await toFollower(request)
  expect(status).toBe(200)
  const { userStatus, clients } = decode(keyMaterialResponseCodec, body)
  return { userStatus, clients: clients.map(({ clientStatus }) => clientStatus) }
}

const given = { userStatus: 'success', clients: ['success'] }
const exhausted = { userStatus: 'noCompatibleMaterial', clients: [] }

test('a KeyPackage is handed out once: the same request again finds nothing', async () => {
  const request = await lastKeyPackage('dave')
  expect(await claim(request)).toEqual(given)
  expect(await claim(request)).toEqual(exhausted)
})

test('of two claims at once one gets the KeyPackage', async () => {
  const request = await lastKeyPackage('erin')
  const answers = await Promise.all([claim(request), claim(request)])
  expect(answers).toContainEqual(given)
  expect(answers).toContainEqual(exhausted)
})

/** How often Bob was shown a text, once a later one has reached him. */
async function timesSeen(text: string): Promise<number> {
  const { alice, bob } = clubhouse()
  const marker = randomBytes(6).toString('hex')
  await alice.sendText(room, marker)
  const isMarker = (event: { text?: string | undefined }) => event.text === marker
  const events = await eventually(bob, (event) => event.kind === 'message' && isMarker(event))
  return events.filter((event) => event.kind === 'message' && event.text === text).length
}

const processed = () =>
  rows(provider('b.example'), 'reference-ds.sqlite')('SELECT hex(digest) FROM ds_notifies').length

test('a notification that comes again is answered as the first time and processed once', async () => {
  const text = randomBytes(6).toString('hex')
  const submission = messageBody(clubhouse().alice, room, { text })
  const request = notificationOf(submission, room, Date.now())
  const before = processed()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { status, body } = await toFollower(request)
    expect([status, body.length]).toEqual([201, 0])
  }
  expect(processed()).toBe(before + 1)
  expect(await timesSeen(text)).toBe(1)
})

test('a notification that comes many times at once is processed once', async () => {
  const text = randomBytes(6).toString('hex')
  const submission = messageBody(clubhouse().alice, room, { text })
  const request = notificationOf(submission, room, Date.now())
  const before = processed()
  const replies = await Promise.all(Array.from({ length: 8 }, () => toFollower(request)))
  expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201))
  expect(processed()).toBe(before + 1)
  expect(await timesSeen(text)).toBe(1)
})

test('a message that comes again gets the very same answer and goes out once', async () => {
  const { bob, cathy } = clubhouse()
  const text = randomBytes(6).toString('hex')
  const request: Prepared = {
    operation: 'submitMessage',
    target: room,
    body: messageBody(bob, room, { text }),
  }
  const replies = await Promise.all([toHub(request), toHub(request), toHub(request)])
  const [first] = replies
  replies.push(await toHub(request))
  for (const reply of replies) {
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual(first?.body)
  }
  await message(cathy, text)
  const marker = randomBytes(6).toString('hex')
  await bob.sendText(room, marker)
  const events = await eventually(
    cathy,
    (event) => event.kind === 'message' && event.text === marker,
  )
  expect(events.filter((event) => event.kind === 'message')).toHaveLength(1)
})

test('a message of one provider that another one repeats is not allowed', async () => {
  const { bob } = clubhouse()
  const body = messageBody(bob, room)
  expect((await toHub({ operation: 'submitMessage', target: room, body })).status).toBe(200)
  const before = await holdings(provider('a.example'), room)
  const stolen = await callPeer(provider('a.example'), {
    as: provider('c.example').identity,
    from: 'c.example',
    operation: 'submitMessage',
    target: room,
    body,
  })
  expect(stolen.status).toBe(403)
  expect(await holdings(provider('a.example'), room)).toEqual(before)
})

test('a commit that comes again gets the very same answer and changes nothing', async () => {
  const { bob, room: open } = clubhouse()
  const uri = await open()
  const request: Prepared = { operation: 'update', target: uri, body: commitBody(bob, uri) }
  const first = await toHub(request)
  expect(first.status).toBe(200)
  const before = await holdings(provider('a.example'), uri)
  const again = await toHub(request)
  expect([again.status, again.body]).toEqual([200, first.body])
  expect(await holdings(provider('a.example'), uri)).toEqual(before)
}, 20_000)
