import { decode, encode } from '../../wire/codec.ts'
import { updateRoomResponseCodec, type UpdateRoomResponse } from '../../wire/mimi/update.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import { safeAadCodec } from '../../wire/mls/safe-aad.ts'
import { ClientError } from '../errors.ts'
import { commitRequest, proposalRequest } from '../mimi/handshake.ts'
import { notWaiting } from '../mls/committable.ts'
import type { CommitOptions, StagedCommit } from '../mls/create-commit.ts'
import { roomAuthKeyExtension } from '../mls/room-auth-key.ts'
import type { IdentityLinks } from '../identity/identity-links.ts'
import { roomIdentity, type ClientRoom, type ClientState } from './client-state.ts'
import { fetchGroup } from './fetch-group.ts'

/** What the hub said to a commit or to proposals. */
export type ChangeOutcome =
  | { readonly kind: 'accepted'; readonly acceptedTimestampMs: number }
  | { readonly kind: 'wrong-epoch'; readonly currentEpoch: bigint }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'invalid-proposal'; readonly references: readonly Buffer[] }

/**
 * Commits `proposals` and what waits, sends it, and applies it if the hub accepts. Refused, it leaves no
 * trace. Where the answer is lost it stays staged: it takes effect when it comes back as an event, or
 * when the next call asks the hub again.
 */
export async function commitChange(
  state: ClientState,
  room: ClientRoom,
  proposals: readonly Proposal[],
): Promise<ChangeOutcome> {
  const { group, links } = room
  const before = await settle(state, room)
  if (before.kind === 'wrong-epoch') return before
  const made = notWaiting(group.pendingProposals, proposals)
  const staged = group.commit({
    proposals: made,
    authenticatedData: addAad(room, made),
    groupInfoExtensions: roomGroupInfo(links),
  })
  const outcome = await sendCommit(state, room.uri, staged)
  if (outcome.kind === 'accepted') group.applyPendingCommit()
  else group.discardPendingCommit()
  if (outcome.kind === 'invalid-proposal') await alignProposals(state, room)
  return outcome
}

/**
 * Finds out what became of a commit whose answer we do not have: by its epoch, if the hub is in it. If
 * the room is further on, only its events can tell.
 */
async function settle(
  state: ClientState,
  room: ClientRoom,
): Promise<{ readonly kind: 'settled' } | { readonly kind: 'wrong-epoch'; currentEpoch: bigint }> {
  const { uri, group } = room
  const { pendingCommit } = group
  if (pendingCommit === undefined) return { kind: 'settled' }
  const published = await fetchGroup(state, uri, roomIdentity(room))
  if (published.kind !== 'published') return { kind: 'settled' }
  const { confirmationTag, groupContext } = published.room.epoch
  const { next } = pendingCommit
  if (confirmationTag.equals(next.confirmationTag)) group.applyPendingCommit()
  else if (groupContext.epoch <= next.groupContext.epoch) group.discardPendingCommit()
  else return { kind: 'wrong-epoch', currentEpoch: groupContext.epoch }
  return { kind: 'settled' }
}

/** Makes what we hold of the epoch's proposals what the hub holds: each commit must take up just that. */
async function alignProposals(state: ClientState, room: ClientRoom): Promise<void> {
  const { group } = room
  const published = await fetchGroup(state, room.uri, roomIdentity(room))
  if (published.kind !== 'published') return
  if (published.room.epoch.groupContext.epoch !== group.context.epoch) return
  const held = published.room.pendingProposals.map((bytes) => {
    const message = decode(mlsMessageCodec, bytes)
    if (message.kind !== 'public') throw new ClientError('invalid-answer')
    return group.receiveProposal(message.publicMessage)
  })
  const unknown = group.pendingProposals.filter((queued) => !held.includes(queued))
  group.forget(unknown.flatMap(({ reference }) => reference ?? []))
}

/**
 * Makes proposals that wait for a commit. If the hub refuses them we forget them; where its answer is
 * lost we keep them, for it may have them; our next commit finds out.
 */
export async function sendProposals(
  { provider }: ClientState,
  { uri, group }: ClientRoom,
  [first, ...more]: readonly [Proposal, ...Proposal[]],
): Promise<ChangeOutcome> {
  const before = group.pendingProposals
  const messages = [
    group.propose(first),
    ...more.map((proposal) => group.propose(proposal)),
  ] as const
  const made = group.pendingProposals.filter((queued) => !before.includes(queued))
  const answer = await provider.operation('update', uri, proposalRequest(messages))
  const outcome = outcomeOf(decode(updateRoomResponseCodec, answer))
  if (outcome.kind !== 'accepted') group.forget(made.flatMap(({ reference }) => reference ?? []))
  return outcome
}

export async function sendCommit(
  { provider }: Pick<ClientState, 'provider'>,
  room: string,
  staged: StagedCommit,
): Promise<ChangeOutcome> {
  const answer = await provider.operation('update', room, commitRequest(staged))
  return outcomeOf(decode(updateRoomResponseCodec, answer))
}

/**
 * What the GroupInfo of a new epoch says besides: the key by which members prove themselves to the hub
 * and, in pseudonymous rooms, the members' link keys.
 */
export function roomGroupInfo(
  links: IdentityLinks | undefined,
): CommitOptions['groupInfoExtensions'] {
  return (epoch) => {
    const leaves = epoch.tree.leaves().map(({ leaf }) => leaf)
    const { published = [], welcomed = [] } = links?.extensions(leaves) ?? {}
    return { published: [roomAuthKeyExtension(epoch), ...published], welcomed }
  }
}

/** SafeAAD with the link keys of added members; empty in identified rooms and where nobody is added. */
function addAad({ group, links }: ClientRoom, proposals: readonly Proposal[]): Buffer {
  const waiting = group.pendingProposals.map(({ proposal }) => proposal)
  return linkAad(links, [...waiting, ...proposals].flatMap(addedLeaf))
}

export function linkAad(
  links: IdentityLinks | undefined,
  leaves: readonly Pick<LeafNode, 'credential'>[],
): Buffer {
  if (links === undefined || leaves.length === 0) return Buffer.alloc(0)
  return encode(safeAadCodec, { aadItems: [links.addAad(leaves)] })
}

function addedLeaf(proposal: Proposal): LeafNode[] {
  return proposal.kind === 'add' ? [proposal.keyPackage.leafNode] : []
}

function outcomeOf(response: UpdateRoomResponse): ChangeOutcome {
  switch (response.responseCode) {
    case 'success':
      return { kind: 'accepted', acceptedTimestampMs: Number(response.acceptedTimestamp) }
    case 'wrongEpoch':
      return { kind: 'wrong-epoch', currentEpoch: response.currentEpoch }
    case 'notAllowed':
      return { kind: 'not-allowed' }
    case 'invalidProposal':
      return { kind: 'invalid-proposal', references: response.invalidProposals }
  }
}
