import type { MimiClient } from '../../src/client/mimi-client.ts'
import { federationSuite } from './federation-suite.ts'
import type { SignatureKeyPair } from '../../src/mls-crypto/signatures.ts'
import { generateSignatureKeyPair, signLabelled } from '../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../src/mls-crypto/suite.ts'
import {
  addParticipants,
  changeRole,
  removeParticipant,
} from '../../src/client/mimi/participant-changes.ts'
import {
  policyComponents,
  preauthorize,
  roleOf,
  type RoomPolicyOptions,
} from '../../src/client/mimi/room-policy.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { createGroup, joinExternally, openPublishedGroup } from '../../src/client/mls/open-group.ts'
import type { Handshake } from '../../src/model/exchange.ts'
import type { Suites } from '../../src/metadata/suites.ts'
import { stageHandshake, type RoomEntry, type StagedUpdate } from '../../src/rooms/staged-update.ts'
import type { Role } from '../../src/wire/mimi/room-policy.ts'
import type { ComponentData } from '../../src/wire/mls/app-data.ts'
import type { Credential } from '../../src/wire/mls/credential.ts'
import { framedContentTbs, type PublicMessage } from '../../src/wire/mls/framing.ts'
import type { Proposal } from '../../src/wire/mls/proposal.ts'
import { addAll, keyPackageOf, roomExtensions } from './mls-members.ts'
import { commitHandshake, proposalsHandshake, roomEntry } from './rooms.ts'

const suite = mlsSuite(1)

const own = ['canAddOwnClient', 'canRemoveOwnClient', 'canRemoveSelf', 'canSendMessage'] as const

/** Roles of a moderated room: 0 none, 1 banned, 2 member, 3 moderator, 4 admin, 5 the hub. */
export const testRoles: readonly Role[] = [
  roleOf(0, 'nobody'),
  roleOf(1, 'banned'),
  roleOf(2, 'member', { can: own, changes: { 2: [0] } }),
  roleOf(3, 'moderator', {
    can: [
      ...own,
      'canAddParticipant',
      'canRemoveParticipant',
      'canBan',
      'canUnban',
      'canChangeRoomName',
    ],
    changes: { 0: [2], 1: [2], 2: [0, 1], 3: [0] },
  }),
  roleOf(4, 'admin', {
    can: [
      ...own,
      'canAddParticipant',
      'canRemoveParticipant',
      'canBan',
      'canUnban',
      'canKick',
      'canChangeUserRole',
      'canChangeRoleDefinitions',
      'canChangePreauthorizedUserList',
      'canChangeRoomMembershipStyle',
      'canChangeMlsOperationalPolicies',
      'canChangeOtherPolicyAttribute',
    ],
    changes: { 0: [1, 2, 3, 4], 1: [0, 2], 2: [0, 1, 3, 4], 3: [0, 1, 2, 4], 4: [0, 2] },
  }),
  roleOf(5, 'hub', {
    can: ['canRemoveParticipant', 'canBan'],
    changes: { 2: [0, 1], 3: [0, 1], 4: [1] },
  }),
]

/** The hub's key, for external proposals. */
const hubKeys: SignatureKeyPair = generateSignatureKeyPair(suite)
const hubCredential: Credential = { kind: 'basic', identity: Buffer.from('a.example') }
const hubSender = { signatureKey: hubKeys.publicKey, credential: hubCredential }

/** The entry that lets the hub act as role 5. */
export function hubEntry(roles: readonly Role[] = testRoles) {
  const role = roles.find(({ roleIndex }) => roleIndex === 5) ?? roleOf(5, 'hub')
  return preauthorize(hubCredential, role)
}

export const people = {
  alice: 'mimi://a.example/u/alice',
  bob: 'mimi://b.example/u/bob',
  carol: 'mimi://c.example/u/carol',
  dave: 'mimi://d.example/u/dave',
  erin: 'mimi://e.example/u/erin',
} as const
type Name = keyof typeof people

export interface PolicedRoom {
  readonly members: Readonly<Record<string, MlsGroup>>
  readonly entry: RoomEntry
  member(name: Name): MlsGroup
  indexOf(name: Name): number
  /** What the room says to a commit of this member. */
  commit(name: Name, proposals: readonly Proposal[]): StagedUpdate
  /** What the room says to proposals of this member. */
  propose(name: Name, ...proposals: readonly Proposal[]): StagedUpdate
  /** The change of a participant's role; 0 takes it out of the list. */
  change(name: Name, roleIndex: number): Proposal
}

export interface RoomOptions {
  /** The test roles unless given; `none`: the room has no roles_list. */
  readonly roles?: readonly Role[] | 'none'
  readonly policy?: RoomPolicyOptions
  readonly components?: readonly ComponentData[]
  readonly suites?: Suites
}

/** A room in which each named person is a participant with a role, and, unless banned, has a client. */
export function policedRoom(
  roleIndexes: Readonly<Partial<Record<Name, number>>>,
  { roles = testRoles, policy = {}, components = [], suites }: RoomOptions = {},
): PolicedRoom {
  const participants = Object.entries(roleIndexes).map(([name, roleIndex]) => ({
    user: people[name as Name],
    roleIndex,
  }))
  const inside = participants.filter(({ roleIndex }) => roleIndex !== 1).map(({ user }) => user)
  const [first = '', ...others] = inside
  const creator = createGroup(suite, {
    groupId: Buffer.from('mimi://a.example/g/policed'),
    extensions: roomExtensions([], {
      participants,
      externalSender: hubSender,
      components: [
        ...policyComponents({ ...(roles !== 'none' && { roles }), ...policy }),
        ...components,
      ],
    }),
    keyPackage: keyPackageOf(first),
  })
  const joined =
    others.length === 0
      ? []
      : addAll(
          [creator],
          others.map((user) => keyPackageOf(user)),
        )
  const groups = [creator, ...joined]
  return roomOf(new Map(inside.map((user, index) => [user, groups[index] ?? creator])), {
    entry: roomEntry(creator),
    suites,
  })
}

function roomOf(
  groups: ReadonlyMap<string, MlsGroup>,
  { entry, suites }: { entry: RoomEntry; suites: Suites | undefined },
): PolicedRoom {
  const member = (name: Name) => {
    const group = groups.get(people[name])
    if (group === undefined) throw new Error('no such member')
    return group
  }
  const stage = (handshake: Handshake) => stageHandshake(entry, handshake, suites)
  return {
    members: Object.fromEntries(groups),
    entry,
    member,
    indexOf: (name) => member(name).ownLeafIndex,
    commit: (name, proposals) => {
      const staged = member(name).commit({ proposals })
      member(name).discardPendingCommit()
      return stage(commitHandshake(staged))
    },
    propose: (name, ...proposals) => {
      const group = member(name)
      const messages = proposals.map((proposal) => group.propose(proposal))
      group.forget(group.pendingProposals.flatMap(({ reference }) => reference ?? []))
      return stage(proposalsHandshake(...messages))
    },
    change: (name, roleIndex) => changeOf(entry, people[name], roleIndex),
  }
}

function changeOf({ state }: RoomEntry, user: string, roleIndex: number): Proposal {
  const { participants } = state
  if (!participants.some((participant) => participant.user === user))
    return addParticipants([{ user, roleIndex }])
  return roleIndex === 0
    ? removeParticipant(participants, user)
    : changeRole(participants, user, roleIndex)
}

/** A component replaced by an AppDataUpdate; removed without data. */
export function componentUpdate(componentId: number, update?: Buffer): Proposal {
  const operation =
    update === undefined ? ({ kind: 'remove' } as const) : ({ kind: 'update', update } as const)
  return { kind: 'app-data-update', componentId, operation }
}

/** The same for the components of a policy. */
export function policyUpdates(policy: RoomPolicyOptions): readonly Proposal[] {
  return policyComponents(policy).map(({ componentId, data }) => componentUpdate(componentId, data))
}

/** A proposal that the hub signs as external sender. */
export function hubProposal(member: MlsGroup, proposal: Proposal): PublicMessage {
  const { groupId, epoch } = member.context
  const content = {
    groupId,
    epoch,
    sender: { kind: 'external', senderIndex: 0 },
    authenticatedData: Buffer.alloc(0),
    content: { kind: 'proposal', proposal },
  } as const
  const tbs = framedContentTbs({ wireFormat: 1, content }, member.context)
  const signature = signLabelled(suite, hubKeys, { label: 'FramedContentTBS', content: tbs })
  return { content, signature, confirmationTag: undefined, membershipTag: undefined }
}

/** What a client that joins by itself hands in. */
export function externalCommit(
  member: MlsGroup,
  user: string,
  proposals: readonly Proposal[] = [],
): Handshake {
  const groupInfo = member.groupInfo()
  const published = openPublishedGroup(suite, groupInfo, member.ratchetTree())
  const credential = { kind: 'basic', identity: Buffer.from(user) } as const
  const identity = { signer: generateSignatureKeyPair(suite), credential }
  return commitHandshake(joinExternally(published, { groupInfo, identity }, { proposals }))
}

/** Three providers whose rooms name their senders, and people of theirs that can be added. */
export function policedFederation() {
  const suites = ['identified']
  const extra = { defaultSuites: { asHub: suites, asFollower: suites } }
  const federation = federationSuite(
    ['a.example', 'b.example', 'c.example'].map((domain) => ({
      domain,
      extra,
      policies: 'enterprise',
    })),
  )
  let count = 0
  const person = async (domain: string): Promise<MimiClient> => {
    const one = await federation.client(domain, `person${++count}`)
    await one.publishKeyPackages({ basic: 4 })
    return one
  }
  return { federation, hub: () => federation.provider('a.example'), person }
}
