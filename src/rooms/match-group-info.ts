import { encode } from '../wire/codec.ts'
import { groupContextCodec, groupInfoCodec, type GroupContext } from '../wire/mls/group-info.ts'
import { checkEmbeddedTree, checkGroupInfoSignature, type Group } from './group.ts'
import { decodeOr, refusal } from './refusal.ts'
import { treeBytes } from './tree.ts'

/** What came with a commit, as its committer sees the new epoch. */
export interface AnnouncedEpoch {
  readonly groupInfo: Buffer | undefined
  readonly ratchetTree: Buffer | undefined
}

/**
 * Compares the staged epoch with the GroupInfo (and tree, where one was sent) that came with its
 * commit. The committer knows the group's secrets and we do not: agreement is what lets us accept.
 * Throws `group-info-mismatch`, `invalid-group-info`, `invalid-signature`, `invalid-tree`.
 */
export function matchGroupInfo(staged: Group, announced: AnnouncedEpoch): Buffer {
  const { groupInfo: bytes, ratchetTree } = announced
  if (bytes === undefined) throw refusal('invalid-group-info', 'absent')
  const groupInfo = decodeOr('invalid-group-info', groupInfoCodec, bytes)
  const field = differing(staged.context, groupInfo.groupContext)
  if (field !== undefined) throw refusal('group-info-mismatch', field)
  if (!groupInfo.confirmationTag.equals(staged.confirmationTag))
    throw refusal('group-info-mismatch', 'confirmation-tag')
  checkGroupInfoSignature(staged, groupInfo)
  checkEmbeddedTree(staged, groupInfo)
  if (ratchetTree !== undefined && !ratchetTree.equals(treeBytes(staged.tree)))
    throw refusal('invalid-tree', 'ratchet-tree')
  return bytes
}

function differing(staged: GroupContext, announced: GroupContext): string | undefined {
  if (staged.cipherSuite !== announced.cipherSuite) return 'cipher-suite'
  if (!staged.groupId.equals(announced.groupId)) return 'group-id'
  if (staged.epoch !== announced.epoch) return 'epoch'
  if (!staged.treeHash.equals(announced.treeHash)) return 'tree-hash'
  if (!staged.confirmedTranscriptHash.equals(announced.confirmedTranscriptHash))
    return 'confirmed-transcript-hash'
  const same = encode(groupContextCodec, staged).equals(encode(groupContextCodec, announced))
  return same ? undefined : 'extensions'
}
