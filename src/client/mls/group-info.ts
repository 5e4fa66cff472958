import { encode, opaque } from '../../wire/codec.ts'
import { extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { groupInfoTbs, type GroupInfo } from '../../wire/mls/group-info.ts'
import { ratchetTreeCodec } from '../../wire/mls/ratchet-tree.ts'
import { signLabelled, verifyLabelled } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { mlsSuite } from '../../mls-crypto/suite.ts'
import { demand } from '../errors.ts'
import type { Epoch, PublicEpoch } from './epoch.ts'
import { validateLeaf, validateLeavesTogether } from './leaf.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import { interimTranscriptHash } from './transcript.ts'
import { validateTree } from './tree-validation.ts'

/** A GroupInfo of the epoch, signed by us, without the ratchet tree. `RFC 9420 §12.4.3` */
export function createGroupInfo(epoch: Epoch, extensions: readonly Extension[]): GroupInfo {
  const { suite, groupContext, confirmationTag, own } = epoch
  const unsigned = { groupContext, extensions, confirmationTag, signer: own.leafIndex }
  const content = groupInfoTbs(unsigned)
  return { ...unsigned, signature: signLabelled(suite, own.signer, { label: LABEL, content }) }
}

/** Extension 4, `ExternalPub`: what external commits are made with. `RFC 9420 §12.4.3.2` */
export function externalPubExtension({ secrets }: Pick<Epoch, 'secrets'>): Extension {
  const data = encode(externalPubCodec, secrets.external.publicKey)
  return { type: extensionTypes.externalPub, data }
}

/** The content of extension 4. */
export const externalPubCodec = opaque(4_096)

/** `optional<Node> ratchet_tree<V>` with its length prefix. */
export function exportTree({ tree }: Pick<PublicEpoch, 'tree'>): Buffer {
  return encode(ratchetTreeCodec, tree.toWire())
}

/**
 * A group as its GroupInfo and tree show it, with every check that a new member makes of them.
 * Throws `invalid-group-info`, `invalid-tree`, `invalid-leaf`. `RFC 9420 §12.4.3.1`
 */
export function openGroupInfo(groupInfo: GroupInfo, tree: RatchetTree): PublicEpoch {
  const { groupContext, confirmationTag } = groupInfo
  const suite = mlsSuite(groupContext.cipherSuite)
  demandSignedGroupInfo(suite, groupInfo, tree.leaf(groupInfo.signer)?.signatureKey)
  demand(tree.treeHash().equals(groupContext.treeHash), 'invalid-group-info')
  validateTree(tree)
  const leaves = tree.leaves()
  for (const { index, leaf } of leaves)
    validateLeaf(suite, leaf, {
      position: { groupId: groupContext.groupId, leafIndex: index },
    })
  const all = leaves.map(({ leaf }) => leaf)
  validateLeavesTogether(all, { changed: all, extensions: groupContext.extensions })
  const { confirmedTranscriptHash } = groupContext
  return {
    suite,
    groupContext,
    tree,
    confirmationTag,
    interimTranscriptHash: interimTranscriptHash(suite, confirmedTranscriptHash, confirmationTag),
  }
}

/** Throws `invalid-group-info`. */
export function demandSignedGroupInfo(
  suite: MlsSuite,
  groupInfo: GroupInfo,
  signerKey: Buffer | undefined,
): void {
  const content = groupInfoTbs(groupInfo)
  const { signature } = groupInfo
  const valid =
    signerKey !== undefined &&
    verifyLabelled(suite, signerKey, { label: LABEL, content, signature })
  demand(valid, 'invalid-group-info')
}

const LABEL = 'GroupInfoTBS'
