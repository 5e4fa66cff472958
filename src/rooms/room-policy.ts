import type { ErrorCode } from '../model/errors.ts'
import { assetPolicyCodec, type AssetPolicy } from '../wire/mimi/asset-policy.ts'
import { operationalParametersCodec } from '../wire/mimi/operational-policy.ts'
import type { OperationalParameters } from '../wire/mimi/operational-policy.ts'
import { roleCapabilities, type RoleCapability } from '../wire/mimi/role-capabilities.ts'
import {
  baseRoomPolicyCodec,
  preAuthDataCodec,
  roleDataCodec,
  type BaseRoomPolicy,
  type PreAuthRoleEntry,
  type Role,
} from '../wire/mimi/room-policy.ts'
import { componentIds, type AppDataDictionary } from '../wire/mls/app-data.ts'
import { wireFormats } from '../wire/mls/message.ts'
import { readerOf } from './leaf-dictionary.ts'
import type { Participant } from './participants.ts'
import { refusal } from './refusal.ts'

/** One role, ready to be asked. */
export interface RoleRules {
  readonly index: number
  readonly capabilities: ReadonlySet<number>
  /** Target roles by the role that somebody has; 0 is not being in the list. */
  readonly changes: ReadonlyMap<number, ReadonlySet<number>>
  readonly participants: Bounds
  /** Of participants with a client in the group. */
  readonly activeParticipants: Bounds
}

/** Inclusive; `max` undefined where there is none. */
export interface Bounds {
  readonly min: number
  readonly max: number | undefined
}

/** What the room's policy components say; each undefined where the room has none. draft-ietf-mimi-room-policy-03 */
export interface RoomPolicy {
  /** By index. Without them the default roles hold: 1 is banned, every other may do anything. */
  readonly roles: ReadonlyMap<number, RoleRules> | undefined
  readonly preauthorized: readonly PreAuthRoleEntry[]
  readonly base: BaseRoomPolicy | undefined
  readonly operational: OperationalParameters | undefined
  readonly assets: AssetPolicy | undefined
}

/** The role of participants who may not take part. draft-ietf-mimi-room-policy-03 §8.1.3 */
export const bannedRole = 1
/** The role of who is not in the participant list. draft-ietf-mimi-room-policy-03 §3 */
export const noRole = 0

/** The components that a RoomPolicy is read from. */
export const policyComponents: readonly number[] = [
  componentIds.operationalPolicy,
  componentIds.rolesList,
  componentIds.preauthList,
  componentIds.baseRoomPolicy,
  componentIds.assetPolicy,
]

/** Reads the policy components and checks each and how they fit together. Throws `code`. */
export function readRoomPolicy(dictionary: AppDataDictionary, code: ErrorCode): RoomPolicy {
  const read = readerOf(dictionary, code)
  const list = read(componentIds.rolesList, roleDataCodec)?.roles
  const base = read(componentIds.baseRoomPolicy, baseRoomPolicyCodec)
  const operational = read(componentIds.operationalPolicy, operationalParametersCodec)
  const policy: RoomPolicy = {
    roles: list === undefined ? undefined : readRoles(list, code),
    preauthorized: read(componentIds.preauthList, preAuthDataCodec)?.preauthorizedEntries ?? [],
    base,
    operational,
    assets: read(componentIds.assetPolicy, assetPolicyCodec),
  }
  if (base !== undefined) checkBase(policy, base, code)
  // Handshakes that we cannot read would leave us without the room's state.
  if (operational?.handshakeFormats.includes(wireFormats.public) === false)
    throw refusal(code, 'handshake-formats')
  return policy
}

/** Each participant has a role that the room defines. Throws `code`. */
export function checkParticipantRoles(
  { roles }: RoomPolicy,
  participants: readonly Participant[],
  code: ErrorCode,
): void {
  if (roles === undefined) return
  for (const { roleIndex } of participants)
    if (roleIndex === noRole || !roles.has(roleIndex)) throw refusal(code, 'role-unknown')
}

export function holds(role: RoleRules | undefined, capability: RoleCapability): boolean {
  return role?.capabilities.has(roleCapabilities[capability]) === true
}

/** Whether the role's `authorized_role_changes` lead from one role to the other. */
export function leads(role: RoleRules | undefined, from: number, to: number): boolean {
  return role?.changes.get(from)?.has(to) === true
}

/** Whether a participant with this role may take part in nothing but leaving. */
export function isBarred({ roles }: RoomPolicy, roleIndex: number): boolean {
  return roleIndex === noRole || roleIndex === bannedRole || roles?.has(roleIndex) === false
}

function readRoles(list: readonly Role[], code: ErrorCode): ReadonlyMap<number, RoleRules> {
  const roles = new Map(list.map((role) => [role.roleIndex, rulesOf(role)]))
  if (roles.size !== list.length) throw refusal(code, 'role-twice')
  for (const { roleIndex, roleName } of list) {
    if ((roleIndex === bannedRole) !== (roleName === BANNED_NAME))
      throw refusal(code, 'banned-role')
    if (roleIndex !== noRole && holds(roles.get(roleIndex), 'canOpenJoin'))
      throw refusal(code, 'open-join')
  }
  return roles
}

function rulesOf(role: Role): RoleRules {
  const changes = new Map<number, Set<number>>()
  for (const { fromRoleIndex, targetRoleIndexes } of role.authorizedRoleChanges) {
    const targets = changes.get(fromRoleIndex) ?? new Set()
    for (const target of targetRoleIndexes) targets.add(target)
    changes.set(fromRoleIndex, targets)
  }
  return {
    index: role.roleIndex,
    capabilities: new Set(role.roleCapabilities),
    changes,
    participants: {
      min: role.minimumParticipantsConstraint,
      max: role.maximumParticipantsConstraint,
    },
    activeParticipants: {
      min: role.minimumActiveParticipantsConstraint,
      max: role.maximumActiveParticipantsConstraint,
    },
  }
}

/** draft-ietf-mimi-room-policy-03 §5 */
function checkBase({ roles }: RoomPolicy, base: BaseRoomPolicy, code: ErrorCode): void {
  if (base.parentDependant !== base.parentRoom.length > 0) throw refusal(code, 'parent-room')
  if (!base.fixedMembership) return
  for (const [index, role] of roles ?? [])
    if (index !== noRole && index !== bannedRole && holds(role, 'canAddParticipant'))
      throw refusal(code, 'fixed-membership')
}

const BANNED_NAME = 'banned'
