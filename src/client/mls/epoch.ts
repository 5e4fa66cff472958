import type { Sender } from '../../wire/mls/framing.ts'
import type { GroupContext } from '../../wire/mls/group-info.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import type { SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { EpochSecrets } from './key-schedule.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import type { SecretTree } from './secret-tree.ts'

/** What everybody may know of one epoch, who can see the group's handshakes. */
export interface PublicEpoch {
  readonly suite: MlsSuite
  readonly groupContext: GroupContext
  readonly tree: RatchetTree
  readonly confirmationTag: Buffer
  readonly interimTranscriptHash: Buffer
}

/** All that a member holds of one epoch. Only `secretTree` changes, as messages use keys up. */
export interface Epoch extends PublicEpoch {
  readonly secrets: EpochSecrets
  readonly secretTree: SecretTree
  readonly own: OwnKeys
}

/** A member's own private keys. */
export interface OwnKeys {
  readonly leafIndex: number
  readonly signer: SignatureKeyPair
  /** HPKE private keys by node index: of our leaf, and of the parents above it that we know. */
  readonly nodes: ReadonlyMap<number, Buffer>
}

/** A proposal that waits for its commit, or one that a commit carries itself. */
export interface QueuedProposal {
  readonly proposal: Proposal
  readonly sender: Sender
  /** `ProposalRef`; absent where the proposal stands in the commit by value. */
  readonly reference?: Buffer
}

/** What framing needs of an epoch. */
export function framingContext({ suite, groupContext, secrets, secretTree }: Epoch) {
  const { membershipKey, senderDataSecret } = secrets
  return { suite, groupContext, membershipKey, senderDataSecret, secretTree }
}

/** Throws `unknown-sender` where the leaf is blank. */
export function memberLeaf({ tree }: Pick<PublicEpoch, 'tree'>, leafIndex: number): LeafNode {
  const leaf = tree.leaf(leafIndex)
  if (leaf === undefined) throw new ClientError('unknown-sender')
  return leaf
}

/** Throws `wrong-group`, `wrong-epoch`. */
export function demandEpoch(
  { groupContext }: Pick<PublicEpoch, 'groupContext'>,
  { groupId, epoch }: Pick<GroupContext, 'groupId' | 'epoch'>,
): void {
  demand(groupContext.groupId.equals(groupId), 'wrong-group')
  demand(groupContext.epoch === epoch, 'wrong-epoch')
}

/** Private keys whose nodes are still there. */
export function keysInTree(
  tree: RatchetTree,
  nodes: Iterable<readonly [number, Buffer]>,
): ReadonlyMap<number, Buffer> {
  return new Map([...nodes].filter(([node]) => tree.encryptionKey(node) !== undefined))
}
