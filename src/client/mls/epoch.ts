import type { AuthenticatedContent, Sender } from '../../wire/mls/framing.ts'
import type { GroupContext } from '../../wire/mls/group-info.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { SignatureKeyPair } from '../crypto/signatures.ts'
import type { ClientSuite } from '../crypto/suite.ts'
import { ClientError } from '../errors.ts'
import type { EpochSecrets } from './key-schedule.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import type { SecretTree } from './secret-tree.ts'

/** All that a member holds of one epoch. Only `secretTree` changes, as messages use keys up. */
export interface Epoch {
  readonly suite: ClientSuite
  readonly groupContext: GroupContext
  readonly tree: RatchetTree
  readonly secrets: EpochSecrets
  readonly secretTree: SecretTree
  readonly confirmationTag: Buffer
  readonly interimTranscriptHash: Buffer
  readonly own: OwnKeys
}

/** A member's own private keys. */
export interface OwnKeys {
  readonly leafIndex: number
  readonly signer: SignatureKeyPair
  /** HPKE private keys by node index: of our leaf, and of the parents above it that we know. */
  readonly nodes: ReadonlyMap<number, Buffer>
}

/** What framing needs of an epoch. */
export function framingContext({ suite, groupContext, secrets, secretTree }: Epoch) {
  const { membershipKey, senderDataSecret } = secrets
  return { suite, groupContext, membershipKey, senderDataSecret, secretTree }
}

/** Throws `unknown-sender` where the leaf is blank. */
export function memberLeaf({ tree }: Pick<Epoch, 'tree'>, leafIndex: number): LeafNode {
  const leaf = tree.leaf(leafIndex)
  if (leaf === undefined) throw new ClientError('unknown-sender')
  return leaf
}

export function ownLeaf(epoch: Epoch): LeafNode {
  return memberLeaf(epoch, epoch.own.leafIndex)
}

/** Throws `wrong-group`, `wrong-epoch`. */
export function demandEpoch(
  { groupContext }: Pick<Epoch, 'groupContext'>,
  { groupId, epoch }: Pick<GroupContext, 'groupId' | 'epoch'>,
): void {
  if (!groupContext.groupId.equals(groupId)) throw new ClientError('wrong-group')
  if (groupContext.epoch !== epoch) throw new ClientError('wrong-epoch')
}

/** A proposal that waits for its commit, or one that a commit carries itself. */
export interface QueuedProposal {
  readonly proposal: Extract<
    AuthenticatedContent['content']['content'],
    { kind: 'proposal' }
  >['proposal']
  readonly sender: Sender
  /** `ProposalRef`; absent where the proposal stands in the commit by value. */
  readonly reference?: Buffer
}
