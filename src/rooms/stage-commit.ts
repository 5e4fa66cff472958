import { hash } from 'node:crypto'
import { encode } from '../wire/codec.ts'
import type { AppDataUpdate } from '../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../wire/mls/extension.ts'
import {
  confirmedTranscriptHashInput,
  type PublicMessage,
  type Sender,
} from '../wire/mls/framing.ts'
import type { Commit } from '../wire/mls/commit.ts'
import { keyPackageRef } from '../wire/mls/key-package-ref.ts'
import { keyPackageCodec } from '../wire/mls/key-package.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal, ProposalKind } from '../wire/mls/proposal.ts'
import { applyAppDataUpdates } from './app-data-changes.ts'
import { authenticate } from './authenticate.ts'
import { checkLeafSignature, interimTranscriptHash, type Group } from './group.ts'
import { checkNextCapabilities } from './leaf-rules.ts'
import {
  checkProposal,
  checkProposalList,
  checkSupport,
  needsPath,
  sameUser,
  type ListedProposal,
} from './proposal-rules.ts'
import { refusal } from './refusal.ts'
import { addLeaves, applyPath, removeLeaves, updateLeaf } from './tree-changes.ts'
import { treeHash } from './tree-hash.ts'
import { checkNewKeys } from './tree-validation.ts'
import { cloneTree, leafAt, type PublicTree } from './tree.ts'

/** A leaf that a commit brought, changed or took. */
export interface LeafChange {
  readonly leafIndex: number
  readonly leaf: LeafNode
}

/** What a commit would make of a group. */
export interface CommitEffect {
  readonly next: Group
  readonly sender: Sender
  /** The leaf of the committer: of a joiner the one that it has now. */
  readonly committer: number
  /** The proposals of the commit, those by reference too. */
  readonly list: readonly ListedProposal[]
  readonly added: readonly LeafChange[]
  readonly updated: readonly LeafChange[]
  readonly removed: readonly LeafChange[]
  /** KeyPackageRefs of the members whom the commit adds. */
  readonly keyPackageRefs: readonly Buffer[]
  readonly appDataUpdates: readonly AppDataUpdate[]
  readonly proposalKinds: readonly ProposalKind[]
}

/**
 * Verifies one commit and works out the epoch that it makes; the group stays as it is.
 * Throws `invalid-commit`, `wrong-message-kind`, `wrong-epoch`, `invalid-signature`,
 * `invalid-proposal`, `invalid-tree`. RFC 9420 §12.4.2
 */
export function stageCommit(group: Group, bytes: Buffer): CommitEffect {
  const message = authenticate(group, bytes, 'invalid-commit')
  const { content, sender } = message.content
  if (content.kind !== 'commit') throw refusal('wrong-message-kind', 'content-type')
  const { commit } = content
  const list = listProposals(group, commit, sender)
  checkProposalList(list, sender)
  checkSupport(group, list)
  if (commit.path === undefined && needsPath(list)) throw refusal('invalid-commit', 'path-absent')

  const extensions = nextExtensions(group.context.extensions, list)
  const tree = cloneTree(group.tree)
  const changes = applyProposals(group, tree, list)
  const byPath = applyCommitPath({ group, tree, sender, list }, commit)
  const context = {
    ...group.context,
    epoch: group.context.epoch + 1n,
    extensions,
    treeHash: treeHash(tree),
    confirmedTranscriptHash: confirmedTranscriptHash(group, message),
  }
  // INVARIANT: the decoder reads a confirmation tag with every commit.
  const confirmationTag = message.confirmationTag ?? Buffer.alloc(0)
  const next: Group = {
    suite: group.suite,
    context,
    confirmationTag,
    tree,
    pending: new Map(),
    // No commit carries it: it comes with the GroupInfo.
    roomAuthKey: undefined,
  }
  checkNewKeys(group.tree, tree, 'invalid-commit')
  checkNextCapabilities(group, next, 'invalid-commit')
  return {
    next,
    sender,
    committer: committerLeaf(sender, byPath.added),
    list,
    added: [...changes.added, ...byPath.added],
    updated: [...changes.updated, ...byPath.updated],
    removed: changes.removed,
    keyPackageRefs: ofKind(list, 'add').map(({ proposal }) =>
      keyPackageRef(group.suite, encode(keyPackageCodec, proposal.keyPackage)),
    ),
    appDataUpdates: ofKind(list, 'app-data-update').map(({ proposal }) => proposal),
    proposalKinds: list.map(({ proposal }) => proposal.kind),
  }
}

/** INVARIANT: who commits is a member, or joins by the path of its commit. */
function committerLeaf(sender: Sender, joined: readonly LeafChange[]): number {
  const index = sender.kind === 'member' ? sender.leafIndex : joined[0]?.leafIndex
  if (index === undefined) throw refusal('invalid-commit', 'sender')
  return index
}

/** The proposals themselves, those by reference from what waits. Inline ones are checked here. */
function listProposals(group: Group, commit: Commit, sender: Sender): readonly ListedProposal[] {
  return commit.proposals.map((item) => {
    if (item.kind === 'reference') {
      const pending = group.pending.get(item.reference.toString('hex'))
      if (pending === undefined) throw refusal('invalid-proposal', 'reference-unknown')
      return pending
    }
    const listed = { proposal: item.proposal, sender, reference: undefined }
    checkProposal(group, listed)
    return listed
  })
}

/** GroupContextExtensions first, then AppDataUpdates. RFC 9420 §12.3, draft-ietf-mls-extensions §4.7 */
function nextExtensions(
  before: readonly Extension[],
  list: readonly ListedProposal[],
): readonly Extension[] {
  const replaced = ofKind(list, 'group-context-extensions')[0]?.proposal.extensions ?? before
  const updates = ofKind(list, 'app-data-update').map(({ proposal }) => proposal)
  // The room's components change by their own updates only, each under its own rule.
  if (dictionary(replaced)?.toString('hex') !== dictionary(before)?.toString('hex'))
    throw refusal('invalid-proposal', 'dictionary-replaced')
  return applyAppDataUpdates(replaced, updates)
}

function dictionary(extensions: readonly Extension[]): Buffer | undefined {
  return extensionData(extensions, extensionTypes.appDataDictionary)
}

function applyProposals(group: Group, tree: PublicTree, list: readonly ListedProposal[]) {
  const updated = ofKind(list, 'update').map(({ proposal, sender }) => {
    const leafIndex = sender.kind === 'member' ? sender.leafIndex : 0
    updateLeaf(tree, leafIndex, proposal.leafNode)
    return { leafIndex, leaf: proposal.leafNode }
  })
  const leaving = list.flatMap(({ proposal, sender }) => {
    if (proposal.kind === 'remove') return [proposal.removed]
    return proposal.kind === 'self-remove' && sender.kind === 'member' ? [sender.leafIndex] : []
  })
  const removed = leaving.map((leafIndex) => ({ leafIndex, leaf: memberAt(group, leafIndex) }))
  removeLeaves(tree, leaving)
  const leaves = ofKind(list, 'add').map(({ proposal }) => proposal.keyPackage.leafNode)
  const added = addLeaves(tree, leaves).map((leafIndex, index) => ({
    leafIndex,
    leaf: leaves[index] ?? memberAt(group, leafIndex),
  }))
  return { updated, removed, added }
}

interface PathTarget {
  readonly group: Group
  readonly tree: PublicTree
  readonly sender: Sender
  readonly list: readonly ListedProposal[]
}

function applyCommitPath(
  { group, tree, sender, list }: PathTarget,
  { path }: Commit,
): { readonly added: readonly LeafChange[]; readonly updated: readonly LeafChange[] } {
  if (path === undefined) return { added: [], updated: [] }
  const { leafNode } = path
  if (leafNode.source.kind !== 'commit') throw refusal('invalid-commit', 'leaf-source')
  if (sender.kind === 'new-member-commit') {
    for (const { proposal } of ofKind(list, 'remove'))
      if (!sameUser(memberAt(group, proposal.removed).credential, leafNode.credential))
        throw refusal('invalid-commit', 'removes-another-user')
    const [leafIndex = 0] = addLeaves(tree, [leafNode])
    checkLeafSignature(group, leafIndex, leafNode)
    applyPath(tree, leafIndex, path)
    return { added: [{ leafIndex, leaf: leafNode }], updated: [] }
  }
  if (sender.kind !== 'member') throw refusal('invalid-commit', 'sender')
  const { leafIndex } = sender
  const before = memberAt(group, leafIndex)
  if (before.encryptionKey.equals(leafNode.encryptionKey))
    throw refusal('invalid-commit', 'encryption-key-kept')
  if (!sameUser(before.credential, leafNode.credential))
    throw refusal('invalid-commit', 'credential-changed')
  checkLeafSignature(group, leafIndex, leafNode)
  applyPath(tree, leafIndex, path)
  return { added: [], updated: [{ leafIndex, leaf: leafNode }] }
}

/** RFC 9420 §8.2 */
function confirmedTranscriptHash(group: Group, message: PublicMessage): Buffer {
  const input = confirmedTranscriptHashInput({ wireFormat: 1, ...message })
  return hash(group.suite.hash, Buffer.concat([interimTranscriptHash(group), input]), 'buffer')
}

function memberAt(group: Group, leafIndex: number): LeafNode {
  const leaf = leafAt(group.tree, leafIndex)
  if (leaf === undefined) throw refusal('invalid-proposal', 'leaf-blank')
  return leaf
}

function ofKind<Kind extends ProposalKind>(list: readonly ListedProposal[], kind: Kind) {
  return list.filter((item): item is ListedProposal & { proposal: Proposal & { kind: Kind } } => {
    return item.proposal.kind === kind
  })
}
