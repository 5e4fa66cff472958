import { encode } from '../../wire/codec.ts'
import { participantListUpdateCodec, type UserRolePair } from '../../wire/mimi/participant-list.ts'
import { componentIds } from '../../wire/mls/app-data.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { ClientError } from '../errors.ts'

/** The AppDataUpdate that puts users into the participant list. draft-ietf-mimi-protocol-06 §7.5 */
export function addParticipants(added: readonly UserRolePair[]): Proposal {
  return participantUpdate({ addedParticipants: added })
}

/** Throws `not-a-participant`. */
export function removeParticipant(participants: readonly UserRolePair[], user: string): Proposal {
  return participantUpdate({ removedIndices: [indexOf(participants, user)] })
}

/** Throws `not-a-participant`. */
export function changeRole(
  participants: readonly UserRolePair[],
  user: string,
  roleIndex: number,
): Proposal {
  const userIndex = indexOf(participants, user)
  return participantUpdate({ changedRoleParticipants: [{ userIndex, roleIndex }] })
}

function indexOf(participants: readonly UserRolePair[], user: string): number {
  const index = participants.findIndex((participant) => participant.user === user)
  if (index < 0) throw new ClientError('not-a-participant')
  return index
}

function participantUpdate({
  changedRoleParticipants = [],
  removedIndices = [],
  addedParticipants = [],
}: {
  changedRoleParticipants?: readonly { userIndex: number; roleIndex: number }[]
  removedIndices?: readonly number[]
  addedParticipants?: readonly UserRolePair[]
}): Proposal {
  const update = encode(participantListUpdateCodec, {
    changedRoleParticipants,
    removedIndices,
    addedParticipants,
  })
  return {
    kind: 'app-data-update',
    componentId: componentIds.participantList,
    operation: { kind: 'update', update },
  }
}
