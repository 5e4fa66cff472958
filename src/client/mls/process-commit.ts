import type { Commit, UpdatePath } from '../../wire/mls/commit.ts'
import type { AuthenticatedContent } from '../../wire/mls/framing.ts'
import { receiveExternalInit } from '../../mls-crypto/hpke.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import { ClientError, demand } from '../errors.ts'
import { verifyFramedContent } from './content-signature.ts'
import { keysInTree, memberLeaf, type Epoch, type QueuedProposal } from './epoch.ts'
import { validateLeaf, validateLeavesTogether } from './leaf.ts'
import { demandConfirmed, openEpoch, provisionalContext, transition } from './next-epoch.ts'
import {
  applyProposals,
  demandPath,
  demandSameUser,
  type GroupChanges,
  type ProvisionalGroup,
} from './proposals.ts'
import { mergePath, openPath } from './tree-kem.ts'
import { demandUniqueKeys } from './tree-validation.ts'
import { userOf } from './user-of.ts'

/** What a commit of somebody else does to us. */
export type CommitOutcome =
  | { readonly kind: 'advanced'; readonly next: Epoch; readonly summary: CommitSummary }
  | { readonly kind: 'removed'; readonly summary: CommitSummary }

export interface CommitSummary {
  /** The committer's leaf, in the tree of the epoch that begins. */
  readonly committer: number
  readonly committerLeaf: LeafNode
  readonly changes: GroupChanges
  readonly authenticatedData: Buffer
}

/** What a member has kept of the epoch's proposals. */
export interface ProposalMemory {
  readonly find: (reference: Buffer) => QueuedProposal | undefined
  /** The private key of an Update that we have proposed, by its public key. */
  readonly updateKey: (encryptionKey: Buffer) => Buffer | undefined
}

/**
 * Follows a commit whose membership tag has been checked. The given epoch stays as it is, also where
 * the commit is refused. A commit that removes us is believed by its signature alone: we cannot derive
 * its confirmation tag. Throws `invalid-signature`, `invalid-commit`, `unknown-proposal`,
 * `path-required`, `invalid-confirmation-tag`, `decryption-failed`, and what `applyProposals` throws.
 * `RFC 9420 §12.4.2`
 */
export function processCommit(
  epoch: Epoch,
  authenticated: AuthenticatedContent,
  memory: ProposalMemory,
): CommitOutcome {
  const { content } = authenticated.content
  if (content.kind !== 'commit') throw new ClientError('wrong-message-kind')
  const { commit } = content
  const committer = verifyCommitter(epoch, authenticated, commit)
  const proposals = resolve(commit, authenticated, memory)
  const group = applyProposals(epoch, proposals, committer)
  demandPath(group, commit.path !== undefined)
  if (committer === undefined) demandOwnRemoval(group, commit)
  const leafIndex = placeCommitter(group, commit, committer)
  const before = committer === undefined ? undefined : memberLeaf(epoch, committer)
  const summary = summarise(group, authenticated, { leafIndex, before, path: commit.path })
  if (group.changes.removed.some((removed) => removed.leafIndex === epoch.own.leafIndex))
    return { kind: 'removed', summary }
  const next = advance(epoch, group, { authenticated, path: commit.path, leafIndex, memory })
  return { kind: 'advanced', next, summary }
}

/** The committer's leaf index, or undefined for an external commit. */
function verifyCommitter(
  epoch: Epoch,
  authenticated: AuthenticatedContent,
  { path }: Commit,
): number | undefined {
  const { sender } = authenticated.content
  switch (sender.kind) {
    case 'member':
      demand(sender.leafIndex !== epoch.own.leafIndex, 'invalid-commit')
      verifyFramedContent(epoch, memberLeaf(epoch, sender.leafIndex).signatureKey, authenticated)
      return sender.leafIndex
    case 'new-member-commit':
      if (path === undefined) throw new ClientError('path-required')
      verifyFramedContent(epoch, path.leafNode.signatureKey, authenticated)
      return undefined
    case 'external':
    case 'new-member-proposal':
      throw new ClientError('invalid-commit')
  }
}

function resolve(
  { proposals }: Commit,
  { content: { sender } }: AuthenticatedContent,
  memory: ProposalMemory,
): QueuedProposal[] {
  return proposals.map((item) => {
    if (item.kind === 'proposal') return { proposal: item.proposal, sender }
    const found = memory.find(item.reference)
    if (found === undefined) throw new ClientError('unknown-proposal')
    return found
  })
}

/** A joiner may remove an earlier leaf of its own user only. `RFC 9420 §12.4.3.2` */
function demandOwnRemoval({ changes }: ProvisionalGroup, { proposals, path }: Commit): void {
  const user = path && userOf(path.leafNode.credential)
  for (const item of proposals) {
    if (item.kind !== 'proposal' || item.proposal.kind !== 'remove') continue
    const { removed } = item.proposal
    const leaf = changes.removed.find(({ leafIndex }) => leafIndex === removed)?.leaf
    demand(leaf !== undefined && userOf(leaf.credential) === user, 'invalid-commit')
  }
}

function placeCommitter(
  { tree }: ProvisionalGroup,
  { path }: Commit,
  committer: number | undefined,
): number {
  if (committer !== undefined) return committer
  if (path === undefined) throw new ClientError('path-required')
  return tree.add(path.leafNode)
}

function advance(
  epoch: Epoch,
  group: ProvisionalGroup,
  {
    authenticated,
    path,
    leafIndex,
    memory,
  }: {
    authenticated: AuthenticatedContent
    path: UpdatePath | undefined
    leafIndex: number
    memory: ProposalMemory
  },
): Epoch {
  const { suite, own } = epoch
  const isJoin = authenticated.content.sender.kind === 'new-member-commit'
  const ownNodes = withUpdateKey(epoch, group, memory)
  const steps =
    path === undefined ? [] : mergeCommitterPath(epoch, group, { path, leafIndex, isJoin })
  const provisional = provisionalContext(epoch, group)
  const opened =
    path &&
    openPath(
      group.tree,
      { steps, nodes: path.nodes },
      {
        ownLeafIndex: own.leafIndex,
        ownNodes: keysInTree(group.tree, ownNodes),
        groupContext: provisional,
        newLeaves: group.newLeaves,
      },
    )
  const begun = transition(epoch, provisional, {
    commit: authenticated,
    initSecret: initSecretOf(epoch, group),
    commitSecret: opened?.commitSecret,
  })
  const { confirmationTag: tag } = authenticated
  demandConfirmed(epoch, begun, tag)
  if (tag === undefined) throw new ClientError('invalid-commit')
  const nodes = keysInTree(group.tree, [...ownNodes, ...(opened?.privateKeys ?? [])])
  return openEpoch({ suite, ...begun, tree: group.tree, tag, own: { ...own, nodes } })
}

function mergeCommitterPath(
  epoch: Epoch,
  { tree, extensions }: ProvisionalGroup,
  { path, leafIndex, isJoin }: { path: UpdatePath; leafIndex: number; isJoin: boolean },
) {
  const { leafNode } = path
  const { groupId } = epoch.groupContext
  validateLeaf(epoch.suite, leafNode, { source: 'commit', position: { groupId, leafIndex } })
  if (!isJoin) {
    const before = memberLeaf(epoch, leafIndex)
    demand(!before.encryptionKey.equals(leafNode.encryptionKey), 'invalid-commit')
    demandSameUser(before, leafNode)
  }
  const steps = mergePath(tree, leafIndex, path)
  demandUniqueKeys(tree)
  const leaves = tree.leaves().map(({ leaf }) => leaf)
  validateLeavesTogether(leaves, { changed: [leafNode], extensions })
  return steps
}

function initSecretOf({ suite, secrets }: Epoch, { externalInit }: ProvisionalGroup): Buffer {
  if (externalInit === undefined) return secrets.initSecret
  return receiveExternalInit(suite, secrets.external.privateKey, externalInit)
}

/** Where the commit contains our Update, the new leaf key is the one that we have kept for it. */
function withUpdateKey(
  { own }: Epoch,
  { tree, changes }: ProvisionalGroup,
  memory: ProposalMemory,
): [number, Buffer][] {
  const nodes = [...own.nodes]
  if (!changes.updated.includes(own.leafIndex)) return nodes
  const leaf = tree.leaf(own.leafIndex)
  const key = leaf && memory.updateKey(leaf.encryptionKey)
  if (key === undefined) throw new ClientError('invalid-commit')
  return [...nodes.filter(([node]) => node !== 2 * own.leafIndex), [2 * own.leafIndex, key]]
}

function summarise(
  { changes }: ProvisionalGroup,
  { content }: AuthenticatedContent,
  {
    leafIndex,
    before,
    path,
  }: { leafIndex: number; before: LeafNode | undefined; path: UpdatePath | undefined },
): CommitSummary {
  const { authenticatedData } = content
  const committerLeaf = path?.leafNode ?? before
  if (committerLeaf === undefined) throw new ClientError('path-required')
  const joined = before === undefined ? [{ leafIndex, leaf: committerLeaf }] : []
  return {
    committer: leafIndex,
    committerLeaf,
    changes: { ...changes, added: [...changes.added, ...joined] },
    authenticatedData,
  }
}
