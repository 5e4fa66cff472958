import { describe, expect, test } from 'vitest'
import {
  checkProposal,
  checkProposalList,
  checkSupport,
  needsPath,
  sameUser,
  type ListedProposal,
} from '../../../src/rooms/proposal-rules.ts'
import type { Sender } from '../../../src/wire/mls/framing.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { stageHandshake } from '../../../src/rooms/staged-update.ts'
import { groupOf, keyPackageOf } from '../../support/mls-members.ts'
import { changedKeyPackage, commitHandshake, forgedCommit, roomEntry } from '../../support/rooms.ts'

const users = ['alice', 'bob'].map((name) => `mimi://a.example/u/${name}`)
const basic = (user: string) => ({ kind: 'basic', identity: Buffer.from(user) }) as const
const member = { kind: 'member', leafIndex: 0 } as const
const joiner = { kind: 'new-member-commit' } as const
const reference = Buffer.alloc(32)

const listed = (proposal: Proposal, sender: Sender = member): ListedProposal => ({
  proposal,
  sender,
  reference: undefined,
})
const waiting = (proposal: Proposal, leafIndex = 1): ListedProposal => ({
  proposal,
  sender: { kind: 'member', leafIndex },
  reference,
})
const psk = (nonceBytes: number): Proposal => ({
  kind: 'pre-shared-key',
  id: { psk: { kind: 'external', pskId: Buffer.from('x') }, nonce: Buffer.alloc(nonceBytes) },
})
const reinit = (version: number): Proposal => ({
  kind: 'reinit',
  groupId: Buffer.from('g'),
  version,
  cipherSuite: 1,
  extensions: [],
})
const externalInit: Proposal = { kind: 'external-init', kemOutput: Buffer.alloc(32) }
const remove = (removed: number): Proposal => ({ kind: 'remove', removed })
const extensions: Proposal = { kind: 'group-context-extensions', extensions: [] }
const reason = (text: string) =>
  expect.objectContaining({ code: 'invalid-proposal', facts: { reason: text } })

describe('together, proposals are refused', () => {
  test.each<readonly [string, readonly ListedProposal[]]>([
    ['extensions-twice', [listed(extensions), listed(extensions)]],
    ['reinit-with-others', [listed(reinit(1)), listed(psk(32))]],
    ['psk-twice', [listed(psk(32)), listed(psk(32))]],
    ['external-init', [listed(externalInit)]],
    ['committer', [waiting({ kind: 'self-remove' }, 0)]],
    ['leaf-twice', [waiting({ kind: 'self-remove' }), listed(remove(1))]],
  ])('in a commit: %s', (text, list) => {
    expect(() => checkProposalList(list, member)).toThrow(reason(text))
  })

  test.each<readonly [string, readonly ListedProposal[]]>([
    ['external-init', []],
    ['external-init', [listed(externalInit, joiner), listed(externalInit, joiner)]],
    [
      'external-commit',
      [listed(externalInit, joiner), listed(remove(0), joiner), listed(remove(1), joiner)],
    ],
    ['external-commit', [listed(externalInit, joiner), waiting(remove(1))]],
  ])('in an external commit: %s', (text, list) => {
    expect(() => checkProposalList(list, joiner)).toThrow(reason(text))
  })
})

test('a joiner may take over a SelfRemove that waits', () => {
  const list = [listed(externalInit, joiner), waiting({ kind: 'self-remove' })]
  expect(() => checkProposalList(list, joiner)).not.toThrow()
})

test('a path is needed for an empty list and for what changes the tree or the extensions', () => {
  expect(needsPath([])).toBe(true)
  for (const proposal of [remove(1), extensions, externalInit, { kind: 'self-remove' }] as const)
    expect(needsPath([listed(psk(32)), listed(proposal)])).toBe(true)
  expect(needsPath([listed(psk(32))])).toBe(false)
})

function roomOf() {
  const [alice] = groupOf(users)
  if (!alice) throw new Error('no group')
  return { alice, entry: roomEntry(alice) }
}

describe('in a room', () => {
  test.each<readonly [string, ListedProposal]>([
    ['psk-nonce', listed(psk(31))],
    ['version', listed(reinit(0))],
    ['leaf-blank', listed(remove(2))],
    ['self-remove-inline', listed({ kind: 'self-remove' })],
    ['sender', listed(externalInit)],
    ['sender', listed(extensions, joiner)],
  ])('a proposal is refused: %s', (text, proposal) => {
    const { entry } = roomOf()
    expect(() => checkProposal(entry.group, proposal)).toThrow(reason(text))
  })

  test('proposals of RFC 9420 need not be listed as supported', () => {
    const { entry } = roomOf()
    expect(() => checkProposal(entry.group, listed(psk(32)))).not.toThrow()
    expect(() => checkProposal(entry.group, listed(reinit(1)))).not.toThrow()
    expect(() => checkSupport(entry.group, [listed(psk(32)), listed(reinit(1))])).not.toThrow()
  })

  test('the dictionary does not change by GroupContextExtensions', () => {
    const { alice, entry } = roomOf()
    const { content } = alice.commit().message.content
    alice.discardPendingCommit()
    const path = content.kind === 'commit' ? content.commit.path : undefined
    expect(() => stageHandshake(entry, forgedCommit(alice, [extensions], path))).toThrow(
      reason('dictionary-replaced'),
    )
  })

  test('other extensions do, where all members support them', () => {
    const { alice, entry } = roomOf()
    const kept = alice.context.extensions
    const more = [...kept, { type: 1, data: Buffer.from('id') }]
    const proposals = [{ kind: 'group-context-extensions', extensions: more }] as const
    const handshake = commitHandshake(alice.commit({ proposals }))
    alice.discardPendingCommit()
    expect(stageHandshake(entry, handshake).after.group.context.extensions).toEqual(more)
  })

  test('a proposal type that a member lacks is refused', () => {
    const { alice, entry } = roomOf()
    const own = keyPackageOf(users[1] ?? '')
    const { capabilities } = own.keyPackage.leafNode
    const keyPackage = changedKeyPackage(own, {
      capabilities: { ...capabilities, proposals: [8, 10] },
    })
    const handshake = commitHandshake(alice.commit({ proposals: [{ kind: 'add', keyPackage }] }))
    const next = stageHandshake(entry, handshake).after
    alice.applyPendingCommit()
    const ephemeral = { kind: 'app-ephemeral', componentId: 1, data: Buffer.alloc(0) } as const
    expect(() => stageHandshake(next, forgedCommit(alice, [ephemeral]))).toThrow(
      reason('type-unsupported'),
    )
  })
})

test('a credential passes to nobody else', () => {
  const other = { kind: 'other', type: 3, content: Buffer.alloc(1) } as const
  expect(sameUser(basic(users[0] ?? ''), basic(users[0] ?? ''))).toBe(true)
  expect(sameUser(basic(users[0] ?? ''), basic(users[1] ?? ''))).toBe(false)
  expect(sameUser(basic(users[0] ?? ''), other)).toBe(false)
})
