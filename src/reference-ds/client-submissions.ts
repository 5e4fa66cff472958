import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import { parseMimiUri } from '../model/ids.ts'
import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../wire/mimi/submit-message.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../wire/mimi/update.ts'
import { requireIdentity } from './accounts.ts'
import type { ClientRequest } from './client-operations.ts'
import type { Account, DsContext } from './context.ts'
import type { GatewayAnswer } from './gateway-link.ts'
import { parseCommit } from './handshake.ts'
import { leafOf } from './leaves.ts'
import { isMember, joinProvisionally } from './members.ts'
import { DsProblem } from './problems.ts'
import {
  messageDigest,
  openSubmission,
  submissionAccepted,
  submissionFailed,
  type Submission,
} from './submissions.ts'

/**
 * An application message of a member, under its own name or under a pseudonym of the epoch, whose proof
 * the hub checks. Throws `not-a-member`, `not-yours`, `gateway-unreachable`. */
export async function submitAsClient(
  ctx: DsContext,
  account: Account,
  { target, bytes, senderProof }: ClientRequest,
): Promise<GatewayAnswer> {
  const room = parseMimiUri(target, 'room')
  const { sendingUri, appMessage } = decode(submitMessageRequestCodec, bytes)
  requireMember(ctx, room, account)
  if (epochPseudonymId(parseMimiUri(sendingUri, 'user')) === undefined)
    await requireIdentity(ctx, account, { uri: sendingUri, room })
  const headers = { senderProof, account: account.user }
  return submit(ctx, {
    submission: { client: account.client, digest: messageDigest(appMessage.bytes) },
    send: () => ctx.gateway.submitMessage(room, bytes, headers),
    isAccepted: (answer) => decode(submitMessageResponseCodec, answer).statusCode === 'accepted',
  })
}

/** A member's commit or proposals, or an external commit. Throws as `submitAsClient`. */
export async function updateAsClient(
  ctx: DsContext,
  account: Account,
  { target, bytes }: ClientRequest,
): Promise<GatewayAnswer> {
  const room = parseMimiUri(target, 'room')
  const { proposalOrCommit } = decode(updateRequestCodec, bytes)
  const { header } = proposalOrCommit
  const isExternal = header.kind === 'public' && header.sender.kind === 'new-member-commit'
  const takeBack = isExternal
    ? await joinExternally(ctx, account, { room, commit: proposalOrCommit.bytes })
    : requireMember(ctx, room, account)
  return submit(ctx, {
    submission: { client: account.client, digest: messageDigest(proposalOrCommit.bytes) },
    send: () => ctx.gateway.operation('update', room, bytes),
    isAccepted: (answer) => decode(updateRoomResponseCodec, answer).responseCode === 'success',
    refused: takeBack,
  })
}

interface Attempt {
  readonly submission: Submission
  readonly send: () => Promise<GatewayAnswer>
  readonly isAccepted: (answer: Buffer) => boolean
  /** Runs where the hub said no; not where nobody knows what it said. */
  readonly refused?: () => Promise<void>
}

async function submit(
  ctx: DsContext,
  { submission, send, isAccepted, refused }: Attempt,
): Promise<GatewayAnswer> {
  await openSubmission(ctx, submission)
  try {
    const answer = await send()
    const outcome = outcomeOf(answer, isAccepted)
    if (outcome === 'refused') await refused?.()
    await (outcome === 'accepted' ? submissionAccepted : submissionFailed)(ctx, submission)
    return answer
  } catch (error) {
    await submissionFailed(ctx, submission)
    throw error
  }
}

function outcomeOf(
  { status, bytes }: GatewayAnswer,
  isAccepted: (answer: Buffer) => boolean,
): 'accepted' | 'refused' | 'unknown' {
  if (status !== 200) return status >= 400 && status < 500 ? 'refused' : 'unknown'
  try {
    return isAccepted(bytes) ? 'accepted' : 'refused'
  } catch (error) {
    if (error instanceof WireError) return 'unknown'
    throw error
  }
}

async function joinExternally(
  ctx: DsContext,
  account: Account,
  { room, commit }: { readonly room: string; readonly commit: Buffer },
): Promise<() => Promise<void>> {
  const { path } = parseCommit(commit).commit
  const leaf = path === undefined ? undefined : leafOf(path.leafNode)
  if (leaf?.identity === undefined) throw new DsProblem('malformed-body')
  await requireIdentity(ctx, account, { uri: leaf.identity, room })
  const { signatureKey } = leaf
  return joinProvisionally(ctx, room, { client: account.client, signatureKey })
}

function requireMember(ctx: DsContext, room: string, { client }: Account): () => Promise<void> {
  if (!isMember(ctx, room, client)) throw new DsProblem('not-a-member')
  return async () => {}
}
