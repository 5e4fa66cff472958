import type { ErrorCode } from '../model/errors.ts'
import type { BaseRoomPolicy } from '../wire/mimi/room-policy.ts'
import { refusal } from './refusal.ts'
import { bannedRole, checkParticipantRoles, noRole, type Bounds } from './room-policy.ts'
import type { Member } from './member.ts'
import type { RoomState } from './room-state.ts'

/**
 * What a new room's policy says of its first epoch. Throws `invalid-group-info`.
 * draft-ietf-mimi-room-policy-03 §3, §5
 */
export function checkFirstEpoch({ policy, participants, members }: RoomState): void {
  const code = 'invalid-group-info'
  checkParticipantRoles(policy, participants, code)
  if (policy.base !== undefined) checkBase(policy.base, { participants, members }, code)
}

/**
 * Whether a commit leaves the room as its policy wants it; what the commit does not touch is taken as
 * it is. Throws `not-permitted`. draft-ietf-mimi-room-policy-03 §3, §5
 */
export function checkNextEpoch(before: RoomState, after: RoomState): void {
  const code = 'not-permitted'
  const { policy } = after
  if (policy.roles !== undefined) {
    checkParticipantRoles(policy, after.participants, code)
    checkNoClients(before, after)
    checkConstraints(before, after)
  }
  if (policy.base === undefined) return
  checkBase(policy.base, after, code)
  if (before.policy.base?.fixedMembership === true && !sameUsers(before, after))
    throw refusal(code, 'fixed-membership')
}

/** Who is removed or banned has no client left. draft-ietf-mimi-room-policy-03 §8.1.2, §8.1.3 */
function checkNoClients(before: RoomState, after: RoomState): void {
  const roles = new Map(after.participants.map(({ user, roleIndex }) => [user, roleIndex]))
  const gone = new Set(
    before.participants.flatMap(({ user, roleIndex }) => {
      const now = roles.get(user) ?? noRole
      const isOut = now === noRole || (now === bannedRole && roleIndex !== bannedRole)
      return isOut ? [user] : []
    }),
  )
  if (gone.size === 0) return
  if (after.members.some(({ user }) => user !== undefined && gone.has(user)))
    throw refusal('not-permitted', 'clients-left')
}

/** A commit may not take a role further out of its bounds. */
function checkConstraints(before: RoomState, after: RoomState): void {
  const [was, is] = [countRoles(before), countRoles(after)]
  for (const [index, role] of after.policy.roles ?? []) {
    const then = was.get(index) ?? NOBODY
    const now = is.get(index) ?? NOBODY
    const strains =
      strained(role.participants, then.participants, now.participants) ||
      strained(role.activeParticipants, then.active, now.active)
    if (index !== noRole && strains) throw refusal('not-permitted', 'role-constraint')
  }
}

function strained({ min, max }: Bounds, then: number, now: number): boolean {
  return (now < then && now < min) || (now > then && max !== undefined && now > max)
}

interface RoleCount {
  participants: number
  active: number
}

function countRoles({ participants, members }: RoomState): ReadonlyMap<number, RoleCount> {
  const active = new Set(members.map(({ user }) => user))
  const counts = new Map<number, RoleCount>()
  for (const { user, roleIndex } of participants) {
    const count = counts.get(roleIndex) ?? { ...NOBODY }
    count.participants++
    if (active.has(user)) count.active++
    counts.set(roleIndex, count)
  }
  return counts
}

function checkBase(
  base: BaseRoomPolicy,
  { participants, members }: Pick<RoomState, 'participants' | 'members'>,
  code: ErrorCode,
): void {
  const { maxClients, maxUsers, multiDevice, pseudonymsAllowed } = base
  if (maxClients !== undefined && members.length > maxClients) throw refusal(code, 'max-clients')
  const users = participants.filter(({ roleIndex }) => roleIndex !== bannedRole).length
  if (maxUsers !== undefined && users > maxUsers) throw refusal(code, 'max-users')
  if (!multiDevice && hasSecondClient(members)) throw refusal(code, 'multi-device')
  if (!pseudonymsAllowed && members.some(({ pseudonymous }) => pseudonymous))
    throw refusal(code, 'pseudonyms')
}

function hasSecondClient(members: readonly Member[]): boolean {
  return new Set(members.map(({ user }) => user)).size < members.length
}

function sameUsers(before: RoomState, after: RoomState): boolean {
  const users = new Set(before.participants.map(({ user }) => user))
  return (
    before.participants.length === after.participants.length &&
    after.participants.every(({ user }) => users.has(user))
  )
}

const NOBODY: Readonly<RoleCount> = { participants: 0, active: 0 }
