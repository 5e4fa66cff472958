import { describe, expect, test } from 'vitest'
import { addParticipants } from '../../../src/client/mimi/participant-changes.ts'
import { roleOf } from '../../../src/client/mimi/room-policy.ts'
import { stageHandshake } from '../../../src/rooms/staged-update.ts'
import { encode } from '../../../src/wire/codec.ts'
import { roomMetaDataCodec } from '../../../src/wire/mimi/room-metadata.ts'
import { componentIds } from '../../../src/wire/mls/app-data.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { keyPackageOf } from '../../support/mls-members.ts'
import {
  componentUpdate,
  externalCommit,
  hubEntry,
  hubProposal,
  people,
  policedRoom,
  policyUpdates,
  testRoles,
  type PolicedRoom,
} from '../../support/policed-rooms.ts'
import { commitHandshake, proposalsHandshake } from '../../support/rooms.ts'

type Name = 'alice' | 'bob' | 'carol' | 'dave'
/** Alice is admin, Bob moderator, Carol and Dave are members; Erin is banned. */
const roles = { alice: 4, bob: 3, carol: 2, dave: 2, erin: 1 }
const metadata = (roomName: string, roomSubject = '') =>
  encode(roomMetaDataCodec, {
    roomUri: 'mimi://a.example/r/policed',
    roomName,
    roomDescriptions: [],
    roomAvatar: '',
    roomSubject,
    roomMood: '',
  })
const room = policedRoom(roles, {
  policy: { preauthorized: [hubEntry()] },
  components: [{ componentId: componentIds.roomMetadata, data: metadata('Old') }],
})
const remove = (name: Name): Proposal => ({ kind: 'remove', removed: room.indexOf(name) })
const addClient = (user: string): Proposal => ({
  kind: 'add',
  keyPackage: keyPackageOf(user).keyPackage,
})
const refused = (reason: string) =>
  expect.objectContaining({ code: 'not-permitted', facts: { reason } }) as Error
const newcomer = 'mimi://f.example/u/frank'
const joinOf = (roleIndex: number) => [
  addParticipants([{ user: newcomer, roleIndex }]),
  addClient(newcomer),
]

describe('a commit', () => {
  const allowed: readonly [string, Name, () => readonly Proposal[]][] = [
    ['of new keys, by a member', 'carol', () => []],
    ['that adds a participant', 'bob', () => joinOf(2)],
    ['that removes a participant', 'bob', () => [room.change('carol', 0), remove('carol')]],
    ['that bans', 'bob', () => [room.change('carol', 1), remove('carol')]],
    ['that unbans', 'bob', () => [changeOf('erin', 2)]],
    ['that kicks', 'alice', () => [remove('bob')]],
    ['that promotes', 'alice', () => [room.change('carol', 3)]],
    ["that adds one's own client", 'carol', () => [addClient(people.carol)]],
    ['that changes the name', 'bob', () => [update(metadata('New'))]],
    ['of new roles', 'alice', () => policyUpdates({ roles: testRoles.slice(0, 5) })],
    ['of a new preauth list', 'alice', () => policyUpdates({ preauthorized: [] })],
  ]
  test.each(allowed)('%s is accepted', (_, name, proposals) => {
    expect(room.commit(name, proposals()).kind).toBe('commit')
  })

  const forbidden: readonly [string, string, Name, () => readonly Proposal[]][] = [
    ['that adds a participant', 'add-participant', 'carol', () => joinOf(2)],
    ['that adds one with a role above', 'add-participant', 'bob', () => joinOf(4)],
    [
      'that removes a participant',
      'remove-participant',
      'carol',
      () => [room.change('dave', 0), remove('dave')],
    ],
    [
      'that removes one with a role above',
      'remove-participant',
      'bob',
      () => [room.change('alice', 0), remove('alice')],
    ],
    ['that bans', 'ban', 'carol', () => [room.change('dave', 1), remove('dave')]],
    ['that bans and leaves a client', 'clients-left', 'bob', () => [room.change('dave', 1)]],
    ['that removes and leaves a client', 'clients-left', 'bob', () => [room.change('dave', 0)]],
    ['that unbans', 'unban', 'carol', () => [changeOf('erin', 2)]],
    ['that kicks', 'kick', 'bob', () => [remove('dave')]],
    ['that promotes', 'change-role', 'bob', () => [room.change('dave', 3)]],
    ["that changes one's own role", 'own-role', 'alice', () => [room.change('alice', 2)]],
    ["that adds another's client", 'add-client', 'alice', () => [addClient(people.dave)]],
    ['that changes the name', 'component', 'carol', () => [update(metadata('New'))]],
    ['that changes more than the name', 'component', 'bob', () => [update(metadata('New', 'S'))]],
    ['of new roles', 'component', 'bob', () => policyUpdates({ roles: testRoles })],
    ['of a new preauth list', 'component', 'carol', () => policyUpdates({ preauthorized: [] })],
    [
      'of a component of its own',
      'component',
      'bob',
      () => [componentUpdate(0x9000, Buffer.of(1))],
    ],
    ['of other extensions', 'extensions', 'bob', () => [sameExtensions()]],
    [
      'of roles together with participants',
      'roles-with-participants',
      'alice',
      () => [...policyUpdates({ roles: testRoles }), ...joinOf(2)],
    ],
    [
      'of a preauth list together with new participants',
      'preauth-with-participants',
      'alice',
      () => [...policyUpdates({ preauthorized: [] }), ...joinOf(2)],
    ],
    ['with a role that is not defined', 'change-role', 'alice', () => [room.change('carol', 77)]],
  ]
  test.each(forbidden)('%s without the right to is refused: %s', (...row) => {
    const [, reason, name, proposals] = row
    expect(() => room.commit(name, proposals())).toThrow(refused(reason))
    expect(room.entry.state.epoch).toBe(1n)
  })

  test('of roles that leave a participant without one is refused', () => {
    expect(() => room.commit('alice', policyUpdates({ roles: testRoles.slice(0, 4) }))).toThrow(
      refused('role-unknown'),
    )
  })

  test.each([
    ['a role twice', [roleOf(2, 'one'), roleOf(2, 'two')], 'role-twice'],
    ['another role 1', [roleOf(1, 'guest')], 'banned-role'],
    ['an open role', [roleOf(2, 'all', { can: ['canOpenJoin'] })], 'open-join'],
  ])('of roles with %s is refused', (_, more, reason) => {
    expect(() => room.commit('alice', policyUpdates({ roles: more }))).toThrow(
      expect.objectContaining({ code: 'invalid-proposal', facts: { reason } }),
    )
  })
})

describe('proposals', () => {
  test('are held to the role of who makes them, not of who commits them', () => {
    const { kind } = room.propose('carol', { kind: 'self-remove' })
    expect(kind).toBe('proposals')
    expect(() => room.propose('carol', remove('dave'))).toThrow(refused('kick'))
    expect(() => room.propose('carol', room.change('dave', 1))).toThrow(refused('ban'))
    expect(() => room.propose('carol', ...joinOf(2))).toThrow(refused('add-participant'))
  })

  test('to leave the room may wait, and be committed by another member', () => {
    const own = policedRoom({ alice: 4, bob: 3, carol: 2 })
    const leaving = [own.change('carol', 0), { kind: 'self-remove' }] as const
    const messages = leaving.map((proposal) => own.member('carol').propose(proposal))
    const waiting = stageHandshake(own.entry, proposalsHandshake(...messages))
    for (const message of messages) own.member('bob').receiveProposal(message)
    const staged = stageHandshake(waiting.after, commitHandshake(own.member('bob').commit()))
    expect(staged.after.state.participants.map(({ user }) => user)).not.toContain(people.carol)
  })

  test('that can never be committed are refused at once', () => {
    const broken = componentUpdate(componentIds.rolesList, Buffer.of(1, 2, 3))
    expect(() => room.propose('alice', broken)).toThrow('invalid-proposal')
  })
})

describe('who is banned', () => {
  test('may commit nothing and propose nothing', () => {
    const { own, banned } = afterBan()
    const carol = own.member('carol')
    const commit = commitHandshake(carol.commit())
    carol.discardPendingCommit()
    expect(() => stageHandshake(banned, commit)).toThrow(refused('barred'))
    const newKeys = proposalsHandshake(carol.proposeUpdate())
    expect(() => stageHandshake(banned, newKeys)).toThrow(refused('barred'))
    const join = externalCommit(carol, people.carol)
    expect(() => stageHandshake(banned, join)).toThrow(refused('barred'))
  })

  test('may still take its own clients out', () => {
    const { own, banned } = afterBan()
    const carol = own.member('carol')
    const messages = [
      carol.propose({ kind: 'self-remove' }),
      carol.propose({ kind: 'remove', removed: carol.ownLeafIndex }),
    ]
    for (const message of messages)
      expect(stageHandshake(banned, proposalsHandshake(message)).kind).toBe('proposals')
    const other = carol.propose({ kind: 'remove', removed: own.indexOf('bob') })
    expect(() => stageHandshake(banned, proposalsHandshake(other))).toThrow(refused('barred'))
  })

  test('is so in rooms without roles too', () => {
    const plain = policedRoom({ alice: 4, bob: 2 }, { roles: 'none' })
    const commit = commitHandshake(plain.member('bob').commit())
    expect(() => stageHandshake(withRole(plain, 'bob', 1), commit)).toThrow(refused('barred'))
    expect(stageHandshake(plain.entry, commit).kind).toBe('commit')
  })
})

describe('the hub as external sender', () => {
  test('bans with the role that it is preauthorized for, and does nothing else', () => {
    expect(propose(room, room.change('carol', 1)).kind).toBe('proposals')
    expect(propose(room, remove('carol')).kind).toBe('proposals')
    expect(() => propose(room, room.change('carol', 3))).toThrow(refused('change-role'))
    expect(() => propose(room, addParticipants([{ user: newcomer, roleIndex: 2 }]))).toThrow(
      refused('add-participant'),
    )
  })

  test('may do nothing where it is not preauthorized', () => {
    const without = policedRoom(roles)
    expect(() => propose(without, without.change('carol', 1))).toThrow(refused('ban'))
    const removed = without.indexOf('carol')
    expect(() => propose(without, { kind: 'remove', removed })).toThrow(refused('kick'))
  })
})

/** Carol is banned, but her client is still in the group. */
function afterBan() {
  const own = policedRoom({ alice: 4, bob: 2, carol: 2 })
  return { own, banned: withRole(own, 'carol', 1) }
}

function propose(of: PolicedRoom, proposal: Proposal) {
  return stageHandshake(of.entry, proposalsHandshake(hubProposal(of.member('alice'), proposal)))
}

function changeOf(name: 'erin', roleIndex: number): Proposal {
  return room.change(name, roleIndex)
}

function update(data: Buffer): Proposal {
  return componentUpdate(componentIds.roomMetadata, data)
}

function sameExtensions(): Proposal {
  const { extensions } = room.entry.group.context
  return { kind: 'group-context-extensions', extensions }
}

/** The room as if a participant had another role. */
function withRole({ entry }: PolicedRoom, name: Name, roleIndex: number) {
  const participants = entry.state.participants.map((participant) =>
    participant.user === people[name] ? { ...participant, roleIndex } : participant,
  )
  return { ...entry, state: { ...entry.state, participants } }
}
