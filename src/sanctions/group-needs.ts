import { encode } from '../wire/codec.ts'
import { participantListUpdateCodec, type UserRolePair } from '../wire/mimi/participant-list.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { applyParticipantUpdates, readParticipants, roleMoves } from '../rooms/participants.ts'
import type { PendingProposal } from '../rooms/group.ts'
import { leafIdentity } from '../rooms/leaf-identity.ts'
import { checkNextEpoch } from '../rooms/room-limits.ts'
import { bannedRole } from '../rooms/room-policy.ts'
import type { RoomState } from '../rooms/room-state.ts'

/** A room with the proposals that wait in it for a commit. */
export interface WaitingRoom {
  readonly state: RoomState
  readonly pending: readonly PendingProposal[]
}

/** What a sanction still needs of the group. */
export type Need =
  /** Nothing: the group's state is as it wants. */
  | { readonly kind: 'reached' }
  /** There is nobody to change anything about. */
  | { readonly kind: 'absent' }
  /** A commit: all that it takes is proposed. */
  | { readonly kind: 'waits' }
  /** The next epoch: something that waits excludes it. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'propose'; readonly proposals: readonly [Proposal, ...Proposal[]] }

/** Every client out of the group, and the banned role. draft-ietf-mimi-room-policy-03 §8.1.3 */
export function needsOfBan(room: WaitingRoom, participant: string): Need {
  const { state, pending } = room
  const role = roleIn(state, participant)
  const leaves = state.members.filter(({ user }) => user === participant)
  if (leaves.length === 0 && role === undefined) return { kind: 'absent' }
  if (leaves.length === 0 && role === bannedRole) return { kind: 'reached' }
  const moves = pendingMoves(room, participant)
  if (moves.some((to) => to !== bannedRole) || pending.some((one) => adds(one, participant)))
    return { kind: 'blocked' }
  const going = new Set(pending.flatMap(removedLeaf))
  const removals = leaves
    .filter(({ leafIndex }) => !going.has(leafIndex))
    .map(({ leafIndex }): Proposal => ({ kind: 'remove', removed: leafIndex }))
  const move =
    role === bannedRole || moves.length > 0 ? [] : [moveTo(state, participant, bannedRole)]
  return proposing([...removals, ...move])
}

/** Another role than the banned one; clients come back by themselves. */
export function needsOfUnban(
  room: WaitingRoom,
  {
    participant,
    roleIndex,
  }: { readonly participant: string; readonly roleIndex: number | undefined },
): Need {
  const { state } = room
  const role = roleIn(state, participant)
  const moves = pendingMoves(room, participant)
  if (role !== bannedRole) return { kind: moves.includes(bannedRole) ? 'blocked' : 'reached' }
  if (moves.length > 0) return { kind: moves.includes(bannedRole) ? 'blocked' : 'waits' }
  return proposing([moveTo(state, participant, roleIndex ?? roleAfterBan(state))])
}

/**
 * Whether a commit of all that waits with these proposals would leave the room as its policy wants it:
 * what could never be committed would stop every commit. Throws `invalid-proposal`, `not-permitted`.
 */
export function checkOutcome({ state, pending }: WaitingRoom, more: readonly Proposal[]): void {
  const all = [...pending.map(({ proposal }) => proposal), ...more]
  const updates = all.flatMap((proposal) => participantUpdate(proposal) ?? [])
  const data = applyParticipantUpdates(state.components.get(componentIds.participantList), updates)
  const going = new Set([
    ...pending.flatMap(removedLeaf),
    ...more.flatMap((proposal) => (proposal.kind === 'remove' ? [proposal.removed] : [])),
  ])
  checkNextEpoch(state, {
    ...state,
    participants: readParticipants(data, 'invalid-proposal'),
    members: state.members.filter(({ leafIndex }) => !going.has(leafIndex)),
  })
}

/** Whether a proposal brings a client of a participant, or changes its role. */
export function concerns(state: RoomState, one: PendingProposal, participant: string): boolean {
  return adds(one, participant) || movesIn(state, one.proposal, participant).length > 0
}

/** The roles into which a proposal takes a participant. */
export function movesIn(
  { participants }: RoomState,
  proposal: Proposal,
  participant: string,
): readonly number[] {
  const update = participantUpdate(proposal)
  if (update === undefined) return []
  return roleMoves(participants, update)
    .filter(({ user }) => user === participant)
    .map(({ to }) => to)
}

function pendingMoves({ state, pending }: WaitingRoom, participant: string): readonly number[] {
  return pending.flatMap(({ proposal }) => movesIn(state, proposal, participant))
}

function participantUpdate(proposal: Proposal): Buffer | undefined {
  if (proposal.kind !== 'app-data-update') return undefined
  if (proposal.componentId !== componentIds.participantList) return undefined
  return proposal.operation.kind === 'update' ? proposal.operation.update : undefined
}

export function adds(
  { proposal }: Pick<PendingProposal, 'proposal'>,
  participant: string,
): boolean {
  if (proposal.kind !== 'add') return false
  return leafIdentity(proposal.keyPackage.leafNode.credential)?.user === participant
}

function removedLeaf({ proposal, sender }: PendingProposal): readonly number[] {
  if (proposal.kind === 'remove') return [proposal.removed]
  return proposal.kind === 'self-remove' && sender.kind === 'member' ? [sender.leafIndex] : []
}

function roleIn({ participants }: RoomState, participant: string): number | undefined {
  return participants.find(({ user }) => user === participant)?.roleIndex
}

function moveTo({ participants }: RoomState, participant: string, roleIndex: number): Proposal {
  const userIndex = participants.findIndex(({ user }: UserRolePair) => user === participant)
  const update = encode(participantListUpdateCodec, {
    changedRoleParticipants: [{ userIndex, roleIndex }],
    removedIndices: [],
    addedParticipants: [],
  })
  const operation = { kind: 'update', update } as const
  return { kind: 'app-data-update', componentId: componentIds.participantList, operation }
}

/** Where nobody knows the earlier role: the lowest that takes part. */
function roleAfterBan({ policy }: RoomState): number {
  const indexes = [...(policy.roles?.keys() ?? [])].filter((index) => index > bannedRole)
  return indexes.length === 0 ? bannedRole + 1 : Math.min(...indexes)
}

function proposing([first, ...others]: readonly Proposal[]): Need {
  return first === undefined
    ? { kind: 'waits' }
    : { kind: 'propose', proposals: [first, ...others] }
}
