import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { signLeaf } from '../../../src/client/mls/leaf.ts'
import { openGroup } from '../../../src/rooms/group.ts'
import { stageHandshake } from '../../../src/rooms/staged-update.ts'
import { encode } from '../../../src/wire/codec.ts'
import { participantListUpdateCodec } from '../../../src/wire/mimi/participant-list.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import type { KeyPackage } from '../../../src/wire/mls/key-package.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { groupOf, keyPackageOf } from '../../support/mls-members.ts'
import {
  changedKeyPackage,
  commitHandshake,
  forged,
  forgedCommit,
  newRoom,
  proposalsHandshake,
  publicBytes,
  roomEntry,
} from '../../support/rooms.ts'
import { framedMessage } from '../../../src/wire/mls/header.ts'

const users = ['alice', 'bob'].map((name) => `mimi://a.example/u/${name}`)
const dave = 'mimi://d.example/u/dave'

function roomOf() {
  const [alice, bob] = groupOf(users)
  if (!alice || !bob) throw new Error('no group')
  return { alice, bob, entry: roomEntry(alice) }
}

const withReason = (code: string, reason: string) =>
  expect.objectContaining({ code, facts: expect.objectContaining({ reason }) })

const add = (keyPackage: KeyPackage): Proposal => ({ kind: 'add', keyPackage })

function participant(user: string): Proposal {
  const update = encode(participantListUpdateCodec, {
    changedRoleParticipants: [],
    removedIndices: [],
    addedParticipants: [{ user, roleIndex: 2 }],
  })
  return { kind: 'app-data-update', componentId: 0x22, operation: { kind: 'update', update } }
}

describe('a client may not come in', () => {
  test('without its user among the participants', () => {
    const { alice, entry } = roomOf()
    const { keyPackage } = keyPackageOf(dave)
    const handshake = commitHandshake(alice.commit({ proposals: [add(keyPackage)] }))
    expect(() => stageHandshake(entry, handshake)).toThrow('not-a-participant')
  })

  test('with a credential that names no user', () => {
    const { alice, entry } = roomOf()
    const { keyPackage } = keyPackageOf('mimi://d.example/d/device')
    const handshake = commitHandshake(alice.commit({ proposals: [add(keyPackage)] }))
    expect(() => stageHandshake(entry, handshake)).toThrow('not-a-participant')
  })

  const own = keyPackageOf(dave)
  const { keyPackage } = own
  const { capabilities } = keyPackage.leafNode
  const { signatureKey } = roomOf().alice.members[0]!.leaf
  test.each<readonly [string, string, string, KeyPackage]>([
    [
      'a KeyPackage signature of another',
      'invalid-signature',
      'key-package',
      { ...keyPackage, extensions: [{ type: 9, data: Buffer.alloc(0) }] },
    ],
    [
      'a leaf signature of another',
      'invalid-signature',
      'key-package',
      { ...keyPackage, leafNode: { ...keyPackage.leafNode, signatureKey } },
    ],
    ['another cipher suite', 'invalid-proposal', 'cipher-suite', { ...keyPackage, cipherSuite: 3 }],
    [
      'one key for joining and for the leaf',
      'invalid-proposal',
      'init-key',
      { ...keyPackage, initKey: keyPackage.leafNode.encryptionKey },
    ],
    [
      'a leaf that was made for a commit',
      'invalid-proposal',
      'leaf-source',
      changedKeyPackage(own, { source: { kind: 'update' } }),
    ],
    [
      'an extension that it does not support',
      'invalid-commit',
      'extension-unlisted',
      changedKeyPackage(own, { extensions: [{ type: 9, data: Buffer.alloc(0) }] }),
    ],
    [
      'too few extensions for the room',
      'invalid-commit',
      'extension-unsupported',
      changedKeyPackage(own, { capabilities: { ...capabilities, extensions: [] }, extensions: [] }),
    ],
    [
      'too few proposals for the room',
      'invalid-commit',
      'proposal-unsupported',
      changedKeyPackage(own, { capabilities: { ...capabilities, proposals: [8] } }),
    ],
    [
      'too few credentials for the room',
      'invalid-commit',
      'credential-unsupported',
      changedKeyPackage(own, { capabilities: { ...capabilities, credentials: [0xf4d1] } }),
    ],
  ])('with %s', (...[, code, reason, hostile]) => {
    const { alice, entry } = roomOf()
    const handshake = forgedCommit(alice, [participant(dave), add(hostile)])
    expect(() => stageHandshake(entry, handshake)).toThrow(withReason(code, reason))
  })

  test('twice in one commit', () => {
    const { alice, entry } = roomOf()
    const handshake = forgedCommit(alice, [participant(dave), add(keyPackage), add(keyPackage)])
    expect(() => stageHandshake(entry, handshake)).toThrow(
      withReason('invalid-commit', 'encryption-key-reused'),
    )
  })

  test('by a Welcome of a commit that does not add it', () => {
    const { alice, entry } = roomOf()
    const handshake = commitHandshake(alice.commit())
    const welcomeRefs = [randomBytes(32)]
    expect(() => stageHandshake(entry, { ...handshake, welcomeRefs })).toThrow(
      withReason('invalid-commit', 'welcome-without-add'),
    )
  })

  test('as a pseudonym whose credential has another key', () => {
    const { alice, entry } = roomOf()
    const pseudonymous = changedKeyPackage(own, {
      credential: {
        kind: 'pseudonymous',
        clientPseudonym: Buffer.from('mimi://d.example/d/1'),
        userPseudonym: Buffer.from(dave),
        signaturePublicKey: randomBytes(32),
        identityLinkCiphertext: Buffer.alloc(0),
      },
    })
    const handshake = forgedCommit(alice, [participant(dave), add(pseudonymous)])
    expect(() => stageHandshake(entry, handshake)).toThrow(
      withReason('invalid-commit', 'pseudonym-key'),
    )
  })
})

describe('a message is refused', () => {
  const commit = { kind: 'commit', commit: { proposals: [], path: undefined } } as const
  const proposal = { kind: 'proposal', proposal: { kind: 'remove', removed: 1 } } as const
  test.each([
    [
      'a commit of a leaf that is blank',
      commit,
      { kind: 'member', leafIndex: 9 },
      'sender-unknown',
    ],
    [
      'a commit of an external sender',
      commit,
      { kind: 'external', senderIndex: 0 },
      'external-sender',
    ],
    ['an external commit without a path', commit, { kind: 'new-member-commit' }, 'new-member'],
    [
      'a proposal in place of a commit by a new member',
      proposal,
      { kind: 'new-member-proposal' },
      'new-member',
    ],
  ] as const)('%s', (...[, content, sender, reason]) => {
    const { alice, entry } = roomOf()
    const message = forged(alice, content, sender)
    const handshake = { ...forgedCommit(alice, []), commit: framedMessage(publicBytes(message)) }
    expect(() => stageHandshake(entry, handshake)).toThrow(withReason('invalid-commit', reason))
  })

  test('signed by another member', () => {
    const { alice, bob, entry } = roomOf()
    const message = forged(bob, commit, { kind: 'member', leafIndex: 0 })
    const handshake = { ...forgedCommit(alice, []), commit: framedMessage(publicBytes(message)) }
    expect(() => stageHandshake(entry, handshake)).toThrow(
      withReason('invalid-signature', 'message'),
    )
  })

  test('with an empty list and no path', () => {
    const { alice, entry } = roomOf()
    expect(() => stageHandshake(entry, forgedCommit(alice, []))).toThrow(
      withReason('invalid-commit', 'path-absent'),
    )
  })

  test('that is a proposal where a commit is due, and the other way round', () => {
    const { alice, entry } = roomOf()
    const message = framedMessage(publicBytes(forged(alice, proposal)))
    const handshake = forgedCommit(alice, [])
    expect(() => stageHandshake(entry, { ...handshake, commit: message })).toThrow(
      withReason('wrong-message-kind', 'content-type'),
    )
    const swapped = { kind: 'proposals', proposals: [handshake.commit] } as const
    expect(() => stageHandshake(entry, swapped)).toThrow(
      withReason('wrong-message-kind', 'content-type'),
    )
  })
})

describe('a proposal is refused', () => {
  test('to update a leaf into another user, or with its old key', () => {
    const { bob, entry } = roomOf()
    const suite = mlsSuite(1)
    const { leaf } = bob.members[1]!
    const position = { groupId: bob.context.groupId, leafIndex: 1 }
    const propose = (changes: object) => {
      const unsigned = {
        ...leaf,
        encryptionKey: randomBytes(32),
        source: { kind: 'update' },
        ...changes,
      } as const
      const leafNode = signLeaf(suite, bob.current.own.signer, { unsigned, position })
      return proposalsHandshake(
        forged(bob, { kind: 'proposal', proposal: { kind: 'update', leafNode } }),
      )
    }
    const credential = { kind: 'basic', identity: Buffer.from(users[0] ?? '') }
    expect(() => stageHandshake(entry, propose({ credential }))).toThrow(
      withReason('invalid-proposal', 'credential-changed'),
    )
    expect(() => stageHandshake(entry, propose({ encryptionKey: leaf.encryptionKey }))).toThrow(
      withReason('invalid-proposal', 'encryption-key-kept'),
    )
    expect(stageHandshake(entry, propose({})).kind).toBe('proposals')
  })

  test('with its reference, so that the answer can name it', () => {
    const { bob, entry } = roomOf()
    const message = forged(bob, { kind: 'proposal', proposal: { kind: 'remove', removed: 9 } })
    expect(() => stageHandshake(entry, proposalsHandshake(message))).toThrow(
      expect.objectContaining({
        code: 'invalid-proposal',
        facts: { reason: 'leaf-blank', proposalRef: expect.stringMatching(/^[0-9a-f]{64}$/) },
      }),
    )
  })
})

describe('a group cannot be opened', () => {
  const { alice } = roomOf()
  const room = newRoom(alice)
  const groupInfo = alice.groupInfo()

  test('from a GroupInfo that is malformed, of an unknown suite, or of a signer who is not there', () => {
    const open = (changes: object) => () =>
      openGroup({ ...room, groupInfo: encode(groupInfoCodec, { ...groupInfo, ...changes }) })
    expect(() => openGroup({ ...room, groupInfo: Buffer.alloc(9) })).toThrow('invalid-group-info')
    const groupContext = { ...groupInfo.groupContext, cipherSuite: 99 }
    expect(open({ groupContext })).toThrow(withReason('invalid-group-info', 'cipher-suite'))
    expect(open({ signer: 7 })).toThrow(withReason('invalid-group-info', 'signer'))
    expect(open({ signer: 1 })).toThrow(withReason('invalid-signature', 'group-info'))
  })

  test('from another tree', () => {
    const other = newRoom(roomOf().alice)
    expect(() => openGroup({ ...room, ratchetTree: other.ratchetTree })).toThrow(
      'invalid-signature',
    )
    expect(() => openGroup({ ...room, ratchetTree: Buffer.from([0]) })).toThrow('invalid-tree')
    expect(() => openGroup({ ...room, ratchetTree: Buffer.from([1, 0]) })).toThrow('invalid-tree')
  })

  test('with any bit of its tree flipped', () => {
    for (let bit = 0; bit < room.ratchetTree.length * 8; bit += 3) {
      const ratchetTree = Buffer.from(room.ratchetTree)
      ratchetTree[bit >> 3] = (ratchetTree[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => openGroup({ ...room, ratchetTree })).toThrow(/invalid-(tree|signature)/)
    }
  })

  test('with any bit of its GroupInfo flipped', () => {
    for (let bit = 0; bit < room.groupInfo.length * 8; bit += 3) {
      const mutant = Buffer.from(room.groupInfo)
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => openGroup({ ...room, groupInfo: mutant })).toThrow(
        /invalid-(group-info|tree|signature)/,
      )
    }
  })
})
