import type { ErrorCode } from '../model/errors.ts'
import { decode, encode } from '../wire/codec.ts'
import {
  participantListDataCodec,
  participantListUpdateCodec,
  type UserRolePair,
} from '../wire/mimi/participant-list.ts'
import { userUri } from './leaf-identity.ts'
import { decodeOr, refusal } from './refusal.ts'

/** One participant of a room; what a role index means is the room policy's. */
export type Participant = UserRolePair

/** The participants in component 0x0022; each is the URI of a user, once. Throws `code`. */
export function readParticipants(data: Buffer, code: ErrorCode): readonly Participant[] {
  const { participants } = decodeOr(code, participantListDataCodec, data)
  const users = new Set(participants.map(({ user }) => user))
  if (users.size !== participants.length) throw refusal(code, 'participant-twice')
  if (participants.some(({ user }) => userUri(user) === undefined))
    throw refusal(code, 'participant-uri')
  return participants
}

/** A participant's role before and after; 0 is not being in the list. */
export interface RoleMove {
  readonly user: string
  readonly from: number
  readonly to: number
}

/** What one update does, participant by participant. Throws `invalid-proposal`. */
export function roleMoves(before: readonly Participant[], update: Buffer): readonly RoleMove[] {
  const { changedRoleParticipants, removedIndices, addedParticipants } = decodeOr(
    'invalid-proposal',
    participantListUpdateCodec,
    update,
  )
  const at = (index: number): Participant => {
    const participant = before[index]
    if (participant === undefined) throw refusal('invalid-proposal', 'participant-index')
    return participant
  }
  const move = ({ user, roleIndex }: Participant, to: number) => ({ user, from: roleIndex, to })
  return [
    ...changedRoleParticipants.map(({ userIndex, roleIndex }) => move(at(userIndex), roleIndex)),
    ...removedIndices.map((index) => move(at(index), 0)),
    ...addedParticipants.map(({ user, roleIndex }) => ({ user, from: 0, to: roleIndex })),
  ]
}

/**
 * The participant list after all updates of one commit, whose indices all mean the list before it.
 * A user may be touched once. Throws `invalid-proposal`. draft-ietf-mimi-protocol-06 §7.5
 */
export function applyParticipantUpdates(
  data: Buffer | undefined,
  updates: readonly Buffer[],
): Buffer {
  const before = data === undefined ? [] : decode(participantListDataCodec, data).participants
  const parsed = updates.map((bytes) =>
    decodeOr('invalid-proposal', participantListUpdateCodec, bytes),
  )
  const touched = new Set<string>()
  const touch = (user: string): void => {
    if (touched.has(user)) throw refusal('invalid-proposal', 'participant-touched-twice')
    touched.add(user)
  }
  const at = (index: number): Participant => {
    const participant = before[index]
    if (participant === undefined) throw refusal('invalid-proposal', 'participant-index')
    touch(participant.user)
    return participant
  }
  const roles = new Map<string, number>()
  const removed = new Set<string>()
  for (const { changedRoleParticipants, removedIndices, addedParticipants } of parsed) {
    for (const { userIndex, roleIndex } of changedRoleParticipants)
      roles.set(at(userIndex).user, roleIndex)
    for (const index of removedIndices) removed.add(at(index).user)
    for (const { user } of addedParticipants) touch(user)
  }
  const kept = before
    .filter(({ user }) => !removed.has(user))
    .map(({ user, roleIndex }) => ({ user, roleIndex: roles.get(user) ?? roleIndex }))
  const participants = [...kept, ...parsed.flatMap(({ addedParticipants }) => addedParticipants)]
  const after = encode(participantListDataCodec, { participants })
  // Who is added may not be there already, nor be anything but a user.
  readParticipants(after, 'invalid-proposal')
  return after
}
