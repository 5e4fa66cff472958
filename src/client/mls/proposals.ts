import type { AppDataUpdate, AppEphemeral } from '../../wire/mls/app-data.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import type { Sender } from '../../wire/mls/framing.ts'
import type { KeyPackage } from '../../wire/mls/key-package.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { ClientError, demand } from '../errors.ts'
import { applyAppDataUpdates } from './dictionary.ts'
import { memberLeaf, type PublicEpoch, type QueuedProposal } from './epoch.ts'
import { validateKeyPackage } from './key-package.ts'
import { validateLeaf, validateLeavesTogether } from './leaf.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import { demandUniqueKeys } from './tree-validation.ts'
import { userOf } from './user-of.ts'

/** The state of the epoch that begins, before the committer's path. */
export interface ProvisionalGroup {
  readonly tree: RatchetTree
  readonly extensions: readonly Extension[]
  readonly changes: GroupChanges
  readonly newLeaves: ReadonlySet<number>
  readonly pathRequired: boolean
  readonly externalInit: Buffer | undefined
}

/** What one commit changes, for those who follow the group. */
export interface GroupChanges {
  readonly added: readonly MemberChange[]
  readonly removed: readonly MemberChange[]
  readonly updated: readonly number[]
  readonly appDataUpdates: readonly AppDataUpdate[]
  readonly ephemerals: readonly (AppEphemeral & { readonly sender: Sender })[]
}

export interface MemberChange {
  readonly leafIndex: number
  readonly leaf: LeafNode
}

/**
 * Checks the proposals of one commit together and applies them to a copy of the tree, in the order of
 * RFC 9420 §12.3. `committer` is a leaf index, or undefined for an external commit. ReInit and
 * pre-shared keys are refused. Throws `invalid-proposal`, `invalid-leaf`, `invalid-key-package`,
 * `invalid-participant-list`, `unknown-sender`. `RFC 9420 §12.2`
 */
export function applyProposals(
  epoch: PublicEpoch,
  proposals: readonly QueuedProposal[],
  committer: number | undefined,
): ProvisionalGroup {
  for (const queued of proposals) demandAllowedFor(queued, committer)
  if (committer === undefined) demandExternalCommit(proposals)
  const tree = epoch.tree.copy()
  const touched = new Set<number>()
  const updated = applyUpdates(epoch, tree, { proposals, committer, touched })
  const removed = applyRemoves(epoch, tree, { proposals, committer, touched })
  const added = of(proposals, 'add').map(({ proposal }) =>
    applyAdd(epoch, tree, proposal.keyPackage),
  )
  const appDataUpdates = of(proposals, 'app-data-update').map(({ proposal }) => proposal)
  const replaced = of(proposals, 'group-context-extensions')
  demand(replaced.length <= 1, 'invalid-proposal')
  const base = replaced[0]?.proposal.extensions ?? epoch.groupContext.extensions
  demandSameDictionary(epoch.groupContext.extensions, base)
  const extensions = applyAppDataUpdates(base, appDataUpdates)
  demandUniqueKeys(tree)
  const leaves = tree.leaves().map(({ leaf }) => leaf)
  const changed = [...updated, ...added].flatMap(({ leafIndex }) => tree.leaf(leafIndex) ?? [])
  validateLeavesTogether(leaves, {
    changed: replaced.length > 0 ? leaves : changed,
    extensions,
  })
  return {
    tree,
    extensions,
    changes: {
      added,
      removed,
      updated: updated.map(({ leafIndex }) => leafIndex),
      appDataUpdates,
      ephemerals: of(proposals, 'app-ephemeral').map(({ proposal, sender }) => ({
        componentId: proposal.componentId,
        data: proposal.data,
        sender,
      })),
    },
    newLeaves: new Set(added.map(({ leafIndex }) => leafIndex)),
    pathRequired:
      proposals.length === 0 || proposals.some(({ proposal }) => needsPath.has(proposal.kind)),
    externalInit: of(proposals, 'external-init')[0]?.proposal.kemOutput,
  }
}

/** The room's components change by AppDataUpdates only, each under its own rule. */
function demandSameDictionary(before: readonly Extension[], after: readonly Extension[]): void {
  const [was, is] = [before, after].map((extensions) =>
    extensionData(extensions, extensionTypes.appDataDictionary)?.toString('latin1'),
  )
  demand(was === is, 'invalid-proposal')
}

/** A leaf never passes to another user. Throws `invalid-leaf`. */
export function demandSameUser(before: LeafNode, after: LeafNode): void {
  const same =
    before.credential.kind === after.credential.kind &&
    userOf(before.credential) === userOf(after.credential)
  demand(same, 'invalid-leaf')
}

/** Who may propose what, RFC 9420 §12.1.8 and draft-ietf-mls-extensions §4.7, §5. */
function demandAllowedFor(
  { proposal, sender }: QueuedProposal,
  committer: number | undefined,
): void {
  const { kind } = proposal
  demand(kind !== 'pre-shared-key' && kind !== 'reinit', 'invalid-proposal')
  switch (sender.kind) {
    case 'member':
      demand(kind !== 'external-init', 'invalid-proposal')
      return
    case 'external':
      demand(externalKinds.has(kind), 'invalid-proposal')
      return
    case 'new-member-proposal':
      demand(kind === 'add', 'invalid-proposal')
      return
    case 'new-member-commit':
      demand(committer === undefined && externalCommitKinds.has(kind), 'invalid-proposal')
  }
}

/** One ExternalInit, at most one Remove of its own (the joiner's earlier leaf). `RFC 9420 §12.4.3.2` */
function demandExternalCommit(proposals: readonly QueuedProposal[]): void {
  demand(of(proposals, 'external-init').length === 1, 'invalid-proposal')
  const own = proposals.filter(({ reference }) => reference === undefined)
  demand(of(own, 'remove').length <= 1, 'invalid-proposal')
  const byReference = proposals.filter(({ reference }) => reference !== undefined)
  demand(
    byReference.every(({ proposal }) => proposal.kind === 'self-remove'),
    'invalid-proposal',
  )
}

interface Applying {
  readonly proposals: readonly QueuedProposal[]
  readonly committer: number | undefined
  /** Leaves that an Update or a Remove of this commit has touched. */
  readonly touched: Set<number>
}

function applyUpdates(
  epoch: PublicEpoch,
  tree: RatchetTree,
  { proposals, committer, touched }: Applying,
): MemberChange[] {
  return of(proposals, 'update').map(({ proposal, sender }) => {
    demand(sender.kind === 'member' && sender.leafIndex !== committer, 'invalid-proposal')
    const { leafIndex } = sender
    const { leafNode } = proposal
    const before = touchOnce(epoch, touched, leafIndex)
    const { groupId } = epoch.groupContext
    validateLeaf(epoch.suite, leafNode, { source: 'update', position: { groupId, leafIndex } })
    demand(!leafNode.encryptionKey.equals(before.encryptionKey), 'invalid-leaf')
    demandSameUser(before, leafNode)
    tree.update(leafIndex, leafNode)
    return { leafIndex, leaf: leafNode }
  })
}

function applyRemoves(
  epoch: PublicEpoch,
  tree: RatchetTree,
  { proposals, committer, touched }: Applying,
): MemberChange[] {
  const leafIndices = [
    ...of(proposals, 'remove').map(({ proposal }) => proposal.removed),
    ...of(proposals, 'self-remove').map(({ sender, reference }) => {
      demand(sender.kind === 'member' && reference !== undefined, 'invalid-proposal')
      return sender.leafIndex
    }),
  ]
  const removed = leafIndices.map((leafIndex) => {
    demand(leafIndex !== committer, 'invalid-proposal')
    return { leafIndex, leaf: touchOnce(epoch, touched, leafIndex) }
  })
  for (const leafIndex of leafIndices) tree.remove(leafIndex)
  return removed
}

function applyAdd(epoch: PublicEpoch, tree: RatchetTree, keyPackage: KeyPackage): MemberChange {
  validateKeyPackage(epoch.suite, keyPackage)
  const leaf = keyPackage.leafNode
  return { leafIndex: tree.add(leaf), leaf }
}

function touchOnce(epoch: PublicEpoch, touched: Set<number>, leafIndex: number): LeafNode {
  demand(!touched.has(leafIndex), 'invalid-proposal')
  touched.add(leafIndex)
  return memberLeaf(epoch, leafIndex)
}

function of<Kind extends Proposal['kind']>(
  proposals: readonly QueuedProposal[],
  kind: Kind,
): (QueuedProposal & { readonly proposal: Extract<Proposal, { kind: Kind }> })[] {
  return proposals.flatMap((queued) => {
    const { proposal } = queued
    return isKind(proposal, kind) ? [{ ...queued, proposal }] : []
  })
}

function isKind<Kind extends Proposal['kind']>(
  proposal: Proposal,
  kind: Kind,
): proposal is Extract<Proposal, { kind: Kind }> {
  return proposal.kind === kind
}

/** Throws `path-required`. `RFC 9420 §12.4` */
export function demandPath({ pathRequired }: ProvisionalGroup, hasPath: boolean): void {
  if (pathRequired && !hasPath) throw new ClientError('path-required')
}

type Kinds = ReadonlySet<Proposal['kind']>
const needsPath: Kinds = new Set([
  'update',
  'remove',
  'external-init',
  'group-context-extensions',
  'self-remove',
])
const externalKinds: Kinds = new Set([
  'add',
  'remove',
  'group-context-extensions',
  'app-data-update',
  'app-ephemeral',
])
const externalCommitKinds: Kinds = new Set([
  'external-init',
  'remove',
  'app-data-update',
  'app-ephemeral',
])
