import type { RoleCapability } from '../wire/mimi/role-capabilities.ts'
import { holds, isBarred } from './room-policy.ts'
import type { RoomState } from './room-state.ts'

/**
 * The participants whose role lets them act on others or on what others wrote. None in a room without
 * roles: there everybody may do anything, and nobody was chosen to moderate.
 */
export function moderatorsOf({
  policy,
  participants,
}: Pick<RoomState, 'policy' | 'participants'>): readonly string[] {
  return participants
    .filter(({ roleIndex }) => {
      const role = policy.roles?.get(roleIndex)
      return !isBarred(policy, roleIndex) && MODERATING.some((each) => holds(role, each))
    })
    .map(({ user }) => user)
}

const MODERATING: readonly RoleCapability[] = [
  'canBan',
  'canKick',
  'canRemoveParticipant',
  'canDeleteOtherMessage',
]
