import { expect, test } from 'vitest'
import { roleOf } from '../../../src/client/mimi/room-policy.ts'
import { moderatorsOf } from '../../../src/rooms/moderators.ts'
import type { RoleCapability } from '../../../src/wire/mimi/role-capabilities.ts'
import { people, policedRoom } from '../../support/policed-rooms.ts'

test('moderators are those whose role lets them act on others', () => {
  const room = policedRoom({ alice: 4, bob: 3, carol: 2, erin: 1 })
  expect(moderatorsOf(room.entry.state)).toEqual([people.alice, people.bob])
})

test.each<RoleCapability>(['canBan', 'canKick', 'canRemoveParticipant', 'canDeleteOtherMessage'])(
  'who holds %s moderates, but nobody who is banned',
  (capability) => {
    const roles = [
      roleOf(0, 'nobody'),
      roleOf(1, 'banned', { can: [capability] }),
      roleOf(2, 'member', { can: ['canSendMessage', 'canAddParticipant'] }),
      roleOf(3, 'moderator', { can: [capability] }),
    ]
    const room = policedRoom({ alice: 2, bob: 3, erin: 1 }, { roles })
    expect(moderatorsOf(room.entry.state)).toEqual([people.bob])
  },
)

test('a room without roles has no moderators, because everybody may do anything', () => {
  const room = policedRoom({ alice: 4, bob: 2 }, { roles: 'none' })
  expect(moderatorsOf(room.entry.state)).toEqual([])
})
