import { expect, test } from 'vitest'
import { decode, encode } from '../../../src/wire/codec.ts'
import { fanoutMessageCodec } from '../../../src/wire/mimi/fanout.ts'
import { submitMessageRequestCodec } from '../../../src/wire/mimi/submit-message.ts'
import {
  commitBundle,
  DsClient,
  proposalBundle,
  submission,
  type QueuedEvent,
} from '../../support/ds-client.ts'
import { STAMP } from '../../support/ds-network.ts'
import {
  addClient,
  alice,
  bob,
  clubhouse,
  commit,
  publicMessageOf,
  smallRoom,
} from '../../support/ds-room.ts'

test('an application message reaches every member but the one that sent it, with the stamped bytes', async () => {
  const room = await smallRoom()
  const tablet = await new DsClient(room.network, alice, 'mimi://a.example/d/a2').register()
  await addClient(room.alice, tablet)
  const answer = await room.alice.client.submit(clubhouse, room.alice.group)
  expect(answer.statusCode).toBe('accepted')

  const atHub = await tablet.eventually(2)
  const atFollower = await room.bob.client.eventually(3)
  expect(atHub.at(-1)?.item).toMatchObject({ kind: 'application', frank: STAMP })
  expect(atHub.at(-1)?.room).toBe(clubhouse)
  expect(atFollower.at(-1)?.body).toEqual(atHub.at(-1)?.body)
  expect(await room.alice.client.events()).toEqual([])
})

test('a commit goes to the committer through the answer only, and to its other devices', async () => {
  const room = await smallRoom()
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  await addClient(room.bob, laptop)
  await commit(room.bob)
  expect(kinds(await laptop.eventually(2))).toEqual(['welcome', 'commit'])
  expect(kinds(await room.bob.client.events())).toEqual(['welcome'])
})

test('a client whose answer was lost gets its own commit back', async () => {
  const room = await smallRoom()
  const staged = room.alice.group.commit()
  room.network.loseAnswers.add('update')
  const answer = await room.alice.client.operation('update', clubhouse, commitBundle(staged))
  expect(answer.status).toBe(502)
  expect(kinds(await room.alice.client.eventually(1))).toEqual(['commit'])
})

test('events stay until they are acknowledged, also over a restart', async () => {
  const room = await smallRoom()
  for (let count = 0; count < 3; count++)
    await room.alice.client.submit(clubhouse, room.alice.group)
  const events = await room.bob.client.eventually(4)
  expect(kinds(events)).toEqual(['welcome', 'application', 'application', 'application'])

  await room.network.restart('b.example')
  expect(await room.bob.client.events()).toEqual(events)
  const [first, second, ...others] = events
  expect(await room.bob.client.events({ after: second?.id ?? 0 })).toEqual(others)
  expect(await room.bob.client.events()).toEqual(others)
  expect(first?.id).toBeLessThan(second?.id ?? 0)
  await room.bob.client.events({ after: events.at(-1)?.id ?? 0 })
  expect(await room.bob.client.events()).toEqual([])
})

test('a question for events waits until there is one', async () => {
  const room = await smallRoom()
  const [welcome] = await room.bob.client.eventually(1)
  const waiting = room.bob.client.events({ after: welcome?.id ?? 0, waitMs: 4_000 })
  await room.alice.client.submit(clubhouse, room.alice.group)
  expect(kinds(await waiting)).toEqual(['application'])
})

test('a question for events ends empty when its time is up', async () => {
  const room = await smallRoom()
  const [welcome] = await room.bob.client.eventually(1)
  expect(await room.bob.client.events({ after: welcome?.id ?? 0, waitMs: 10 })).toEqual([])
})

test('what was accepted goes out after a restart, in its order', async () => {
  const room = await smallRoom()
  await room.alice.client.events()
  const bodies = [1, 2, 3].map(() => submission(room.bob.group, bob))
  const [first = NOTHING, second = NOTHING, third = NOTHING] = bodies
  const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
  room.network.fanouts.length = 0
  room.network.failing.set('a.example', 503)
  await room.network.upstream('a.example', path, first)
  await room.network.upstream('a.example', path, second)
  await room.network.restart('a.example')
  await room.network.upstream('a.example', path, third)
  expect(room.network.fanouts).toEqual([])
  room.network.failing.clear()

  const events = await room.alice.client.eventually(3)
  const sent = bodies.map((body) => decode(submitMessageRequestCodec, body).appMessage.bytes)
  expect(events.map(({ item }) => item?.message.bytes)).toEqual(sent)
  expect(room.network.fanouts.map(({ item }) => item.message.bytes)).toEqual(sent)
})

test('an event that the gateway keeps refusing is set aside, and the next one goes out', async () => {
  const room = await smallRoom()
  await room.bob.client.eventually(1)
  room.network.refusedFanouts = 8
  await room.alice.client.submit(clubhouse, room.alice.group)
  await room.alice.client.submit(clubhouse, room.alice.group)
  const events = await room.bob.client.eventually(2)
  expect(kinds(events)).toEqual(['welcome', 'application'])
})

test('a notify that arrives again is answered 201 and delivered once', async () => {
  const room = await smallRoom()
  await room.alice.client.submit(clubhouse, room.alice.group)
  const [, event] = await room.bob.client.eventually(2)
  const path = { operation: 'notify', target: clubhouse, peer: 'a.example' }
  const again = () => room.network.upstream('b.example', path, event?.body ?? Buffer.alloc(0))

  const answers = await Promise.all([again(), again(), again()])
  await room.network.restart('b.example')
  answers.push(await again())
  expect(answers.map(({ status, bytes }) => [status, bytes.length])).toEqual(
    answers.map(() => [201, 0]),
  )
  expect(await room.bob.client.events()).toHaveLength(2)
})

test('one notify body may hold several messages, and a Welcome in it counts for what follows', async () => {
  const room = await smallRoom()
  await room.alice.client.submit(clubhouse, room.alice.group)
  const [welcome, message] = await room.bob.client.eventually(2)
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  await addClient(room.alice, laptop)
  const [hers] = await laptop.eventually(1)
  await laptop.call('DELETE', `rooms/${encodeURIComponent(clubhouse)}`)

  const body = Buffer.concat([hers?.body ?? NOTHING, message?.body ?? NOTHING])
  const path = { operation: 'notify', target: clubhouse, peer: 'a.example' }
  expect((await room.network.upstream('b.example', path, body)).status).toBe(201)
  expect(kinds(await laptop.events())).toEqual(['welcome', 'welcome', 'application'])
  expect(welcome?.item?.kind).toBe('welcome')
})

test('only the hub of a room may notify, and only with whole messages', async () => {
  const room = await smallRoom()
  await room.alice.client.submit(clubhouse, room.alice.group)
  const [, event] = await room.bob.client.eventually(2)
  const body = event?.body ?? NOTHING
  const notify = (peer: string | undefined, bytes: Buffer) =>
    room.network.upstream('b.example', { operation: 'notify', target: clubhouse, peer }, bytes)
  expect((await notify('c.example', body)).status).toBe(403)
  expect((await notify(undefined, body)).status).toBe(403)
  expect((await notify('a.example', body.subarray(0, -1))).status).toBe(400)
  expect((await notify('a.example', NOTHING)).status).toBe(400)
  expect(await room.bob.client.events()).toHaveLength(2)
})

test('a client that left a room gets nothing more of it', async () => {
  const room = await smallRoom()
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  await addClient(room.alice, laptop)
  const before = await room.bob.client.eventually(2)
  const left = await room.bob.client.call('DELETE', `rooms/${encodeURIComponent(clubhouse)}`)
  expect(left.status).toBe(204)
  await commit(room.alice)
  await room.alice.client.submit(clubhouse, room.alice.group)
  expect(kinds(await laptop.eventually(3))).toEqual(['welcome', 'commit', 'application'])
  expect(await room.bob.client.events()).toEqual(before)
})

test('a client of the hub that a commit removes gets that commit and nothing after it', async () => {
  const room = await smallRoom()
  const tablet = await new DsClient(room.network, alice, 'mimi://a.example/d/a2').register()
  const group = await addClient(room.alice, tablet)
  await commit(room.alice, [{ kind: 'remove', removed: group.ownLeafIndex }])
  const [, added, removed] = await room.bob.client.eventually(3)
  for (const event of [added, removed]) room.bob.group.receiveCommit(publicMessageOf(event))
  await room.bob.client.submit(clubhouse, room.bob.group)
  expect(kinds(await room.alice.client.eventually(1))).toEqual(['application'])
  expect(kinds(await tablet.events())).toEqual(['welcome', 'commit'])
})

test('proposals go to the members, whole as they were sent', async () => {
  const room = await smallRoom()
  const leave = room.bob.group.propose({ kind: 'self-remove' })
  await room.bob.client.update(clubhouse, proposalBundle(leave))
  const [event] = await room.alice.client.eventually(1)
  if (event?.item?.kind !== 'proposal') throw new Error('no proposal')
  expect(event.item.moreProposals).toEqual([])
  expect(encode(fanoutMessageCodec, event.item)).toEqual(event.body)
})

function kinds(events: readonly QueuedEvent[]): readonly (string | undefined)[] {
  return events.map(({ item }) => item?.kind)
}

const NOTHING = Buffer.alloc(0)
