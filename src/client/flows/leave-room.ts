import type { Proposal } from '../../wire/mls/proposal.ts'
import { changeRole, removeParticipant } from '../mimi/participant-changes.ts'
import { roles } from '../mimi/room-extensions.ts'
import { userOf } from '../mls/user-of.ts'
import { sendProposals, type ChangeOutcome } from './change-room.ts'
import { participantNamed, type ClientRoom, type ClientState } from './client-state.ts'

/** The proposals that take a user with all its clients out of a room. Throws `not-a-participant`. */
export function removalOf(state: ClientState, room: ClientRoom, user: string): readonly Proposal[] {
  const participant = participantNamed(state, room, user)
  return [...removesOf(room, participant), removeParticipant(room.group.participants, participant)]
}

/** The same, but the user stays in the list, with the role that forbids everything. */
export function banOf(state: ClientState, room: ClientRoom, user: string): readonly Proposal[] {
  const participant = participantNamed(state, room, user)
  const { participants } = room.group
  return [...removesOf(room, participant), changeRole(participants, participant, roles.banned)]
}

/**
 * Proposes that our user leaves with all its clients. It takes effect with the next commit, which
 * somebody else makes. draft-ietf-mimi-protocol-06 §3.5
 */
export function leaveRoom(state: ClientState, room: ClientRoom): Promise<ChangeOutcome> {
  const { group, participant } = room
  const others = removesOf(room, participant).filter(
    (proposal) => proposal.kind !== 'remove' || proposal.removed !== group.ownLeafIndex,
  )
  return sendProposals(state, room, [
    { kind: 'self-remove' },
    ...others,
    removeParticipant(group.participants, participant),
  ])
}

function removesOf({ group }: ClientRoom, participant: string): Proposal[] {
  return group.members
    .filter(({ leaf }) => userOf(leaf.credential) === participant)
    .map(({ index }) => ({ kind: 'remove', removed: index }))
}
