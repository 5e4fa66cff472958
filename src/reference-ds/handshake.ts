import { decode } from '../wire/codec.ts'
import type { Commit } from '../wire/mls/commit.ts'
import type { CipherSuite } from '../wire/mls/cipher-suite.ts'
import { authenticatedContentBytes, type PublicMessage, type Sender } from '../wire/mls/framing.ts'
import { mlsMessageCodec } from '../wire/mls/message.ts'
import { proposalRef } from '../wire/mls/key-package-ref.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { blobColumn } from '../sqlite/row.ts'
import type { DsContext } from './context.ts'
import { DsProblem } from './problems.ts'

interface Framed {
  readonly groupId: Buffer
  readonly epoch: bigint
  readonly sender: Sender
}

/** A proposal in the open, with its exact MLSMessage. */
export interface FramedProposal extends Framed {
  readonly ref: Buffer
  readonly proposal: Proposal
  readonly bytes: Buffer
}

/** A commit in the open. */
export interface FramedCommit extends Framed {
  readonly commit: Commit
}

/** Throws `malformed-body` where this MLSMessage is no public proposal. */
export function parseProposal(suite: CipherSuite, bytes: Buffer): FramedProposal {
  const message = publicMessage(bytes)
  const { content, groupId, epoch, sender } = message.content
  if (content.kind !== 'proposal') throw new DsProblem('malformed-body')
  const ref = proposalRef(suite, authenticatedContentBytes({ wireFormat: 1, ...message }))
  return { groupId, epoch, sender, ref, proposal: content.proposal, bytes }
}

/** Throws `malformed-body` where this MLSMessage is no public commit. */
export function parseCommit(bytes: Buffer): FramedCommit {
  const { content, groupId, epoch, sender } = publicMessage(bytes).content
  if (content.kind !== 'commit') throw new DsProblem('malformed-body')
  return { groupId, epoch, sender, commit: content.commit }
}

/** The proposals of the current epoch that wait for a commit. */
export function pendingProposals(
  ctx: DsContext,
  room: string,
  suite: CipherSuite,
): readonly FramedProposal[] {
  return ctx.store
    .all('SELECT message FROM ds_pending_proposals WHERE room = ? ORDER BY position', [room])
    .map((row) => parseProposal(suite, blobColumn(row, 'message')))
}

function publicMessage(bytes: Buffer): PublicMessage {
  const message = decode(mlsMessageCodec, bytes)
  if (message.kind !== 'public') throw new DsProblem('malformed-body')
  return message.publicMessage
}
