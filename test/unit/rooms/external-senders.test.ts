import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateSignatureKeyPair, signLabelled } from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { createKeyPackage } from '../../../src/client/mls/key-package.ts'
import type { MlsGroup } from '../../../src/client/mls/mls-group.ts'
import {
  createGroup,
  joinExternally,
  openPublishedGroup,
} from '../../../src/client/mls/open-group.ts'
import { stageHandshake } from '../../../src/rooms/staged-update.ts'
import type { Credential } from '../../../src/wire/mls/credential.ts'
import { framedContentTbs } from '../../../src/wire/mls/framing.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { NOW_MS, addAll, groupOf, keyPackageOf, roomExtensions } from '../../support/mls-members.ts'
import { commitHandshake, followed, proposalsHandshake, roomEntry } from '../../support/rooms.ts'

const suite = mlsSuite(1)
const users = ['alice', 'bob'].map((name) => `mimi://a.example/u/${name}`)
const [alicesUri = '', bobsUri = ''] = users

const pseudonym = (name: string) => `mimi://a.example/u/${name}`
const basic = (user: string): Credential => ({ kind: 'basic', identity: Buffer.from(user) })

function join(member: MlsGroup, credential: Credential, proposals: readonly Proposal[] = []) {
  const groupInfo = member.groupInfo()
  const published = openPublishedGroup(suite, groupInfo, member.ratchetTree())
  const identity = { signer: generateSignatureKeyPair(suite), credential }
  return joinExternally(published, { groupInfo, identity }, { proposals })
}

function roomOf() {
  const [alice, bob] = groupOf(users)
  if (!alice || !bob) throw new Error('no group')
  return { alice, bob, entry: roomEntry(alice) }
}

describe('a client that joins by an external commit', () => {
  test('is followed, and what it commits later', () => {
    const { alice, entry } = roomOf()
    const staged = join(alice, basic(bobsUri))
    const update = stageHandshake(entry, commitHandshake(staged))
    expect(update).toMatchObject({
      author: { kind: 'new-member-commit', user: bobsUri },
      changes: { addedMembers: [{ leafIndex: 2, user: bobsUri }], proposals: ['external-init'] },
    })
    alice.receiveCommit(staged.message)
    expect(update.after.group.context).toEqual(alice.context)
    expect(followed(update.after, commitHandshake(alice.commit())).state.members).toHaveLength(3)
  })

  test('may replace an earlier leaf of its user, and of nobody else', () => {
    const { alice, entry } = roomOf()
    const replace = (removed: number) => () =>
      stageHandshake(
        entry,
        commitHandshake(join(alice, basic(bobsUri), [{ kind: 'remove', removed }])),
      )
    expect(replace(1)().after.state.members.map(({ user }) => user)).toEqual([alicesUri, bobsUri])
    expect(replace(0)).toThrow(
      expect.objectContaining({ facts: { reason: 'removes-another-user' } }),
    )
  })

  test('is refused where its user is no participant', () => {
    const { alice, entry } = roomOf()
    const staged = join(alice, basic('mimi://c.example/u/carol'))
    expect(() => stageHandshake(entry, commitHandshake(staged))).toThrow('not-a-participant')
  })
})

describe('the hub as external sender', () => {
  const hub = generateSignatureKeyPair(suite)
  const externalSender = { signatureKey: hub.publicKey, credential: basic('mimi://a.example') }

  function moderatedRoom() {
    const alice = createGroup(suite, {
      groupId: Buffer.from('mimi://a.example/g/clubhouse'),
      extensions: roomExtensions(users, { externalSender }),
      keyPackage: keyPackageOf(alicesUri),
    })
    addAll([alice], [keyPackageOf(bobsUri)])
    return { alice, entry: roomEntry(alice) }
  }

  function proposal(alice: MlsGroup, proposed: Proposal, senderIndex = 0) {
    const { groupId, epoch } = alice.context
    const content = {
      groupId,
      epoch,
      sender: { kind: 'external', senderIndex },
      authenticatedData: Buffer.alloc(0),
      content: { kind: 'proposal', proposal: proposed },
    } as const
    const tbs = framedContentTbs({ wireFormat: 1, content }, alice.context)
    const signature = signLabelled(suite, hub, { label: 'FramedContentTBS', content: tbs })
    return { content, signature, confirmationTag: undefined, membershipTag: undefined }
  }

  test('may propose a removal, which a member commits', () => {
    const { alice, entry } = moderatedRoom()
    expect(entry.state.externalSenders).toEqual([externalSender])
    const message = proposal(alice, { kind: 'remove', removed: 1 })
    const waiting = stageHandshake(entry, proposalsHandshake(message))
    expect(waiting).toMatchObject({ authors: [{ kind: 'external', user: undefined }] })
    alice.receiveProposal(message)
    const staged = followed(waiting.after, commitHandshake(alice.commit()))
    expect(staged.state.members.map(({ user }) => user)).toEqual([alicesUri])
  })

  test('may not leave for others, nor sign as another sender', () => {
    const { alice, entry } = moderatedRoom()
    const stage = (message: ReturnType<typeof proposal>) => () =>
      stageHandshake(entry, proposalsHandshake(message))
    expect(stage(proposal(alice, { kind: 'self-remove' }))).toThrow('invalid-proposal')
    expect(stage(proposal(alice, { kind: 'remove', removed: 1 }, 1))).toThrow('invalid-proposal')
    const forged = {
      ...proposal(alice, { kind: 'remove', removed: 1 }),
      signature: randomBytes(64),
    }
    expect(stage(forged)).toThrow('invalid-signature')
  })
})

test('a room of pseudonyms knows its members by them', () => {
  const own = (name: string) => {
    const signer = generateSignatureKeyPair(suite)
    const credential = {
      kind: 'pseudonymous',
      clientPseudonym: Buffer.from(`mimi://a.example/d/${name}`),
      userPseudonym: Buffer.from(pseudonym(name)),
      signaturePublicKey: signer.publicKey,
      identityLinkCiphertext: randomBytes(40),
    } as const
    return createKeyPackage(
      suite,
      { signer, credential },
      { nowMs: NOW_MS, randomness: randomBytes },
    )
  }
  const alice = createGroup(suite, {
    groupId: Buffer.from('mimi://a.example/g/clubhouse'),
    extensions: roomExtensions([pseudonym('5f'), pseudonym('9c')]).slice(1),
    keyPackage: own('5f'),
  })
  addAll([alice], [own('9c')])
  expect(roomEntry(alice).state.members).toEqual(
    ['5f', '9c'].map((name, leafIndex) => ({
      leafIndex,
      user: pseudonym(name),
      client: `mimi://a.example/d/${name}`,
      pseudonymous: true,
      credentialType: 0xf4d1,
    })),
  )
})
