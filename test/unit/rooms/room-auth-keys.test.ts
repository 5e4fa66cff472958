import { expect, test } from 'vitest'
import { generateSignatureKeyPair, signLabelled } from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { roomGroupInfo } from '../../../src/client/flows/change-room.ts'
import type { MlsGroup } from '../../../src/client/mls/mls-group.ts'
import { joinExternally, openPublishedGroup } from '../../../src/client/mls/open-group.ts'
import { roomAuthKeyExtension, roomAuthKeyPair } from '../../../src/client/mls/room-auth-key.ts'
import { stageHandshake, type RoomEntry } from '../../../src/rooms/staged-update.ts'
import { encode } from '../../../src/wire/codec.ts'
import { extensionTypes } from '../../../src/wire/mls/extension.ts'
import { groupInfoCodec, groupInfoTbs, type GroupInfo } from '../../../src/wire/mls/group-info.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { groupOf } from '../../support/mls-members.ts'
import { commitHandshake, followed, roomEntry, type CommitHandshake } from '../../support/rooms.ts'

const suite = mlsSuite(1)
const users = ['alice', 'bob', 'carol'].map((name) => `mimi://${name[0]}.example/u/${name}`)
const groupInfoExtensions = roomGroupInfo(undefined)

function roomOf() {
  const [alice, bob, carol] = groupOf(users)
  if (!alice || !bob || !carol) throw new Error('no group')
  return { alice, bob, carol, entry: roomEntry(alice) }
}

/** The room after a commit of a client that gives the key. */
function committed(entry: RoomEntry, member: MlsGroup, proposals: readonly Proposal[] = []) {
  const staged = member.commit({ proposals, groupInfoExtensions })
  member.applyPendingCommit()
  return followed(entry, commitHandshake(staged))
}

function keyOf({ current }: MlsGroup) {
  return { mlsEpoch: current.groupContext.epoch, publicKey: roomAuthKeyPair(current).publicKey }
}

/** A commit with its GroupInfo changed, and signed again where somebody does. */
function withGroupInfo(
  committer: MlsGroup,
  changed: Partial<GroupInfo>,
  signer?: MlsGroup,
): CommitHandshake {
  const staged = committer.commit({ groupInfoExtensions })
  committer.discardPendingCommit()
  const groupInfo = { ...staged.groupInfo, ...changed }
  if (signer !== undefined) {
    const content = groupInfoTbs({ ...groupInfo, signer: signer.ownLeafIndex })
    groupInfo.signature = signLabelled(suite, signer.current.own.signer, {
      label: 'GroupInfoTBS',
      content,
    })
    groupInfo.signer = signer.ownLeafIndex
  }
  return { ...commitHandshake(staged), groupInfo: encode(groupInfoCodec, groupInfo) }
}

test('the key that a committer gives is that of the epoch that begins', () => {
  const { alice, entry } = roomOf()
  expect(entry.state.roomAuthKeys).toEqual([])
  const next = committed(entry, alice)
  expect(next.state.roomAuthKeys).toEqual([keyOf(alice)])
})

test('the key of the epoch before counts too, and not the one before that', () => {
  const { alice, entry } = roomOf()
  const keys = [1, 2, 3].map(() => ({ key: keyOf(alice), state: entry.state }))
  let now = entry
  for (const index of keys.keys()) {
    now = committed(now, alice)
    keys[index] = { key: keyOf(alice), state: now.state }
  }
  expect(keys[2]?.state.roomAuthKeys).toEqual([keys[2]?.key, keys[1]?.key])
})

test('whoever is removed can prove nothing any more', () => {
  const { alice, carol, entry } = roomOf()
  const before = committed(entry, alice)
  expect(before.state.roomAuthKeys).toHaveLength(1)
  const after = committed(before, alice, [{ kind: 'remove', removed: carol.ownLeafIndex }])
  expect(after.state.roomAuthKeys).toEqual([keyOf(alice)])
})

test('a committer that gives none leaves the epoch without one', () => {
  const { alice, entry } = roomOf()
  const before = committed(entry, alice)
  const staged = alice.commit()
  alice.applyPendingCommit()
  const without = followed(before, commitHandshake(staged))
  expect(without.state.roomAuthKeys).toEqual([])
  // The next one that does repairs it.
  expect(committed(without, alice).state.roomAuthKeys).toEqual([keyOf(alice)])
})

test('who joins by itself gives one too', () => {
  const { alice, entry } = roomOf()
  const groupInfo = alice.groupInfo()
  const published = openPublishedGroup(suite, groupInfo, alice.ratchetTree())
  const credential = { kind: 'basic', identity: Buffer.from(users[1] ?? '') } as const
  const identity = { signer: generateSignatureKeyPair(suite), credential }
  const staged = joinExternally(published, { groupInfo, identity }, { groupInfoExtensions })
  const { state } = followed(entry, commitHandshake(staged))
  expect(state.roomAuthKeys[0]?.publicKey).toEqual(roomAuthKeyPair(staged.next).publicKey)
})

test('a key that was swapped on its way is refused, also where another member signs for it', () => {
  const { alice, bob, entry } = roomOf()
  const swapped = { extensions: [roomAuthKeyExtension(bob.current)] }
  const stage = (handshake: CommitHandshake) => () => stageHandshake(entry, handshake)
  expect(stage(withGroupInfo(alice, swapped))).toThrow('invalid-signature')
  expect(stage(withGroupInfo(alice, swapped, bob))).toThrow(
    expect.objectContaining({ code: 'group-info-mismatch', facts: { reason: 'signer' } }),
  )
  expect(stage(withGroupInfo(alice, swapped, alice))).not.toThrow()
})

test('a key of another length is refused', () => {
  const { alice, entry } = roomOf()
  for (const length of [0, 31, 33]) {
    const extension = { type: extensionTypes.roomAuthKey, data: Buffer.alloc(length) }
    const handshake = withGroupInfo(alice, { extensions: [extension] }, alice)
    expect(() => stageHandshake(entry, handshake)).toThrow('invalid-group-info')
  }
})
