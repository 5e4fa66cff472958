import { randomBytes } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import { decode } from '../../wire/codec.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import type { GroupInfo } from '../../wire/mls/group-info.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { ratchetTreeCodec } from '../../wire/mls/ratchet-tree.ts'
import { sendExternalInit } from '../../mls-crypto/hpke.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError } from '../errors.ts'
import { createCommit, type CommitOptions, type StagedCommit } from './create-commit.ts'
import { externalPubCodec, openGroupInfo } from './group-info.ts'
import type { OwnKeyPackage } from './key-package.ts'
import { clientCapabilities, type LeafIdentity } from './key-package.ts'
import { defaultLeafExtensions } from './leaf-extensions.ts'
import { confirmationTag, secretsOfEpoch } from './key-schedule.ts'
import { MlsGroup } from './mls-group.ts'
import type { PublicEpoch, QueuedProposal } from './epoch.ts'
import { openEpoch } from './next-epoch.ts'
import { RatchetTree } from './ratchet-tree.ts'
import { joinFromWelcome, type OpenedWelcome } from './welcome.ts'
import { validateLeavesTogether } from './leaf.ts'

/** A group of one member, at epoch 0. `RFC 9420 §11` */
export function createGroup(
  suite: MlsSuite,
  {
    groupId,
    extensions,
    keyPackage,
    randomness = randomBytes,
  }: {
    groupId: Buffer
    extensions: readonly Extension[]
    /** Only its leaf and its keys are used; it is not to be handed out. */
    keyPackage: OwnKeyPackage
    randomness?: Randomness
  },
): MlsGroup {
  const { leafNode } = keyPackage.keyPackage
  validateLeavesTogether([leafNode], { changed: [leafNode], extensions })
  const tree = RatchetTree.withOneLeaf(suite, leafNode)
  const groupContext = {
    version: 1 as const,
    cipherSuite: suite.code,
    groupId,
    epoch: 0n,
    treeHash: tree.treeHash(),
    confirmedTranscriptHash: Buffer.alloc(0),
    extensions,
  }
  const secrets = secretsOfEpoch(suite, randomness(suite.hashBytes))
  const tag = confirmationTag(suite, secrets, groupContext.confirmedTranscriptHash)
  const nodes = new Map([[0, keyPackage.encryptionPrivateKey]])
  const own = { leafIndex: 0, signer: keyPackage.identity.signer, nodes }
  return new MlsGroup(openEpoch({ suite, groupContext, secrets, tree, tag, own }), randomness)
}

/** `ratchetTree`: `optional<Node> ratchet_tree<V>` with its prefix. Throws what `joinFromWelcome` throws. */
export function joinGroup(
  welcome: OpenedWelcome,
  ratchetTree: Buffer | undefined,
  randomness: Randomness = randomBytes,
): MlsGroup {
  const inside = extensionData(welcome.groupInfo.extensions, extensionTypes.ratchetTree)
  const bytes = ratchetTree ?? inside
  if (bytes === undefined) throw new ClientError('invalid-tree')
  const tree = RatchetTree.fromWire(welcome.suite, decode(ratchetTreeCodec, bytes))
  return new MlsGroup(joinFromWelcome(welcome, tree), randomness)
}

/**
 * Joins by an external commit. `ownLeaves` are earlier leaves of ours that the commit removes: at most
 * one. Throws what `openGroupInfo` and `createCommit` throw. `RFC 9420 §12.4.3.2`
 */
export function joinExternally(
  before: PublicEpoch,
  { groupInfo, identity }: { groupInfo: GroupInfo; identity: LeafIdentity },
  {
    proposals = [],
    pending = [],
    authenticatedData = Buffer.alloc(0),
    groupInfoExtensions = () => ({ published: [], welcomed: [] }),
    randomness = randomBytes,
    leafExtensions = defaultLeafExtensions,
  }: {
    /** By value: the Remove of our earlier leaf, AppDataUpdates. */
    proposals?: readonly Proposal[]
    /** By reference: of what the hub holds, SelfRemoves and AppData proposals. */
    pending?: readonly QueuedProposal[]
    authenticatedData?: Buffer
    groupInfoExtensions?: CommitOptions['groupInfoExtensions']
    randomness?: Randomness
    leafExtensions?: readonly Extension[]
  } = {},
): StagedCommit {
  const { suite } = before
  const externalPub = extensionData(groupInfo.extensions, extensionTypes.externalPub)
  if (externalPub === undefined) throw new ClientError('invalid-group-info')
  const publicKey = decode(externalPubCodec, externalPub)
  const { kemOutput, initSecret } = sendExternalInit(suite, publicKey, randomness)
  const sender = { kind: 'new-member-commit' } as const
  const byValue = [{ kind: 'external-init', kemOutput } as const, ...proposals]
  return createCommit(
    before,
    {
      sender,
      signer: identity.signer,
      leaf: {
        signatureKey: identity.signer.publicKey,
        credential: identity.credential,
        capabilities: clientCapabilities(suite),
        extensions: leafExtensions,
      },
      initSecret,
      nodes: new Map(),
      membershipKey: Buffer.alloc(0),
    },
    {
      proposals: [...byValue.map((proposal) => ({ proposal, sender })), ...pending],
      authenticatedData,
      withPath: true,
      groupInfoExtensions,
      randomness,
    },
  )
}

/** The group that a GroupInfo and its tree show, checked. Throws what `openGroupInfo` throws. */
export function openPublishedGroup(
  suite: MlsSuite,
  groupInfo: GroupInfo,
  ratchetTree: Buffer,
): PublicEpoch {
  const tree = RatchetTree.fromWire(suite, decode(ratchetTreeCodec, ratchetTree))
  return openGroupInfo(groupInfo, tree)
}
