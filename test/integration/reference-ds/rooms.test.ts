import { expect, test } from 'vitest'
import { decode } from '../../../src/wire/codec.ts'
import { groupInfoRatchetTreeTBECodec } from '../../../src/wire/mimi/group-info.ts'
import { updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { joinExternally, openPublishedGroup } from '../../../src/client/mls/open-group.ts'
import type { LeafIdentity } from '../../../src/client/mls/key-package.ts'
import {
  basicIdentity,
  commitBundle,
  DsClient,
  MEMBER_ROLE,
  newGroup,
  proposalBundle,
  submission,
  submitOutcome,
} from '../../support/ds-client.ts'
import {
  addClient,
  alice,
  bob,
  cathy,
  clubhouse,
  commit,
  exportRatchetTree,
  groupInfoRequest,
  participantChange,
  publicMessageOf,
  smallRoom,
} from '../../support/ds-room.ts'
import { dsNetwork } from '../../support/ds-network.ts'
import { agree } from '../../support/mls-members.ts'

const BANNED_ROLE = 1

test('a room that the gateway refuses is not stored, and can be created later', async () => {
  const network = await dsNetwork('a.example')
  const creator = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const group = newGroup(basicIdentity(alice), { [alice]: MEMBER_ROLE })
  network.failing.set('a.example', 422)
  expect((await creator.createRoom(clubhouse, group)).status).toBe(422)
  network.failing.clear()

  const path = { operation: 'submitMessage', target: clubhouse }
  const answer = await network.upstream('a.example', path, submission(group, alice))
  expect(answer.status).toBe(404)
  expect((await creator.createRoom(clubhouse, group)).status).toBe(201)
  expect((await creator.createRoom(clubhouse, group)).status).toBe(409)
})

test('a room whose registration stayed without an answer is created by the same request again', async () => {
  const network = await dsNetwork('a.example')
  const creator = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const group = newGroup(basicIdentity(alice), { [alice]: MEMBER_ROLE })
  const document = group.groupInfo()
  network.failing.set('a.example', 503)
  expect((await creator.createRoom(clubhouse, group, document)).status).toBe(503)
  await network.restart('a.example')
  // Meanwhile the gateway has it.
  network.failing.set('a.example', 409)
  expect((await creator.createRoom(clubhouse, group, document)).status).toBe(201)
  network.failing.clear()
  expect((await creator.submit(clubhouse, group)).statusCode).toBe('accepted')
})

test('a client that Alice adds joins by the Welcome that its provider gets', async () => {
  const room = await smallRoom()
  expect(agree([room.alice.group, room.bob.group])).toBe(true)
  const kinds = room.network.fanouts.map(({ item, destinations }) => [item.kind, destinations])
  expect(kinds).toEqual([
    ['commit', ['b.example']],
    ['welcome', ['b.example']],
  ])
})

test('a Welcome reaches the owner of its KeyPackage only, though others take part', async () => {
  const { network, ...room } = await smallRoom()
  await network.start('c.example')
  const cathysPhone = await new DsClient(network, cathy, 'mimi://c.example/d/c1').register()
  network.fanouts.length = 0
  // Bob asks the hub for Cathy's KeyPackage: that is how the hub knows where her Welcome belongs.
  const group = await addClient(room.bob, cathysPhone, [participantChange({ added: [cathy] })])

  room.alice.group.receiveCommit(await nextCommit(room.alice.client))
  expect(agree([room.alice.group, room.bob.group, group])).toBe(true)
  expect(network.fanouts.map(({ item, destinations }) => [item.kind, destinations])).toEqual([
    ['commit', ['b.example', 'c.example']],
    ['welcome', ['c.example']],
  ])
  expect((await cathysPhone.events()).map(({ item }) => item?.kind)).toEqual(['welcome'])
  expect((await room.bob.client.events()).map(({ item }) => item?.kind)).toEqual(['welcome'])
})

test('of two commits for one epoch one wins, and the other learns the new epoch', async () => {
  const room = await smallRoom()
  const bundles = [room.alice, room.bob].map(({ client, group }) =>
    client.update(clubhouse, commitBundle(group.commit())),
  )
  const codes = await Promise.all(bundles)
  const outcomes = codes.map(({ responseCode }) => responseCode).toSorted()
  expect(outcomes).toEqual(['success', 'wrongEpoch'])
  expect(codes.find(({ responseCode }) => responseCode === 'wrongEpoch')).toMatchObject({
    currentEpoch: 2n,
  })
})

test('a commit that is sent again gets the first answer, and goes out once', async () => {
  const room = await smallRoom()
  room.network.fanouts.length = 0
  const bundle = commitBundle(room.alice.group.commit())
  const first = await room.alice.client.update(clubhouse, bundle)
  room.network.nowMs += 5_000
  const second = await room.alice.client.update(clubhouse, bundle)
  expect(second).toEqual(first)
  expect(first.responseCode).toBe('success')
  await room.bob.client.eventually(2)
  expect(room.network.fanouts).toHaveLength(1)
})

test('the next commit must take up every proposal that waits', async () => {
  const room = await smallRoom()
  const leave = room.bob.group.propose({ kind: 'self-remove' })
  expect(await room.bob.client.update(clubhouse, proposalBundle(leave))).toMatchObject({
    responseCode: 'success',
  })

  const without = room.alice.group.commit()
  expect(await room.alice.client.update(clubhouse, commitBundle(without))).toMatchObject({
    responseCode: 'invalidProposal',
  })
  room.alice.group.discardPendingCommit()

  const [event] = await room.alice.client.eventually(1)
  room.alice.group.receiveProposal(publicMessageOf(event))
  const proposals = [participantChange({ removed: [1] })]
  await commit(room.alice, proposals)
  expect(room.alice.group.members).toHaveLength(1)
})

test('a removed participant is refused, and its provider still gets the commit that removes it', async () => {
  const room = await smallRoom()
  const { bob: leaving } = room
  const late = submission(leaving.group, bob)
  const remove = { kind: 'remove', removed: leaving.group.ownLeafIndex } as const
  await commit(room.alice, [participantChange({ removed: [1] }), remove])
  expect(room.network.fanouts.at(-1)).toMatchObject({ destinations: ['b.example'] })

  const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
  const submitted = await room.network.upstream('a.example', path, late)
  expect(submitOutcome(submitted)).toMatchObject({ statusCode: 'notAllowed' })
  const asked = await askGroupInfo(room, { identity: basicIdentity(bob), peer: 'b.example' })
  expect(asked).toMatchObject({ status: 403, bytes: Buffer.alloc(0) })

  await room.alice.client.submit(clubhouse, room.alice.group)
  await room.alice.client.events()
  expect(room.network.fanouts.at(-1)).toMatchObject({ destinations: [] })
})

test('a banned participant may only leave', async () => {
  const room = await smallRoom()
  const ban = [participantChange({ roles: { 1: BANNED_ROLE } })]
  await commit(room.alice, ban)
  room.bob.group.receiveCommit(await nextCommit(room.bob.client))

  expect(await room.bob.client.submit(clubhouse, room.bob.group)).toMatchObject({
    statusCode: 'notAllowed',
  })
  const update = room.bob.group.commit()
  expect(await room.bob.client.update(clubhouse, commitBundle(update))).toMatchObject({
    responseCode: 'notAllowed',
  })
  room.bob.group.discardPendingCommit()
  const voice = room.bob.group.propose(participantChange({ roles: { 1: MEMBER_ROLE } }))
  expect(await room.bob.client.update(clubhouse, proposalBundle(voice))).toMatchObject({
    responseCode: 'notAllowed',
  })
  const leave = room.bob.group.propose({ kind: 'self-remove' })
  expect(await room.bob.client.update(clubhouse, proposalBundle(leave))).toMatchObject({
    responseCode: 'success',
  })
})

test('a commit that adds a client of somebody who is no participant is refused', async () => {
  const { network, ...room } = await smallRoom()
  await network.start('c.example')
  const cathysPhone = await new DsClient(network, cathy, 'mimi://c.example/d/c1').register()
  await expect(addClient(room.alice, cathysPhone)).rejects.toThrow('notAllowed')
})

test('a provider cannot speak for a user of another one', async () => {
  const room = await smallRoom()
  const message = submission(room.alice.group, alice)
  const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
  const submitted = await room.network.upstream('a.example', path, message)
  expect(submitOutcome(submitted)).toMatchObject({ statusCode: 'notAllowed' })

  const bundle = commitBundle(room.alice.group.commit())
  const update = { operation: 'update', target: clubhouse, peer: 'b.example' }
  const answer = await room.network.upstream('a.example', update, bundle)
  expect(decode(updateRoomResponseCodec, answer.bytes)).toMatchObject({
    responseCode: 'notAllowed',
  })
})

test('a message of an older epoch is answered epochTooOld, one of a later epoch notAllowed', async () => {
  const room = await smallRoom()
  const old = submission(room.bob.group, bob)
  await commit(room.alice)
  const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
  const answer = await room.network.upstream('a.example', path, old)
  expect(submitOutcome(answer)).toMatchObject({ statusCode: 'epochTooOld', currentEpoch: 2n })

  room.alice.group.commit()
  room.alice.group.applyPendingCommit()
  const early = submission(room.alice.group, alice)
  const local = { operation: 'submitMessage', target: clubhouse }
  const answered = await room.network.upstream('a.example', local, early)
  expect(submitOutcome(answered)).toMatchObject({ statusCode: 'notAllowed' })
})

test('what a room accepts has rising numbers and times that never go back', async () => {
  const room = await smallRoom()
  const seen: (readonly [number, bigint])[] = []
  for (const step of [0, 1_000, -5_000, 10]) {
    room.network.nowMs += step
    const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
    const body = submission(room.bob.group, bob)
    const answer = await room.network.upstream('a.example', path, body)
    const outcome = submitOutcome(answer)
    if (outcome.statusCode !== 'accepted') throw new Error(outcome.statusCode)
    seen.push([Number(answer.headers?.['postern-room-sequence']), outcome.acceptedTimestamp])
  }
  const start = BigInt(room.network.nowMs - 10 + 5_000 - 1_000)
  expect(seen).toEqual([
    [2, start],
    [3, start + 1_000n],
    [4, start + 1_000n],
    [5, start + 1_000n],
  ])
})

test('an unknown room is answered 404 by every operation of rooms', async () => {
  const room = await smallRoom()
  const target = 'mimi://a.example/r/nowhere'
  const bodies = {
    submitMessage: submission(room.bob.group, bob),
    update: commitBundle(room.bob.group.commit()),
    groupInfo: groupInfoRequest(basicIdentity(bob)),
  }
  for (const [operation, body] of Object.entries(bodies)) {
    const path = { operation, target, peer: 'b.example' }
    expect((await room.network.upstream('a.example', path, body)).status).toBe(404)
  }
})

test('a new device of a participant joins externally and gets what follows', async () => {
  const room = await smallRoom()
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  const identity = basicIdentity(bob)
  const asked = await laptop.operation('groupInfo', clubhouse, groupInfoRequest(identity))
  expect(asked.status).toBe(200)
  const published = decode(groupInfoRatchetTreeTBECodec, asked.bytes)
  const groupInfo = published.groupInfo.value
  const before = openPublishedGroup(mlsSuite(1), groupInfo, exportRatchetTree(published))
  const staged = joinExternally(before, { groupInfo, identity })
  expect(await laptop.update(clubhouse, commitBundle(staged))).toMatchObject({
    responseCode: 'success',
  })

  room.alice.group.receiveCommit(await nextCommit(room.alice.client))
  expect(room.alice.group.members).toHaveLength(3)
  await room.alice.client.submit(clubhouse, room.alice.group)
  const events = await laptop.eventually(1)
  expect(events.map(({ item }) => item?.kind)).toEqual(['application'])
})

test('an external commit that is refused leaves no membership behind', async () => {
  const room = await smallRoom()
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  const identity = basicIdentity(bob)
  const asked = await laptop.operation('groupInfo', clubhouse, groupInfoRequest(identity))
  const published = decode(groupInfoRatchetTreeTBECodec, asked.bytes)
  const groupInfo = published.groupInfo.value
  const before = openPublishedGroup(mlsSuite(1), groupInfo, exportRatchetTree(published))
  const staged = joinExternally(before, { groupInfo, identity })
  await commit(room.alice)
  expect(await laptop.update(clubhouse, commitBundle(staged))).toMatchObject({
    responseCode: 'wrongEpoch',
  })
  const answer = await laptop.operation('submitMessage', clubhouse, submission(room.bob.group, bob))
  expect(answer.status).toBe(403)
})

async function nextCommit(client: DsClient) {
  for (let count = 1; ; count++) {
    const events = await client.eventually(count)
    const found = events.find(({ item }) => item?.kind === 'commit')
    if (found !== undefined) return publicMessageOf(found)
  }
}

function askGroupInfo(
  { network }: Awaited<ReturnType<typeof smallRoom>>,
  { identity, peer }: { readonly identity: LeafIdentity; readonly peer: string },
) {
  const path = { operation: 'groupInfo', target: clubhouse, peer }
  return network.upstream('a.example', path, groupInfoRequest(identity))
}
