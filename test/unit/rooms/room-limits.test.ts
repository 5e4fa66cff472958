import { describe, expect, test } from 'vitest'
import { addParticipants } from '../../../src/client/mimi/participant-changes.ts'
import {
  baseRoomPolicy,
  operationalParameters,
  roleOf,
  type RoomPolicyOptions,
} from '../../../src/client/mimi/room-policy.ts'
import { stageHandshake } from '../../../src/rooms/staged-update.ts'
import { checkNewRoom } from '../../../src/rooms/check-policy.ts'
import { noSuites } from '../../../src/metadata/suites.ts'
import type { OperationalParameters } from '../../../src/wire/mimi/operational-policy.ts'
import type { PreAuthRoleEntry, Role } from '../../../src/wire/mimi/room-policy.ts'
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
  type RoomOptions,
} from '../../support/policed-rooms.ts'
import { proposalsHandshake } from '../../support/rooms.ts'

const roles = { alice: 4, bob: 3, carol: 2 }
const newcomer = 'mimi://f.example/u/frank'
const addClient = (user: string): Proposal => ({
  kind: 'add',
  keyPackage: keyPackageOf(user).keyPackage,
})
const joinOf = (roleIndex: number) => [
  addParticipants([{ user: newcomer, roleIndex }]),
  addClient(newcomer),
]
const refused = (reason: string, code = 'not-permitted') =>
  expect.objectContaining({ code, facts: { reason } }) as Error
const withBase = (base: Parameters<typeof baseRoomPolicy>[0], more: RoomPolicyOptions = {}) =>
  policedRoom(roles, { policy: { base: baseRoomPolicy(base), ...more } })
const withOperational = (changes: Partial<OperationalParameters>, more: RoomPolicyOptions = {}) =>
  policedRoom(roles, { policy: { operational: operationalParameters(changes), ...more } })
const capabilities = operationalParameters().mandatoryCapabilities

/** The test roles with some of them replaced. */
function rolesWith(...changed: readonly Role[]): readonly Role[] {
  const indexes = new Set(changed.map(({ roleIndex }) => roleIndex))
  return [...testRoles.filter(({ roleIndex }) => !indexes.has(roleIndex)), ...changed]
}

describe('the base policy', () => {
  test.each([
    ['max-users', { maxUsers: 3 }],
    ['max-clients', { maxClients: 3 }],
  ])('%s keeps another participant out', (reason, base) => {
    expect(() => withBase(base).commit('bob', joinOf(2))).toThrow(refused(reason))
    expect(withBase({ maxUsers: 4, maxClients: 4 }).commit('bob', joinOf(2)).kind).toBe('commit')
  })

  test('keeps a second client out where a user may have one', () => {
    const second = [addClient(people.carol)]
    expect(() => withBase({ multiDevice: false }).commit('carol', second)).toThrow(
      refused('multi-device'),
    )
  })

  test('of a fixed membership lets nobody in or out, and clients in', () => {
    const fixed = policedRoom(roles, {
      roles: rolesWith(
        roleOf(3, 'moderator', { can: ['canRemoveParticipant'], changes: { 2: [0] } }),
        roleOf(4, 'admin'),
      ),
      policy: { base: baseRoomPolicy({ fixedMembership: true }) },
    })
    const out = [
      fixed.change('carol', 0),
      { kind: 'remove', removed: fixed.indexOf('carol') },
    ] as const
    expect(() => fixed.commit('bob', out)).toThrow(refused('fixed-membership'))
    expect(fixed.commit('carol', [addClient(people.carol)]).kind).toBe('commit')
  })

  test('of a fixed membership fits no role that adds participants', () => {
    expect(() => withBase({ fixedMembership: true })).toThrow(
      refused('fixed-membership', 'invalid-group-info'),
    )
  })

  test('that needs a parent names one', () => {
    expect(() => withBase({ parentDependant: true })).toThrow(
      refused('parent-room', 'invalid-group-info'),
    )
  })
})

describe('a role', () => {
  test('has no more holders than it allows, and no fewer', () => {
    const [member] = testRoles.filter(({ roleIndex }) => roleIndex === 2)
    const [admin] = testRoles.filter(({ roleIndex }) => roleIndex === 4)
    if (!member || !admin) throw new Error('no role')
    const bounded = policedRoom(roles, {
      roles: rolesWith(
        { ...member, maximumParticipantsConstraint: 1 },
        { ...admin, minimumParticipantsConstraint: 1 },
      ),
    })
    expect(() => bounded.commit('bob', joinOf(2))).toThrow(refused('role-constraint'))
    expect(bounded.commit('alice', joinOf(4)).kind).toBe('commit')
  })

  test('with no active holders keeps their clients out', () => {
    const [member] = testRoles.filter(({ roleIndex }) => roleIndex === 2)
    if (!member) throw new Error('no role')
    const silent = policedRoom(
      { alice: 4, bob: 3 },
      { roles: rolesWith({ ...member, maximumActiveParticipantsConstraint: 0 }) },
    )
    expect(() => silent.commit('bob', joinOf(2))).toThrow(refused('role-constraint'))
    const [listed] = joinOf(2)
    expect(silent.commit('bob', listed ? [listed] : []).kind).toBe('commit')
  })
})

const joinRoom = (options: RoomOptions, roleIndex = 2) => {
  const room = policedRoom(roles, options)
  return stageHandshake(
    room.entry,
    externalCommit(room.member('alice'), newcomer, [
      addParticipants([{ user: newcomer, roleIndex }]),
    ]),
  )
}

describe('joining by oneself', () => {
  const open = rolesWith(roleOf(0, 'nobody', { can: ['canOpenJoin'], changes: { 0: [2] } }))

  test('is for rooms that let everybody in, with the role that they give', () => {
    expect(joinRoom({ roles: open }).kind).toBe('commit')
    expect(() => joinRoom({ roles: open }, 4)).toThrow(refused('join'))
    expect(() => joinRoom({})).toThrow(refused('join'))
  })

  test('is for who is preauthorized, by the first entry that matches', () => {
    const [member] = testRoles.filter(({ roleIndex }) => roleIndex === 2)
    if (!member) throw new Error('no role')
    const capability = 0x0005
    const joinable = { ...member, roleCapabilities: [...member.roleCapabilities, capability] }
    const entry = (id: string, value: string, targetRole: Role = joinable): PreAuthRoleEntry => ({
      claimset: [
        { claimId: { credentialType: 1, id: Buffer.from(id) }, claimValue: Buffer.from(value) },
      ],
      targetRole,
    })
    const options = (...preauthorized: readonly PreAuthRoleEntry[]) => ({
      roles: rolesWith(joinable),
      policy: { preauthorized },
    })
    expect(joinRoom(options(entry('domain', 'f.example'))).kind).toBe('commit')
    expect(joinRoom(options(entry('identity', newcomer))).kind).toBe('commit')
    for (const other of [entry('domain', 'g.example'), entry('email', newcomer)])
      expect(() => joinRoom(options(other))).toThrow(refused('join'))
    // Another role than the one that comes first.
    const first = entry('domain', 'f.example', roleOf(3, 'moderator'))
    expect(() => joinRoom(options(first, entry('domain', 'f.example')))).toThrow(refused('join'))
  })

  test('as another client of a participant takes the right to add own clients', () => {
    const room = policedRoom(roles)
    const again = externalCommit(room.member('alice'), people.carol)
    expect(stageHandshake(room.entry, again).kind).toBe('commit')
    const alone = policedRoom(roles, { roles: rolesWith(roleOf(2, 'member')) })
    const refusedAgain = externalCommit(alone.member('alice'), people.carol)
    expect(() => stageHandshake(alone.entry, refusedAgain)).toThrow(refused('add-own-client'))
  })
})

describe('the operational policy', () => {
  test('shuts out external commits and external proposals', () => {
    const closed = withOperational(
      { externalCommitAllowed: false, externalProposalAllowed: false },
      { preauthorized: [hubEntry()] },
    )
    const join = externalCommit(closed.member('alice'), people.carol)
    expect(() => stageHandshake(closed.entry, join)).toThrow(refused('external-commit'))
    const ban = hubProposal(closed.member('alice'), closed.change('carol', 1))
    expect(() => stageHandshake(closed.entry, proposalsHandshake(ban))).toThrow(
      refused('external-proposal'),
    )
  })

  test('demands capabilities of clients that come in', () => {
    const own = { ...capabilities, componentIds: [componentIds.metadataRequirements] }
    expect(withOperational({ mandatoryCapabilities: own }).commit('bob', joinOf(2)).kind).toBe(
      'commit',
    )
    for (const mandatoryCapabilities of [
      { ...capabilities, extensions: [0xf00d] },
      { ...capabilities, proposals: [0xf00d] },
      { ...capabilities, credentials: [2] },
      { ...capabilities, componentIds: [0x9000] },
      { ...capabilities, safeAadTypes: [0x9000] },
    ])
      expect(() => withOperational({ mandatoryCapabilities }).commit('bob', joinOf(2))).toThrow(
        refused('capability-missing'),
      )
  })

  test('forbids proposals, credentials and KeyPackages that live too long', () => {
    expect(() =>
      withOperational({ forbiddenCapabilities: { ...capabilities, proposals: [1] } }).commit(
        'bob',
        joinOf(2),
      ),
    ).toThrow(refused('proposal-forbidden'))
    expect(() =>
      withOperational({ forbiddenCapabilities: { ...capabilities, credentials: [1] } }).commit(
        'bob',
        joinOf(2),
      ),
    ).toThrow(refused('capability-forbidden'))
    expect(() => withOperational({ maxKpLifetime: 3_600n }).commit('bob', joinOf(2))).toThrow(
      refused('key-package-lifetime'),
    )
  })

  test('that takes public handshakes away is refused: we could not follow them', () => {
    expect(() => withOperational({ handshakeFormats: [2] })).toThrow(
      refused('handshake-formats', 'invalid-group-info'),
    )
    const operational = operationalParameters({ handshakeFormats: [] })
    expect(() => policedRoom(roles).commit('alice', policyUpdates({ operational }))).toThrow(
      refused('handshake-formats', 'invalid-proposal'),
    )
  })
})

test('a new room is held to its own policy', () => {
  expect(create({ policy: { base: baseRoomPolicy({ maxUsers: 1 }) } }).participants).toHaveLength(1)
  expect(() => create({ policy: { base: baseRoomPolicy({ maxUsers: 0 }) } })).toThrow(
    refused('max-users', 'invalid-group-info'),
  )
  expect(() => create({ roles: testRoles.slice(0, 3) })).toThrow(
    refused('role-unknown', 'invalid-group-info'),
  )
})

function create(options: RoomOptions) {
  const { group, state } = policedRoom({ alice: 4 }, options).entry
  return checkNewRoom({ group, state }, noSuites)
}

test('joining links are a list that nobody can follow yet', () => {
  const links = componentUpdate(componentIds.joinLinks, Buffer.of(0))
  expect(() => policedRoom(roles).commit('alice', [links])).toThrow(
    refused('join-links', 'invalid-proposal'),
  )
})
