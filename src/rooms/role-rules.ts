import { isDeepStrictEqual } from 'node:util'
import type { RoleCapability } from '../wire/mimi/role-capabilities.ts'
import { roomMetaDataCodec } from '../wire/mimi/room-metadata.ts'
import { componentIds, type AppDataUpdate } from '../wire/mls/app-data.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { Actor, Standing } from './actors.ts'
import { leafIdentity } from './leaf-identity.ts'
import type { RoleMove } from './participants.ts'
import { decodeOr } from './refusal.ts'
import { bannedRole, holds, leads, noRole } from './room-policy.ts'
import { leafAt } from './tree.ts'

/** What a commit makes of the participant list, as far as its proposals depend on each other. */
export interface Outcome {
  /** Role index by participant, after the commit. */
  readonly roles: ReadonlyMap<string, number>
}

/** Why an actor may not do something, as one of our own words; undefined: it may. */
export type Objection = string | undefined

/**
 * Whether an actor may change one participant's role; 0 is not being in the list.
 * draft-ietf-mimi-room-policy-03 §8.1
 */
export function objectToMove({ policy }: Standing, actor: Actor, move: RoleMove): Objection {
  const { user, from, to } = move
  const { role, preauthorized } = actor
  if (user === actor.user) {
    if (from === noRole) return mayEnter({ policy }, actor, to) ? undefined : 'join'
    if (to === noRole)
      return holds(role, 'canRemoveSelf') && leads(role, from, to) ? undefined : 'leave'
    return holds(role, 'canChangeOwnRole') && preauthorized?.index === to ? undefined : 'own-role'
  }
  const [capabilities, reason] = neededFor(move)
  const held = capabilities.some((capability) => holds(role, capability))
  return held && leads(role, from, to) ? undefined : reason
}

/** One of the capabilities that changing another participant's role takes. */
function neededFor({ from, to }: RoleMove): readonly [readonly RoleCapability[], string] {
  if (to === noRole) return [['canRemoveParticipant'], 'remove-participant']
  if (to === bannedRole) {
    const others = from === noRole ? 'canAddParticipant' : 'canChangeUserRole'
    return [['canBan', others], 'ban']
  }
  if (from === noRole) return [['canAddParticipant'], 'add-participant']
  if (from === bannedRole) return [['canUnban', 'canChangeUserRole'], 'unban']
  return [['canChangeUserRole'], 'change-role']
}

/** Whether somebody who is not in the list may put itself there. */
function mayEnter({ policy }: Pick<Standing, 'policy'>, actor: Actor, to: number): boolean {
  const nobody = policy.roles?.get(noRole)
  if (holds(nobody, 'canOpenJoin') && leads(nobody, noRole, to)) return true
  const { preauthorized } = actor
  return preauthorized?.index === to && holds(preauthorized, 'canJoinIfPreauthorized')
}

/** Whether an actor may take a client out of the group. Alone, a proposal gets the benefit of the doubt. */
export function objectToRemove(
  standing: Standing,
  actor: Actor,
  { removed, outcome }: { removed: number; outcome: Outcome | undefined },
): Objection {
  const leaf = leafAt(standing.group.tree, removed)
  const user = leaf && leafIdentity(leaf.credential)?.user
  if (user !== undefined && user === actor.user) return objectToOwnRemove(actor, user, outcome)
  const { role } = actor
  if (holds(role, 'canKick')) return undefined
  const from = (user === undefined ? undefined : standing.roles.get(user)) ?? noRole
  const leftOver = from === noRole && holds(role, 'canRemoveParticipant')
  const becomes = (to: number): boolean =>
    user !== undefined &&
    objectToMove(standing, actor, { user, from, to }) === undefined &&
    (outcome === undefined || (outcome.roles.get(user) ?? noRole) === to)
  return leftOver || becomes(noRole) || becomes(bannedRole) ? undefined : 'kick'
}

function objectToOwnRemove(actor: Actor, user: string, outcome: Outcome | undefined): Objection {
  const { role } = actor
  // A joiner replaces its earlier leaf: it stays a client of the room.
  if (actor.kind === 'new-member-commit' || holds(role, 'canRemoveOwnClient')) return undefined
  const isLeaving = outcome === undefined || !outcome.roles.has(user)
  return holds(role, 'canRemoveSelf') && isLeaving ? undefined : 'own-client'
}

export function objectToSelfRemove(actor: Actor, outcome: Outcome | undefined): Objection {
  return actor.user === undefined ? 'own-client' : objectToOwnRemove(actor, actor.user, outcome)
}

/** Whether an actor may bring a client into the group: its own, or one of a participant that comes with it. */
export function objectToAdd(
  { roles }: Standing,
  actor: Actor,
  { leaf, outcome }: { leaf: LeafNode; outcome: Outcome | undefined },
): Objection {
  const user = leafIdentity(leaf.credential)?.user
  if (user !== undefined && user === actor.user)
    return holds(actor.role, 'canAddOwnClient') ? undefined : 'add-own-client'
  if (!holds(actor.role, 'canAddParticipant')) return 'add-client'
  const isNew = user !== undefined && !roles.has(user)
  const comes = outcome === undefined || (user !== undefined && outcome.roles.has(user))
  return isNew && comes ? undefined : 'add-client'
}

/** Whether an actor may change a component other than the participant list; `before`: its data. */
export function objectToComponent(
  actor: Actor,
  update: AppDataUpdate,
  before: Buffer | undefined,
): Objection {
  const needed =
    update.componentId === componentIds.roomMetadata
      ? metadataCapabilities(before, update)
      : [componentCapabilities.get(update.componentId) ?? 'canChangeOtherPolicyAttribute']
  return needed.every((capability) => holds(actor.role, capability)) ? undefined : 'component'
}

/** One for each field that differs; all of them where there is nothing to compare with. */
function metadataCapabilities(
  before: Buffer | undefined,
  { operation }: AppDataUpdate,
): readonly RoleCapability[] {
  const all = Object.values(metadataFields)
  if (before === undefined || operation.kind === 'remove')
    return [...all, 'canChangeOtherPolicyAttribute']
  const old = decodeOr('invalid-proposal', roomMetaDataCodec, before)
  const next = decodeOr('invalid-proposal', roomMetaDataCodec, operation.update)
  if (old.roomUri !== next.roomUri) return [...all, 'canChangeOtherPolicyAttribute']
  return metadataNames
    .filter((name) => !isDeepStrictEqual(old[name], next[name]))
    .map((name) => metadataFields[name])
}

/** Whether an actor may make one of the proposals that change no participant, client or component. */
export function objectToOther(actor: Actor, proposal: Proposal): Objection {
  const { role } = actor
  switch (proposal.kind) {
    case 'group-context-extensions':
      return holds(role, 'canChangeMlsOperationalPolicies') ? undefined : 'extensions'
    case 'reinit':
      return holds(role, 'canSendMlsReinitProposal') ? undefined : 'reinit'
    case 'app-ephemeral':
      if (!retractions.has(proposal.componentId)) return role === undefined ? 'role' : undefined
      return holds(role, 'canDeleteOtherMessage') ? undefined : 'retract'
    case 'external-init':
      return actor.roleIndex === noRole || holds(role, 'canAddOwnClient')
        ? undefined
        : 'add-own-client'
    case 'update':
    case 'pre-shared-key':
    case 'add':
    case 'remove':
    case 'self-remove':
    case 'app-data-update':
      return role === undefined ? 'role' : undefined
  }
}

const metadataFields = {
  roomName: 'canChangeRoomName',
  roomDescriptions: 'canChangeRoomDescription',
  roomAvatar: 'canChangeRoomAvatar',
  roomSubject: 'canChangeRoomSubject',
  roomMood: 'canChangeRoomMood',
} as const satisfies Record<string, RoleCapability>

const metadataNames = [
  'roomName',
  'roomDescriptions',
  'roomAvatar',
  'roomSubject',
  'roomMood',
] as const

/** What the draft names for a component; every other one is another policy attribute. */
const componentCapabilities: ReadonlyMap<number, RoleCapability> = new Map([
  [componentIds.appComponents, 'canChangeMlsOperationalPolicies'],
  [componentIds.safeAad, 'canChangeMlsOperationalPolicies'],
  [componentIds.operationalPolicy, 'canChangeMlsOperationalPolicies'],
  [componentIds.rolesList, 'canChangeRoleDefinitions'],
  [componentIds.preauthList, 'canChangePreauthorizedUserList'],
  [componentIds.baseRoomPolicy, 'canChangeRoomMembershipStyle'],
])

/** draft-mahy-mimi-hub-retracted-messages */
const retractions: ReadonlySet<number> = new Set([
  componentIds.hubRetracted,
  componentIds.hubRetractedRange,
])
