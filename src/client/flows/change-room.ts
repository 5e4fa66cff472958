import { decode, encode } from '../../wire/codec.ts'
import { updateRoomResponseCodec, type UpdateRoomResponse } from '../../wire/mimi/update.ts'
import type { PublicMessage } from '../../wire/mls/framing.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { safeAadCodec } from '../../wire/mls/safe-aad.ts'
import { commitRequest, proposalRequest } from '../mimi/handshake.ts'
import type { CommitOptions, StagedCommit } from '../mls/create-commit.ts'
import type { IdentityLinks } from '../identity/identity-links.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

/** What the hub said to a commit or to proposals. */
export type ChangeOutcome =
  | { readonly kind: 'accepted'; readonly acceptedTimestampMs: number }
  | { readonly kind: 'wrong-epoch'; readonly currentEpoch: bigint }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'invalid-proposal'; readonly references: readonly Buffer[] }

/**
 * Commits `proposals` and what waits, sends it, and applies it if the hub accepts. Whatever else
 * happens, the group stays in its epoch.
 */
export async function commitChange(
  state: ClientState,
  room: ClientRoom,
  proposals: readonly Proposal[],
): Promise<ChangeOutcome> {
  const { group, links } = room
  group.discardPendingCommit()
  const staged = group.commit({
    proposals,
    authenticatedData: addAad(room, proposals),
    groupInfoExtensions: linkExtensions(links),
  })
  const outcome = await sendCommit(state, room.uri, staged)
  if (outcome.kind === 'accepted' && group.pendingCommit === staged) group.applyPendingCommit()
  else group.discardPendingCommit()
  return outcome
}

/** Sends proposals that wait for a commit. */
export async function sendProposals(
  state: ClientState,
  room: ClientRoom,
  messages: readonly [PublicMessage, ...PublicMessage[]],
): Promise<ChangeOutcome> {
  const answer = await state.provider.operation('update', room.uri, proposalRequest(messages))
  return outcomeOf(decode(updateRoomResponseCodec, answer))
}

export async function sendCommit(
  { provider }: Pick<ClientState, 'provider'>,
  room: string,
  staged: StagedCommit,
): Promise<ChangeOutcome> {
  const answer = await provider.operation('update', room, commitRequest(staged))
  return outcomeOf(decode(updateRoomResponseCodec, answer))
}

/** The members' link keys for the hub and for joiners; nothing in identified rooms. */
export function linkExtensions(
  links: IdentityLinks | undefined,
): CommitOptions['groupInfoExtensions'] {
  return ({ tree }) =>
    links?.extensions(tree.leaves().map(({ leaf }) => leaf)) ?? { published: [], welcomed: [] }
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
