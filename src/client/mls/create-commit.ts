import type { Randomness } from '../../model/clock.ts'
import type { Commit } from '../../wire/mls/commit.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import type { AuthenticatedContent, PublicMessage, Sender } from '../../wire/mls/framing.ts'
import type { GroupInfo } from '../../wire/mls/group-info.ts'
import type { UnsignedLeafNode } from '../../wire/mls/leaf-node.ts'
import type { Welcome } from '../../wire/mls/welcome.ts'
import type { SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import { signFramedContent } from './content-signature.ts'
import { keysInTree, type Epoch, type PublicEpoch, type QueuedProposal } from './epoch.ts'
import { createGroupInfo, exportTree, externalPubExtension } from './group-info.ts'
import { signLeaf } from './leaf.ts'
import { confirm, openEpoch, provisionalContext, transition } from './next-epoch.ts'
import {
  applyProposals,
  demandPath,
  type GroupChanges,
  type ProvisionalGroup,
} from './proposals.ts'
import { protectPublic } from './public-framing.ts'
import { createPath, encryptPath, type FreshPath } from './tree-kem.ts'
import { createWelcome } from './welcome.ts'

/** A commit that the hub has still to accept, with all that its HandshakeBundle carries. */
export interface StagedCommit {
  readonly message: PublicMessage
  readonly welcome: Welcome | undefined
  /** Without the tree, with `external_pub`. */
  readonly groupInfo: GroupInfo
  /** `optional<Node> ratchet_tree<V>` with its length prefix. */
  readonly ratchetTree: Buffer
  readonly changes: GroupChanges
  /** The epoch that begins when the hub accepts. */
  readonly next: Epoch
}

/** GroupInfo extensions besides ours: for the hub and external joiners, and for the Welcome alone. */
export interface GroupInfoExtensions {
  readonly published: readonly Extension[]
  readonly welcomed: readonly Extension[]
}

export interface CommitOptions {
  readonly proposals: readonly QueuedProposal[]
  readonly authenticatedData: Buffer
  readonly randomness: Randomness
  /** False leaves the path out where the proposals allow it: cheaper, without post-compromise security. */
  readonly withPath: boolean
  /** Called with the epoch that begins. */
  readonly groupInfoExtensions: (next: Epoch) => GroupInfoExtensions
}

/** Who commits: a member of the group, or a client that joins by this commit. */
export interface Committer {
  readonly sender: Extract<Sender, { kind: 'member' | 'new-member-commit' }>
  readonly signer: SignatureKeyPair
  /** The leaf that the path replaces or adds; its key, source and signature are made here. */
  readonly leaf: Omit<UnsignedLeafNode, 'encryptionKey' | 'source'>
  readonly initSecret: Buffer
  /** Empty for a joiner. */
  readonly nodes: ReadonlyMap<number, Buffer>
  readonly membershipKey: Buffer
}

/** Throws what `applyProposals` throws, and `path-required`. `RFC 9420 §12.4.1` */
export function createCommit(
  epoch: PublicEpoch,
  committer: Committer,
  options: CommitOptions,
): StagedCommit {
  const { suite } = epoch
  const { sender, signer } = committer
  const ownIndex = sender.kind === 'member' ? sender.leafIndex : undefined
  const group = applyProposals(epoch, options.proposals, ownIndex)
  const withPath = options.withPath || group.pathRequired
  demandPath(group, withPath)
  const leafIndex = ownIndex ?? addedLeaf(group, committer)
  const path = withPath ? freshPath(epoch, group, { committer, leafIndex, options }) : undefined
  const provisional = provisionalContext(epoch, group)
  const nodes =
    path &&
    encryptPath(group.tree, path, {
      groupContext: provisional,
      newLeaves: group.newLeaves,
      randomness: options.randomness,
    })
  const leafNode = path && group.tree.leaf(leafIndex)
  const signed = signCommit(epoch, committer, {
    authenticatedData: options.authenticatedData,
    commit: {
      proposals: options.proposals.map(({ proposal, reference }) =>
        reference === undefined ? { kind: 'proposal', proposal } : { kind: 'reference', reference },
      ),
      path: leafNode && nodes && { leafNode, nodes },
    },
  })
  const { initSecret } = committer
  const begun = transition(epoch, provisional, {
    commit: signed,
    initSecret,
    commitSecret: path?.commitSecret,
  })
  const tag = confirm(epoch, begun)
  const ownNodes = [...committer.nodes, ...(path?.privateKeys ?? [])]
  const next = openEpoch({
    suite,
    ...begun,
    tree: group.tree,
    tag,
    own: { leafIndex, signer, nodes: keysInTree(group.tree, ownNodes) },
  })
  return {
    ...distribution(next, { group, path, joiner: begun.joiner, options }),
    message: protectPublic(
      { suite, groupContext: epoch.groupContext, membershipKey: committer.membershipKey },
      { ...signed, confirmationTag: tag },
    ),
    changes: changesWith(group, next, ownIndex),
    next,
  }
}

/** What lets others into the epoch that begins. */
function distribution(
  next: Epoch,
  {
    group,
    path,
    joiner,
    options,
  }: {
    group: ProvisionalGroup
    path: FreshPath | undefined
    joiner: Buffer
    options: CommitOptions
  },
): Pick<StagedCommit, 'welcome' | 'groupInfo' | 'ratchetTree'> {
  const { published, welcomed } = options.groupInfoExtensions(next)
  return {
    welcome: createWelcome(next, {
      joiner,
      path,
      keyPackages: addedKeyPackages(options.proposals, group),
      groupInfo: createGroupInfo(next, welcomed),
      randomness: options.randomness,
    }),
    groupInfo: createGroupInfo(next, [externalPubExtension(next), ...published]),
    ratchetTree: exportTree(next),
  }
}

/** A joiner takes the leftmost free leaf, as an Add would; its path then replaces the placeholder. */
function addedLeaf({ tree }: ProvisionalGroup, { leaf }: Committer): number {
  const placeholder = {
    ...leaf,
    encryptionKey: Buffer.alloc(0),
    source: { kind: 'commit', parentHash: Buffer.alloc(0) },
    signature: Buffer.alloc(0),
  } as const
  return tree.add(placeholder)
}

function freshPath(
  { suite, groupContext }: PublicEpoch,
  { tree }: ProvisionalGroup,
  {
    committer,
    leafIndex,
    options,
  }: {
    committer: Committer
    leafIndex: number
    options: CommitOptions
  },
): FreshPath {
  const { groupId } = groupContext
  return createPath(tree, leafIndex, {
    randomness: options.randomness,
    signLeaf: ({ encryptionKey, parentHash }) =>
      signLeaf(suite, committer.signer, {
        unsigned: { ...committer.leaf, encryptionKey, source: { kind: 'commit', parentHash } },
        position: { groupId, leafIndex },
      }),
  })
}

function signCommit(
  { suite, groupContext }: PublicEpoch,
  { sender, signer }: Committer,
  { authenticatedData, commit }: { authenticatedData: Buffer; commit: Commit },
): AuthenticatedContent {
  const { groupId, epoch } = groupContext
  const framed = {
    wireFormat: 1,
    content: { groupId, epoch, sender, authenticatedData, content: { kind: 'commit', commit } },
  } as const
  const signature = signFramedContent({ suite, groupContext }, signer, framed)
  return { ...framed, signature, confirmationTag: undefined }
}

function addedKeyPackages(proposals: readonly QueuedProposal[], { changes }: ProvisionalGroup) {
  const keyPackages = proposals.flatMap(({ proposal }) =>
    proposal.kind === 'add' ? [proposal.keyPackage] : [],
  )
  return keyPackages.flatMap((keyPackage, index) => {
    const added = changes.added[index]
    return added === undefined ? [] : [{ keyPackage, leafIndex: added.leafIndex }]
  })
}

/** The changes as others see them: an external committer is one who was added. */
function changesWith(
  { changes }: ProvisionalGroup,
  { tree, own }: Epoch,
  committer: number | undefined,
): GroupChanges {
  const leaf = tree.leaf(own.leafIndex)
  if (committer !== undefined || leaf === undefined) return changes
  return { ...changes, added: [...changes.added, { leafIndex: own.leafIndex, leaf }] }
}
