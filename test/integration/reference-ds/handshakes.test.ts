import { expect, test } from 'vitest'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import type { LeafIdentity } from '../../../src/client/mls/key-package.ts'
import { joinExternally, openPublishedGroup } from '../../../src/client/mls/open-group.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { groupInfoRatchetTreeTBECodec } from '../../../src/wire/mimi/group-info.ts'
import { updateRequestCodec } from '../../../src/wire/mimi/update.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
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
  alice,
  bob,
  clubhouse,
  commit,
  exportRatchetTree,
  groupInfoRequest,
  participantChange,
  publicMessageOf,
  smallRoom,
  type SmallRoom,
} from '../../support/ds-room.ts'

const notAllowed = { responseCode: 'notAllowed', errorDescription: '' }

test('a commit without the next GroupInfo, or without the tree, is refused', async () => {
  const room = await smallRoom()
  const old = room.alice.group.groupInfo()
  const bundle = decode(updateRequestCodec, commitBundle(room.alice.group.commit()))
  if (bundle.kind !== 'commit') throw new Error('no commit')
  const tree = { representation: 'distributionService' } as const
  const stale = { value: old, bytes: encode(groupInfoCodec, old) }
  const partial = {
    representation: 'partial',
    partialGroupInfo: {
      ratchetTreePresence: 'noRatchetTree',
      groupInfoExtensions: [],
      signature: Buffer.of(1),
    },
  } as const
  for (const change of [
    { ratchetTreeOption: tree },
    { groupInfoOption: { representation: 'full', groupInfo: stale } as const },
    { groupInfoOption: partial },
    { ratchetTreeOption: { representation: 'full', ratchetTree: Buffer.of(7) } as const },
  ]) {
    const body = encode(updateRequestCodec, { ...bundle, ...change })
    expect(await room.alice.client.update(clubhouse, body)).toEqual(notAllowed)
  }
  const whole = await room.alice.client.update(clubhouse, encode(updateRequestCodec, bundle))
  expect(whole.responseCode).toBe('success')
})

test('a commit of a proposal that the hub never had is answered with its reference', async () => {
  const room = await smallRoom()
  room.bob.group.propose({ kind: 'app-ephemeral', componentId: 0x8001, data: Buffer.of(1) })
  const [pending] = room.bob.group.pendingProposals
  const bundle = commitBundle(room.bob.group.commit())
  expect(await room.bob.client.update(clubhouse, bundle)).toMatchObject({
    responseCode: 'invalidProposal',
    invalidProposals: [pending?.reference],
  })
})

test('a committer may leave out its own Update', async () => {
  const room = await smallRoom()
  const update = room.bob.group.proposeUpdate()
  await room.bob.client.update(clubhouse, proposalBundle(update))
  const outcome = await room.bob.client.update(clubhouse, commitBundle(room.bob.group.commit()))
  expect(outcome.responseCode).toBe('success')
})

test('proposals survive a restart of the hub, and groupInfo shows them', async () => {
  const room = await smallRoom()
  const leave = room.bob.group.propose({ kind: 'self-remove' })
  await room.bob.client.update(clubhouse, proposalBundle(leave))
  await room.network.restart('a.example')

  const published = await publishedBy(room, basicIdentity(alice))
  const shown = published.pendingProposals.map(({ proposal, hubAcceptedTime }) => [
    proposal.header.kind,
    Number(hubAcceptedTime),
  ])
  expect(shown).toEqual([['public', room.network.nowMs]])
  const without = await room.alice.client.update(clubhouse, commitBundle(room.alice.group.commit()))
  expect(without.responseCode).toBe('invalidProposal')
})

test('a proposal of another epoch is answered wrongEpoch, one of another group notAllowed', async () => {
  const room = await smallRoom()
  const late = proposalBundle(room.bob.group.propose({ kind: 'self-remove' }))
  await commit(room.alice)
  expect(await room.bob.client.update(clubhouse, late)).toMatchObject({
    responseCode: 'wrongEpoch',
    currentEpoch: 2n,
  })
  const other = newGroup(basicIdentity(alice), { [alice]: MEMBER_ROLE }, 'mimi://a.example/g/x')
  const foreign = proposalBundle(other.propose({ kind: 'self-remove' }))
  expect(await room.alice.client.update(clubhouse, foreign)).toEqual(notAllowed)
  expect(await room.alice.client.update(clubhouse, commitBundle(other.commit()))).toEqual(
    notAllowed,
  )
})

test('a member may not propose for a provider that is not its own', async () => {
  const room = await smallRoom()
  const bundle = proposalBundle(room.alice.group.propose(participantChange({ removed: [1] })))
  const path = { operation: 'update', target: clubhouse, peer: 'b.example' }
  const answer = await room.network.upstream('a.example', path, bundle)
  expect(answer.bytes[0]).toBe(2)
})

test('a client that lost its state comes back by an external commit that takes out its old leaf', async () => {
  const room = await smallRoom()
  const identity = basicIdentity(bob)
  const old = { kind: 'remove', removed: room.bob.group.ownLeafIndex } as const
  const bundle = await externalCommit(room, identity, [old])
  expect(await room.bob.client.update(clubhouse, bundle)).toMatchObject({
    responseCode: 'success',
  })
  const [event] = await room.alice.client.eventually(1)
  room.alice.group.receiveCommit(publicMessageOf(event))
  expect(room.alice.group.members).toHaveLength(2)
})

test('an external commit may not take out a leaf of somebody else', async () => {
  const room = await smallRoom()
  const laptop = await new DsClient(room.network, bob, 'mimi://b.example/d/b2').register()
  const bundle = await externalCommit(room, basicIdentity(bob), [{ kind: 'remove', removed: 0 }])
  expect(await laptop.update(clubhouse, bundle)).toEqual(notAllowed)
})

test('an external commit of somebody who is no participant is refused', async () => {
  const room = await smallRoom()
  const eve = await new DsClient(
    room.network,
    'mimi://b.example/u/eve',
    'mimi://b.example/d/e',
  ).register()
  const bundle = await externalCommit(room, basicIdentity(eve.user), [])
  expect(await eve.update(clubhouse, bundle)).toEqual(notAllowed)
})

test('where the operator allows it, messages of the previous epoch are accepted, older ones not', async () => {
  const room = await smallRoom()
  room.network.previousEpochAccepted = true
  await room.network.restart('a.example')
  const [first, second] = [submission(room.bob.group, bob), submission(room.bob.group, bob)]
  const path = { operation: 'submitMessage', target: clubhouse, peer: 'b.example' }
  await commit(room.alice)
  expect(submitOutcome(await room.network.upstream('a.example', path, first))).toMatchObject({
    statusCode: 'accepted',
  })
  await commit(room.alice)
  expect(submitOutcome(await room.network.upstream('a.example', path, second))).toMatchObject({
    statusCode: 'epochTooOld',
  })
})

test('a message that is sent again is ordered once, and only its own provider may repeat it', async () => {
  const room = await smallRoom()
  const body = submission(room.bob.group, bob)
  const send = (peer: string) =>
    room.network.upstream(
      'a.example',
      { operation: 'submitMessage', target: clubhouse, peer },
      body,
    )
  const first = await send('b.example')
  room.network.nowMs += 60_000
  const again = await send('b.example')
  expect(again.bytes).toEqual(first.bytes)
  expect(again.headers?.['postern-room-sequence']).toBe(first.headers?.['postern-room-sequence'])
  expect(submitOutcome(await send('c.example'))).toMatchObject({ statusCode: 'notAllowed' })
})

async function publishedBy(room: SmallRoom, identity: LeafIdentity, peer?: string) {
  const path = { operation: 'groupInfo', target: clubhouse, peer }
  const answer = await room.network.upstream('a.example', path, groupInfoRequest(identity))
  return decode(groupInfoRatchetTreeTBECodec, answer.bytes)
}

async function externalCommit(
  room: SmallRoom,
  identity: LeafIdentity,
  proposals: readonly Proposal[],
): Promise<Buffer> {
  const published = await publishedBy(room, basicIdentity(alice))
  const groupInfo = published.groupInfo.value
  const before = openPublishedGroup(mlsSuite(1), groupInfo, exportRatchetTree(published))
  return commitBundle(joinExternally(before, { groupInfo, identity }, { proposals }))
}
