import { describe, expect, test } from 'vitest'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import type { MlsGroup } from '../../../src/client/mls/mls-group.ts'
import { stageHandshake, type RoomEntry } from '../../../src/rooms/staged-update.ts'
import { encode } from '../../../src/wire/codec.ts'
import { participantListUpdateCodec } from '../../../src/wire/mimi/participant-list.ts'
import { componentIds } from '../../../src/wire/mls/app-data.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { groupOf, keyPackageOf, commitAndFollow } from '../../support/mls-members.ts'
import {
  commitHandshake,
  followed,
  forgedCommit,
  proposalsHandshake,
  roomEntry,
} from '../../support/rooms.ts'

const users = ['alice', 'bob', 'carol'].map((name) => `mimi://${name[0]}.example/u/${name}`)
const dave = 'mimi://d.example/u/dave'
const bobIndex = 1

interface ParticipantChanges {
  readonly changed?: readonly { readonly userIndex: number; readonly roleIndex: number }[]
  readonly removed?: readonly number[]
  readonly added?: readonly { readonly user: string; readonly roleIndex: number }[]
}

function participantUpdate({
  changed = [],
  removed = [],
  added = [],
}: ParticipantChanges): Proposal {
  const update = encode(participantListUpdateCodec, {
    changedRoleParticipants: changed,
    removedIndices: removed,
    addedParticipants: added,
  })
  const operation = { kind: 'update', update } as const
  return { kind: 'app-data-update', componentId: componentIds.participantList, operation }
}

function roomOf(names: readonly string[] = users, suite = 1) {
  const members = groupOf(names, mlsSuite(suite))
  const [alice, bob, carol] = members
  if (!alice || !bob || !carol) throw new Error('no group')
  return { members, alice, bob, carol, entry: roomEntry(alice) }
}

function agrees({ state, group }: RoomEntry, member: MlsGroup): void {
  expect(group.context).toEqual(member.context)
  expect(state.epoch).toBe(member.context.epoch)
  expect(state.treeHash).toEqual(member.context.treeHash)
}

/** Stages what the first member commits and lets all members follow. */
function step(entry: RoomEntry, members: readonly MlsGroup[], proposals: readonly Proposal[] = []) {
  const staged = stageHandshake(entry, commitHandshake(commitAndFollow(members, proposals)))
  if (staged.kind !== 'commit') throw new Error('no commit')
  for (const member of members) if (member.isMember) agrees(staged.after, member)
  return staged
}

describe('the state of a room', () => {
  test('names participants, providers and members', () => {
    const { entry } = roomOf()
    expect(entry.state).toMatchObject({
      room: 'mimi://a.example/r/clubhouse',
      suite: 'identified',
      ciphersuite: 1,
      epoch: 1n,
      participants: users.map((user) => ({ user, roleIndex: 2 })),
      providers: ['a.example', 'b.example', 'c.example'],
      frankingAgent: undefined,
      pendingProposals: [],
    })
    expect(entry.state.members).toEqual(
      users.map((user, leafIndex) => ({
        leafIndex,
        user,
        client: undefined,
        pseudonymous: false,
        credentialType: 1,
      })),
    )
  })
})

describe('a commit', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])('of suite %i is followed', (suite) => {
    const { members, entry } = roomOf(users, suite)
    const first = step(entry, members)
    const second = step(first.after, members.toReversed())
    expect(second.after.state.epoch).toBe(3n)
    expect(second.author).toEqual({ kind: 'member', user: users[2] })
  })

  test('that adds a participant and its client is followed', () => {
    const { members, entry } = roomOf()
    const { keyPackage } = keyPackageOf(dave)
    const staged = step(entry, members, [
      participantUpdate({ added: [{ user: dave, roleIndex: 2 }] }),
      { kind: 'add', keyPackage },
    ])
    expect(staged.changes).toMatchObject({
      addedParticipants: [{ user: dave, roleIndex: 2 }],
      addedMembers: [{ leafIndex: 3, user: dave }],
      components: [componentIds.participantList],
      proposals: ['app-data-update', 'add'],
    })
    expect(staged.after.state.providers).toContain('d.example')
  })

  test('that removes a participant and its client is followed', () => {
    const { members, entry } = roomOf()
    const staged = step(entry, members, [
      participantUpdate({ removed: [bobIndex], changed: [{ userIndex: 0, roleIndex: 4 }] }),
      { kind: 'remove', removed: bobIndex },
    ])
    expect(staged.changes).toMatchObject({
      removedMembers: [{ leafIndex: bobIndex, user: users[1] }],
      removedParticipants: [{ user: users[1], roleIndex: 2 }],
      changedRoles: [{ user: users[0], roleIndex: 4 }],
    })
    expect(staged.after.state.participants).toEqual([
      { user: users[0], roleIndex: 4 },
      { user: users[2], roleIndex: 2 },
    ])
  })

  test('over waiting proposals is followed: an update and a SelfRemove', () => {
    const { alice, bob, carol, entry } = roomOf()
    const update = bob.proposeUpdate()
    const leave = carol.propose({ kind: 'self-remove' })
    const waiting = stageHandshake(entry, proposalsHandshake(update, leave))
    expect(waiting.after.state.pendingProposals).toHaveLength(2)
    expect(waiting).toMatchObject({
      authors: [{ user: users[1] }, { user: users[2] }],
      proposals: [{ proposal: { kind: 'update' } }, { proposal: { kind: 'self-remove' } }],
    })
    for (const message of [update, leave]) alice.receiveProposal(message)
    const handshake = commitHandshake(alice.commit())
    alice.applyPendingCommit()
    const staged = followed(waiting.after, handshake)
    agrees(staged, alice)
    expect(staged.state.members.map(({ leafIndex }) => leafIndex)).toEqual([0, bobIndex])
    expect(staged.state.pendingProposals).toEqual([])
    expect(() => stageHandshake(entry, handshake)).toThrow('invalid-proposal')
  })

  test('changes nothing of the epoch before it', () => {
    const { alice, entry } = roomOf()
    const before = JSON.stringify([entry.group.context.treeHash, entry.state.participants])
    const bytes = Buffer.from(entry.group.tree.nodes[0]?.bytes ?? '')
    stageHandshake(entry, commitHandshake(alice.commit()))
    expect(JSON.stringify([entry.group.context.treeHash, entry.state.participants])).toBe(before)
    expect(entry.group.tree.nodes[0]?.bytes).toEqual(bytes)
  })

  test('many random ones keep the room and its members in agreement', () => {
    let { members, entry } = roomOf()
    const later = Array.from({ length: 12 }, (_, index) => `mimi://d.example/u/d${index}`)
    for (const [round, user] of later.entries()) {
      const own = keyPackageOf(user)
      const { keyPackage } = own
      const [committer, ...others] = members
      if (!committer) throw new Error('no member')
      const staged = commitAndFollow(members, [
        participantUpdate({ added: [{ user, roleIndex: 2 }] }),
        { kind: 'add', keyPackage },
      ])
      entry = followed(entry, commitHandshake(staged))
      agrees(entry, committer)
      members = [...others, committer]
      if (round % 3 !== 2) continue
      const victim = members[1]?.ownLeafIndex ?? 0
      const name = entry.state.members.find(({ leafIndex }) => leafIndex === victim)?.user
      const userIndex = entry.state.participants.findIndex((one) => one.user === name)
      const removal = commitAndFollow(members, [
        participantUpdate({ removed: [userIndex] }),
        { kind: 'remove', removed: victim },
      ])
      entry = followed(entry, commitHandshake(removal))
      members = members.filter(({ isMember }) => isMember)
      agrees(entry, members[0] ?? committer)
    }
    expect(entry.state.members).toHaveLength(11)
  })
})

describe('a commit is refused', () => {
  test('for another epoch, with the current one', () => {
    const { members, alice, entry } = roomOf()
    const old = commitHandshake(alice.commit())
    alice.discardPendingCommit()
    const next = step(entry, members).after
    expect(() => stageHandshake(next, old)).toThrow(
      expect.objectContaining({ code: 'wrong-epoch', facts: { currentEpoch: '2' } }),
    )
  })

  test('without its GroupInfo, and with one of another epoch, tree or signer', () => {
    const { alice, entry } = roomOf()
    const before = encode(groupInfoCodec, alice.groupInfo())
    const handshake = commitHandshake(alice.commit())
    const staged = alice.pendingCommit
    if (!staged) throw new Error('no commit')
    const stage = (groupInfo: Buffer | undefined) => () =>
      stageHandshake(entry, { ...handshake, groupInfo })
    expect(stage(undefined)).toThrow('invalid-group-info')
    expect(stage(before)).toThrow('group-info-mismatch')
    const { groupInfo } = staged
    const { groupContext } = groupInfo
    const other = Buffer.alloc(32)
    for (const [reason, changed] of [
      ['tree-hash', { groupContext: { ...groupContext, treeHash: other } }],
      [
        'confirmed-transcript-hash',
        { groupContext: { ...groupContext, confirmedTranscriptHash: other } },
      ],
      ['extensions', { groupContext: { ...groupContext, extensions: [] } }],
      ['cipher-suite', { groupContext: { ...groupContext, cipherSuite: 3 } }],
      ['group-id', { groupContext: { ...groupContext, groupId: other } }],
      ['confirmation-tag', { confirmationTag: other }],
    ] as const)
      expect(stage(encode(groupInfoCodec, { ...groupInfo, ...changed }))).toThrow(
        expect.objectContaining({ code: 'group-info-mismatch', facts: { reason } }),
      )
    expect(stage(encode(groupInfoCodec, { ...groupInfo, signer: 1 }))).toThrow('invalid-signature')
    expect(stage(encode(groupInfoCodec, { ...groupInfo, signer: 9 }))).toThrow('invalid-group-info')
    expect(stage(Buffer.alloc(3))).toThrow('invalid-group-info')
  })

  test('with a tree that is not the staged one; without a tree it is followed', () => {
    const { alice, entry } = roomOf()
    const handshake = commitHandshake(alice.commit())
    const ratchetTree = alice.ratchetTree()
    expect(() => stageHandshake(entry, { ...handshake, ratchetTree })).toThrow('invalid-tree')
    const after = followed(entry, { ...handshake, ratchetTree: undefined })
    alice.applyPendingCommit()
    agrees(after, alice)
  })

  test.each<readonly [string, readonly Proposal[], string]>([
    [
      'a participant that is touched twice',
      [participantUpdate({ removed: [1], changed: [{ userIndex: 1, roleIndex: 3 }] })],
      'participant-touched-twice',
    ],
    ['a participant that is not there', [participantUpdate({ removed: [3] })], 'participant-index'],
    [
      'a participant that is there already',
      [participantUpdate({ added: [{ user: users[0] ?? '', roleIndex: 2 }] })],
      'participant-twice',
    ],
    [
      'a participant that is no user',
      [participantUpdate({ added: [{ user: 'mimi://a.example/r/x', roleIndex: 2 }] })],
      'participant-uri',
    ],
    [
      'the loss of the participant list',
      [{ kind: 'app-data-update', componentId: 0x22, operation: { kind: 'remove' } }],
      'component-lasting',
    ],
    [
      'the removal of a component that is not there',
      [{ kind: 'app-data-update', componentId: 0x99, operation: { kind: 'remove' } }],
      'component-absent',
    ],
    [
      'two updates of one component',
      [1, 2].map((value) => ({
        kind: 'app-data-update',
        componentId: 0x99,
        operation: { kind: 'update', update: Buffer.from([value]) },
      })),
      'component-twice',
    ],
    ['the removal of a leaf that is blank', [{ kind: 'remove', removed: 7 }], 'leaf-blank'],
    ['the removal of the committer', [{ kind: 'remove', removed: 0 }], 'committer'],
    [
      'two removals of one leaf',
      [
        { kind: 'remove', removed: 1 },
        { kind: 'remove', removed: 1 },
      ],
      'leaf-twice',
    ],
    ['a SelfRemove of its own', [{ kind: 'self-remove' }], 'self-remove-inline'],
    ['an ExternalInit', [{ kind: 'external-init', kemOutput: Buffer.alloc(32) }], 'sender'],
    [
      'metadata of the room that is malformed',
      [
        {
          kind: 'app-data-update',
          componentId: 0x23,
          operation: { kind: 'update', update: Buffer.alloc(1) },
        },
      ],
      'truncated',
    ],
  ])('with %s', (_, proposals, reason) => {
    const { alice, entry } = roomOf()
    expect(() => stageHandshake(entry, forgedCommit(alice, proposals))).toThrow(
      expect.objectContaining({
        code: 'invalid-proposal',
        facts: expect.objectContaining({ reason }),
      }),
    )
  })
})
