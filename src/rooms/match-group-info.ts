import { encode } from '../wire/codec.ts'
import { groupContextCodec, groupInfoCodec, type GroupContext } from '../wire/mls/group-info.ts'
import { checkEmbeddedTree, checkGroupInfoSignature, type Group } from './group.ts'
import { givenRoomAuthKey } from './room-auth-keys.ts'
import type { CommitEffect } from './stage-commit.ts'
import { decodeOr, refusal } from './refusal.ts'
import { treeBytes } from './tree.ts'

/** What came with a commit, as its committer sees the new epoch. */
export interface AnnouncedEpoch {
  readonly groupInfo: Buffer | undefined
  readonly ratchetTree: Buffer | undefined
}

/** The epoch as both say it is. */
export interface MatchedEpoch {
  readonly next: Group
  /** The GroupInfo struct. */
  readonly groupInfo: Buffer
}

/**
 * Compares the staged epoch with the GroupInfo (and tree, where one was sent) that came with its
 * commit. The committer knows the group's secrets and we do not: agreement is what lets us accept, and
 * nobody but the committer says it. Returns the epoch with what only the GroupInfo says of it.
 * Throws `group-info-mismatch`, `invalid-group-info`, `invalid-signature`, `invalid-tree`.
 */
export function matchGroupInfo(
  { next: staged, committer }: Pick<CommitEffect, 'next' | 'committer'>,
  announced: AnnouncedEpoch,
): MatchedEpoch {
  const { groupInfo: bytes, ratchetTree } = announced
  if (bytes === undefined) throw refusal('invalid-group-info', 'absent')
  const groupInfo = decodeOr('invalid-group-info', groupInfoCodec, bytes)
  const field = differing(staged.context, groupInfo.groupContext)
  if (field !== undefined) throw refusal('group-info-mismatch', field)
  if (!groupInfo.confirmationTag.equals(staged.confirmationTag))
    throw refusal('group-info-mismatch', 'confirmation-tag')
  checkGroupInfoSignature(staged, groupInfo)
  if (groupInfo.signer !== committer) throw refusal('group-info-mismatch', 'signer')
  checkEmbeddedTree(staged, groupInfo)
  if (ratchetTree !== undefined && !ratchetTree.equals(treeBytes(staged.tree)))
    throw refusal('invalid-tree', 'ratchet-tree')
  return { next: { ...staged, roomAuthKey: givenRoomAuthKey(groupInfo) }, groupInfo: bytes }
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
