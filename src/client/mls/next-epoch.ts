import type { AuthenticatedContent } from '../../wire/mls/framing.ts'
import type { GroupContext } from '../../wire/mls/group-info.ts'
import { demand } from '../errors.ts'
import type { OwnKeys, PublicEpoch, Epoch } from './epoch.ts'
import {
  confirmationTag,
  epochSecrets,
  isConfirmationTag,
  joinerSecret,
  type EpochSecrets,
} from './key-schedule.ts'
import type { ProvisionalGroup } from './proposals.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import { SecretTree } from './secret-tree.ts'
import { confirmedTranscriptHash, interimTranscriptHash } from './transcript.ts'

/** The context under which path secrets are encrypted: all of the new epoch but its transcript. `RFC 9420 §12.4.1` */
export function provisionalContext(
  { groupContext }: PublicEpoch,
  { tree, extensions }: Pick<ProvisionalGroup, 'tree' | 'extensions'>,
): GroupContext {
  return {
    ...groupContext,
    epoch: groupContext.epoch + 1n,
    treeHash: tree.treeHash(),
    extensions,
  }
}

/** The keys and hashes of the epoch that a commit begins; not yet confirmed. */
export interface Transition {
  readonly groupContext: GroupContext
  readonly joiner: Buffer
  readonly secrets: EpochSecrets
}

/** `commit` needs its signature, not its confirmation tag. `RFC 9420 §8` */
export function transition(
  before: PublicEpoch,
  provisional: GroupContext,
  {
    commit,
    initSecret,
    commitSecret,
  }: { commit: AuthenticatedContent; initSecret: Buffer; commitSecret: Buffer | undefined },
): Transition {
  const { suite, interimTranscriptHash: interim } = before
  const groupContext = {
    ...provisional,
    confirmedTranscriptHash: confirmedTranscriptHash(suite, interim, commit),
  }
  const joiner = joinerSecret(suite, {
    initSecret,
    commitSecret: commitSecret ?? Buffer.alloc(suite.hashBytes),
    groupContext,
  })
  return { groupContext, joiner, secrets: epochSecrets(suite, joiner, groupContext) }
}

/** The tag that a committer puts on its commit. */
export function confirm({ suite }: PublicEpoch, { secrets, groupContext }: Transition): Buffer {
  return confirmationTag(suite, secrets, groupContext.confirmedTranscriptHash)
}

/** Throws `invalid-confirmation-tag`. */
export function demandConfirmed(
  { suite }: Pick<PublicEpoch, 'suite'>,
  { secrets, groupContext }: Pick<Transition, 'secrets' | 'groupContext'>,
  tag: Buffer | undefined,
): void {
  const { confirmedTranscriptHash: hash } = groupContext
  const valid =
    tag !== undefined && isConfirmationTag(suite, secrets, { tag, confirmedTranscriptHash: hash })
  demand(valid, 'invalid-confirmation-tag')
}

/** The epoch as its members hold it. */
export function openEpoch({
  suite,
  groupContext,
  secrets,
  tree,
  tag,
  own,
}: Pick<PublicEpoch, 'suite' | 'groupContext'> & {
  secrets: EpochSecrets
  tree: RatchetTree
  tag: Buffer
  own: OwnKeys
}): Epoch {
  return {
    suite,
    groupContext,
    tree,
    secrets,
    secretTree: new SecretTree(suite, {
      encryptionSecret: secrets.encryptionSecret,
      leafCount: tree.leafCount,
    }),
    confirmationTag: tag,
    interimTranscriptHash: interimTranscriptHash(suite, groupContext.confirmedTranscriptHash, tag),
    own,
  }
}
