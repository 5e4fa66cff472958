import { randomBytes } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import {
  authenticatedContentBytes,
  type AuthenticatedContent,
  type FramedContent,
  type PrivateMessage,
  type PublicMessage,
} from '../../wire/mls/framing.ts'
import type { GroupContext, GroupInfo } from '../../wire/mls/group-info.ts'
import { proposalRef } from '../../wire/mls/key-package-ref.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import type { UserRolePair } from '../../wire/mimi/participant-list.ts'
import { generateKeyPair } from '../../mls-crypto/kem.ts'
import { ClientError, demand, isRefusal } from '../errors.ts'
import { verifyFramedContent, signFramedContent } from './content-signature.ts'
import {
  createCommit,
  type CommitOptions,
  type GroupInfoExtensions,
  type StagedCommit,
} from './create-commit.ts'
import { participantsOf } from './dictionary.ts'
import {
  demandEpoch,
  framingContext,
  memberLeaf,
  type Epoch,
  type QueuedProposal,
} from './epoch.ts'
import { createGroupInfo, exportTree, externalPubExtension } from './group-info.ts'
import { exportSecret } from './key-schedule.ts'
import { signLeaf } from './leaf.ts'
import { openPrivate, protectPrivate, type PaddingFor } from './private-framing.ts'
import { processCommit, type CommitOutcome } from './process-commit.ts'
import { committable } from './committable.ts'
import { verifierKey } from './proposal-sender.ts'
import { openPublic, protectPublic } from './public-framing.ts'

/** One member's view of one MLS group. Nothing that it refuses changes it. */
export class MlsGroup {
  private epoch: Epoch | undefined
  /** For application messages that arrive after the commit that followed them; newest first. */
  private past: readonly Epoch[] = []
  private staged: StagedCommit | undefined
  private proposals = new Map<string, QueuedProposal>()
  private updateKeys = new Map<string, Buffer>()
  private readonly randomness: Randomness

  constructor(epoch: Epoch, randomness: Randomness = randomBytes) {
    this.epoch = epoch
    this.randomness = randomness
  }

  /** Throws `removed` once a commit has removed us. */
  get current(): Epoch {
    if (this.epoch === undefined) throw new ClientError('removed')
    return this.epoch
  }

  get isMember(): boolean {
    return this.epoch !== undefined
  }

  get context(): GroupContext {
    return this.current.groupContext
  }

  get ownLeafIndex(): number {
    return this.current.own.leafIndex
  }

  get members(): readonly { readonly index: number; readonly leaf: LeafNode }[] {
    return this.current.tree.leaves()
  }

  get participants(): readonly UserRolePair[] {
    return participantsOf(this.context.extensions)
  }

  /** Valid proposals of this epoch that no commit has taken up yet. */
  get pendingProposals(): readonly QueuedProposal[] {
    return [...this.proposals.values()]
  }

  get pendingCommit(): StagedCommit | undefined {
    return this.staged
  }

  /** A proposal for the hub; it waits for a commit like everybody's. `RFC 9420 §12.1` */
  propose(proposal: Proposal, authenticatedData: Buffer = NO_BYTES): PublicMessage {
    const content = { kind: 'proposal', proposal } as const
    const authenticated = this.sign(content, { authenticatedData, wireFormat: 1 })
    this.remember(authenticated, proposal)
    return protectPublic(framingContext(this.current), authenticated)
  }

  /** Forgets proposals that the hub does not know. */
  forget(references: readonly Buffer[]): void {
    for (const reference of references) this.proposals.delete(reference.toString('latin1'))
  }

  /** An Update of our leaf with a new encryption key. */
  proposeUpdate(): PublicMessage {
    const { suite, own, groupContext } = this.current
    const { source: _, signature: __, ...leaf } = memberLeaf(this.current, own.leafIndex)
    const { publicKey: encryptionKey, privateKey } = generateKeyPair(suite, this.randomness)
    const leafNode = signLeaf(suite, own.signer, {
      unsigned: { ...leaf, encryptionKey, source: { kind: 'update' } },
      position: { groupId: groupContext.groupId, leafIndex: own.leafIndex },
    })
    this.updateKeys.set(encryptionKey.toString('latin1'), privateKey)
    return this.propose({ kind: 'update', leafNode })
  }

  /**
   * Stages a commit over every pending proposal that we may commit, then `proposals`. It takes effect
   * with `applyPendingCommit` only. Throws `commit-pending` and what `createCommit` throws.
   */
  commit({
    proposals = [],
    authenticatedData = NO_BYTES,
    withPath = true,
    groupInfoExtensions = noExtensions,
  }: {
    proposals?: readonly Proposal[]
    authenticatedData?: Buffer
    withPath?: boolean
    groupInfoExtensions?: CommitOptions['groupInfoExtensions']
  } = {}): StagedCommit {
    demand(this.staged === undefined, 'commit-pending')
    const { own, secrets } = this.current
    const sender = { kind: 'member', leafIndex: own.leafIndex } as const
    const byValue = proposals.map((proposal) => ({ proposal, sender }))
    this.staged = createCommit(
      this.current,
      {
        sender,
        signer: own.signer,
        leaf: memberLeaf(this.current, own.leafIndex),
        initSecret: secrets.initSecret,
        nodes: own.nodes,
        membershipKey: secrets.membershipKey,
      },
      {
        proposals: [...committable(this.pendingProposals, byValue, own.leafIndex), ...byValue],
        authenticatedData,
        withPath,
        groupInfoExtensions,
        randomness: this.randomness,
      },
    )
    return this.staged
  }

  /** The hub has accepted our commit. Throws `no-commit-pending`. */
  applyPendingCommit(): StagedCommit {
    const { staged } = this
    if (staged === undefined) throw new ClientError('no-commit-pending')
    this.advance(staged.next)
    return staged
  }

  /** The hub has refused our commit, or taken another one. */
  discardPendingCommit(): void {
    this.staged = undefined
  }

  /** Throws `wrong-epoch`, `wrong-group`, `invalid-membership-tag`, `invalid-signature`, `unknown-sender`. */
  receiveProposal(message: PublicMessage): QueuedProposal {
    const authenticated = this.open(message)
    const { content, sender } = authenticated.content
    if (content.kind !== 'proposal') throw new ClientError('wrong-message-kind')
    const key = verifierKey(this.current, sender, content.proposal)
    verifyFramedContent(this.current, key, authenticated)
    return this.remember(authenticated, content.proposal)
  }

  /** Follows a commit of somebody else, and drops our own staged one. Throws what `processCommit` throws. */
  receiveCommit(message: PublicMessage): CommitOutcome {
    const outcome = processCommit(this.current, this.open(message), {
      find: (reference) => this.proposals.get(reference.toString('latin1')),
      updateKey: (encryptionKey) => this.updateKeys.get(encryptionKey.toString('latin1')),
    })
    this.advance(outcome.kind === 'advanced' ? outcome.next : undefined)
    return outcome
  }

  /** An application message; `paddingFor` sets its size on the wire. `RFC 9420 §6.3` */
  protect(
    applicationData: Buffer,
    {
      authenticatedData = NO_BYTES,
      paddingFor = noPadding,
    }: { authenticatedData?: Buffer; paddingFor?: PaddingFor } = {},
  ): PrivateMessage {
    const content = { kind: 'application', applicationData } as const
    const authenticated = this.sign(content, { authenticatedData, wireFormat: 2 })
    const { randomness } = this
    return protectPrivate(framingContext(this.current), authenticated, { paddingFor, randomness })
  }

  /**
   * Opens an application message of this epoch or of the two before it. Throws `wrong-epoch`,
   * `wrong-group`, `invalid-signature`, `wrong-message-kind` and what `openPrivate` throws.
   */
  unprotect(message: PrivateMessage): ReceivedApplicationData {
    this.adoptStaged(message, ({ next }) => openPrivate(framingContext(next), message))
    const epochs = [this.current, ...this.past]
    const epoch = epochs.find(({ groupContext }) => groupContext.epoch === message.epoch)
    demandEpoch(epoch ?? this.current, message)
    const from = epoch ?? this.current
    const { authenticated, consume } = openPrivate(framingContext(from), message)
    const { content, sender, authenticatedData } = authenticated.content
    if (content.kind !== 'application' || sender.kind !== 'member')
      throw new ClientError('wrong-message-kind')
    const leaf = memberLeaf(from, sender.leafIndex)
    verifyFramedContent(from, leaf.signatureKey, authenticated)
    consume()
    const { applicationData } = content
    const { leafIndex } = sender
    const received = { applicationData, authenticatedData, leafIndex, leaf, epoch: from }
    return { ...received, content: authenticated.content, signature: authenticated.signature }
  }

  /** The GroupInfo of this epoch, with `external_pub`, without the tree. */
  groupInfo(extensions: readonly Extension[] = []): GroupInfo {
    return createGroupInfo(this.current, [externalPubExtension(this.current), ...extensions])
  }

  /** `optional<Node> ratchet_tree<V>` with its length prefix. */
  ratchetTree(): Buffer {
    return exportTree(this.current)
  }

  /** `RFC 9420 §8.5` */
  export(label: string, context: Buffer, bytes: number): Buffer {
    return exportSecret(this.current.suite, this.current.secrets, { label, context, bytes })
  }

  /** Equal for all members of one epoch. `RFC 9420 §8.7` */
  get epochAuthenticator(): Buffer {
    return this.current.secrets.epochAuthenticator
  }

  /**
   * Applies our staged commit where a message of the epoch that it begins opens with that epoch's
   * secrets: then the hub has accepted the commit, and only its answer was lost.
   */
  private adoptStaged(
    message: { readonly groupId: Buffer; readonly epoch: bigint },
    open: (staged: StagedCommit) => unknown,
  ): void {
    const { staged } = this
    if (staged?.next.groupContext.epoch !== message.epoch) return
    try {
      open(staged)
    } catch (error) {
      if (isRefusal(error)) return
      throw error
    }
    this.advance(staged.next)
  }

  private open(message: PublicMessage): AuthenticatedContent {
    // Without a membership tag there is nothing in a message that only members could have made.
    if (message.membershipTag !== undefined)
      this.adoptStaged(message.content, ({ next }) => openPublic(framingContext(next), message))
    demandEpoch(this.current, message.content)
    return openPublic(framingContext(this.current), message)
  }

  private sign(
    content: FramedContent['content'],
    { authenticatedData, wireFormat }: { authenticatedData: Buffer; wireFormat: 1 | 2 },
  ): AuthenticatedContent {
    const { groupContext, own } = this.current
    const { groupId, epoch } = groupContext
    const sender = { kind: 'member', leafIndex: own.leafIndex } as const
    const framed = { wireFormat, content: { groupId, epoch, sender, authenticatedData, content } }
    const signature = signFramedContent(this.current, own.signer, framed)
    return { ...framed, signature, confirmationTag: undefined }
  }

  private remember(authenticated: AuthenticatedContent, proposal: Proposal): QueuedProposal {
    const reference = proposalRef(this.current.suite, authenticatedContentBytes(authenticated))
    const queued = { proposal, sender: authenticated.content.sender, reference }
    this.proposals.set(reference.toString('latin1'), queued)
    return queued
  }

  private advance(next: Epoch | undefined): void {
    if (this.epoch !== undefined) this.past = [this.epoch, ...this.past].slice(0, PAST_EPOCHS_MAX)
    this.epoch = next
    this.staged = undefined
    this.proposals = new Map()
    this.updateKeys = new Map()
  }
}

/** Application data whose signature has been verified. */
export interface ReceivedApplicationData {
  readonly applicationData: Buffer
  readonly authenticatedData: Buffer
  readonly leafIndex: number
  /** The sender's leaf in the epoch of the message. */
  readonly leaf: LeafNode
  readonly epoch: Epoch
  /** What its sender signed, and the signature. */
  readonly content: FramedContent
  readonly signature: Buffer
}

const PAST_EPOCHS_MAX = 2
const NO_BYTES = Buffer.alloc(0)
const noPadding: PaddingFor = () => 0
const noExtensions = (): GroupInfoExtensions => ({ published: [], welcomed: [] })
