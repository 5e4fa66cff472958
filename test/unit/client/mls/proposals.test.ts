import { expect, test } from 'vitest'
import { generateSignatureKeyPair } from '../../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import {
  addParticipants,
  removeParticipant,
} from '../../../../src/client/mimi/participant-changes.ts'
import { signFramedContent } from '../../../../src/client/mls/content-signature.ts'
import { requiredCapabilities } from '../../../../src/client/mls/leaf.ts'
import { MlsGroup } from '../../../../src/client/mls/mls-group.ts'
import {
  createGroup,
  joinExternally,
  openPublishedGroup,
} from '../../../../src/client/mls/open-group.ts'
import type { PublicMessage } from '../../../../src/wire/mls/framing.ts'
import type { Proposal } from '../../../../src/wire/mls/proposal.ts'
import {
  addAll,
  agree,
  commitAndFollow,
  groupOf,
  keyPackageOf,
  roomExtensions,
} from '../../../support/mls-members.ts'

const suite = mlsSuite(1)
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => `mimi://a.example/u/${name}`)
const users = [alice, bob, carol] as string[]

function three(): [MlsGroup, MlsGroup, MlsGroup] {
  return groupOf(users) as [MlsGroup, MlsGroup, MlsGroup]
}

/** The sender's proposal, received by all others. */
function proposeTo(sender: MlsGroup, others: readonly MlsGroup[], proposal: Proposal): void {
  const message = sender.propose(proposal)
  for (const other of others) other.receiveProposal(message)
}

test('an Update by reference gives its sender the key that it has kept', () => {
  const [a, b, c] = three()
  const message = b.proposeUpdate()
  a.receiveProposal(message)
  c.receiveProposal(message)
  const before = a.current.tree.leaf(b.ownLeafIndex)
  commitAndFollow([a, b, c])
  expect(agree([a, b, c])).toBe(true)
  expect(a.current.tree.leaf(b.ownLeafIndex)?.encryptionKey).not.toEqual(before?.encryptionKey)
  commitAndFollow([c, a, b])
  expect(agree([a, b, c])).toBe(true)
})

test('a SelfRemove and a participant list update by reference end a membership', () => {
  const [a, b, c] = three()
  proposeTo(b, [a, c], { kind: 'self-remove' })
  proposeTo(b, [a, c], removeParticipant(b.participants, bob ?? ''))
  commitAndFollow([c, a, b])
  expect(b.isMember).toBe(false)
  expect(agree([a, c])).toBe(true)
  expect(a.participants.map(({ user }) => user)).toEqual([alice, carol])
  expect(() => b.protect(Buffer.from('still here?'))).toThrow('removed')
})

test('nobody commits its own SelfRemove, and nobody commits it by value', () => {
  const [a, b] = three()
  b.propose({ kind: 'self-remove' })
  expect(b.commit().changes.removed).toEqual([])
  expect(() => a.commit({ proposals: [{ kind: 'self-remove' }] })).toThrow('invalid-proposal')
})

test('participant updates of one epoch all count in the list before the commit', () => {
  const [a, b, c] = three()
  proposeTo(b, [a, c], removeParticipant(b.participants, alice ?? ''))
  proposeTo(c, [a, b], addParticipants([{ user: 'mimi://a.example/u/dave', roleIndex: 2 }]))
  commitAndFollow([b, a, c], [removeParticipant(b.participants, carol ?? '')])
  expect(b.participants.map(({ user }) => user)).toEqual([bob, 'mimi://a.example/u/dave'])
  expect(agree([a, b, c])).toBe(true)
})

test('a user who is touched twice in one commit makes it invalid', () => {
  const [a, b, c] = three()
  proposeTo(b, [a, c], removeParticipant(b.participants, carol ?? ''))
  expect(() => a.commit({ proposals: [removeParticipant(a.participants, carol ?? '')] })).toThrow(
    'invalid-participant-list',
  )
})

test('AppEphemeral reaches everybody and changes nothing', () => {
  const [a, b, c] = three()
  const staged = a.commit({
    proposals: [{ kind: 'app-ephemeral', componentId: 0x8d77, data: Buffer.from('hi') }],
  })
  a.applyPendingCommit()
  c.receiveCommit(staged.message)
  const outcome = b.receiveCommit(staged.message)
  expect(outcome.summary.changes.ephemerals).toMatchObject([
    { componentId: 0x8d77, data: Buffer.from('hi'), sender: { kind: 'member', leafIndex: 0 } },
  ])
  expect(agree([a, b, c])).toBe(true)
})

test('GroupContextExtensions replaces what every leaf supports, but not the dictionary', () => {
  const [a, b, c] = three()
  const [required, dictionary] = a.context.extensions
  if (!required || !dictionary) throw new Error('no extensions')
  commitAndFollow(
    [a, b, c],
    [{ kind: 'group-context-extensions', extensions: [dictionary, required] }],
  )
  expect(agree([a, b, c])).toBe(true)
  expect(requiredCapabilities(c.context.extensions).proposalTypes).toEqual([8, 10])
  const bare = { kind: 'group-context-extensions', extensions: [required] } as const
  expect(() => a.commit({ proposals: [bare] })).toThrow('invalid-proposal')
})

test('an Add alone needs no path, and its joiner still gets in', () => {
  const [a, b, c] = three()
  const own = keyPackageOf('mimi://a.example/u/dave')
  const staged = a.commit({
    proposals: [{ kind: 'add', keyPackage: own.keyPackage }],
    withPath: false,
  })
  const { content } = staged.message.content
  expect(content.kind === 'commit' && content.commit.path).toBeUndefined()
  a.applyPendingCommit()
  for (const member of [b, c]) member.receiveCommit(staged.message)
  const [d] = addAll([a, b, c], [keyPackageOf('mimi://a.example/u/erin')])
  expect(agree([a, b, c, ...(d ? [d] : [])])).toBe(true)
})

test('the hub removes a member through its external sender, once a member commits', () => {
  const hub = generateSignatureKeyPair(suite)
  const credential = { kind: 'basic', identity: Buffer.from('a.example') } as const
  const externalSender = { signatureKey: hub.publicKey, credential }
  const a = createGroup(suite, {
    groupId: Buffer.from('group'),
    extensions: roomExtensions(users, { externalSender }),
    keyPackage: keyPackageOf(users[0] ?? ''),
  })
  const [b, c] = addAll(
    [a],
    users.slice(1).map((user) => keyPackageOf(user)),
  )
  if (!b || !c) throw new Error('no members')
  const { groupId, epoch } = a.context
  const framed = {
    wireFormat: 1,
    content: {
      groupId,
      epoch,
      sender: { kind: 'external', senderIndex: 0 },
      authenticatedData: Buffer.alloc(0),
      content: { kind: 'proposal', proposal: { kind: 'remove', removed: b.ownLeafIndex } },
    },
  } as const
  const signed = (signature: Buffer): PublicMessage => ({
    content: framed.content,
    signature,
    confirmationTag: undefined,
    membershipTag: undefined,
  })
  const forged = signFramedContent(a.current, generateSignatureKeyPair(suite), framed)
  expect(() => a.receiveProposal(signed(forged))).toThrow('invalid-signature')
  const message = signed(signFramedContent(a.current, hub, framed))
  for (const member of [a, b, c]) member.receiveProposal(message)
  commitAndFollow([a, b, c])
  expect([a.isMember, b.isMember, c.isMember]).toEqual([true, false, true])
  expect(agree([a, c])).toBe(true)
})

test('a client joins by an external commit, takes its SelfRemoves along and is one of the group', () => {
  const [a, b, c] = three()
  const leaving = c.propose({ kind: 'self-remove' })
  for (const member of [a, b]) member.receiveProposal(leaving)
  const groupInfo = a.groupInfo()
  const published = openPublishedGroup(suite, groupInfo, a.ratchetTree())
  const { identity } = keyPackageOf(alice ?? '')
  const staged = joinExternally(published, { groupInfo, identity }, { pending: a.pendingProposals })
  const d = new MlsGroup(staged.next)
  for (const member of [a, b, c]) member.receiveCommit(staged.message)
  expect(c.isMember).toBe(false)
  expect(agree([a, b, d])).toBe(true)
  const message = d.protect(Buffer.from('I am new'))
  expect(b.unprotect(message).applicationData.toString()).toBe('I am new')
  commitAndFollow([b, a, d])
  expect(agree([a, b, d])).toBe(true)
})

test('an external commit removes earlier leaves of its own user only', () => {
  const [a, b, c] = three()
  const groupInfo = a.groupInfo()
  const published = openPublishedGroup(suite, groupInfo, a.ratchetTree())
  const { identity } = keyPackageOf(bob ?? '')
  const join = (removed: number) =>
    joinExternally(published, { groupInfo, identity }, { proposals: [{ kind: 'remove', removed }] })
  expect(() => a.receiveCommit(join(c.ownLeafIndex).message)).toThrow('invalid-commit')
  const staged = join(b.ownLeafIndex)
  for (const member of [a, b, c]) member.receiveCommit(staged.message)
  expect(b.isMember).toBe(false)
  expect(agree([a, c, new MlsGroup(staged.next)])).toBe(true)
})
