import type { ErrorCode } from '../model/errors.ts'
import { componentData, componentIds, type AppDataUpdate } from '../wire/mls/app-data.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { Sender } from '../wire/mls/framing.ts'
import { actorOf, type Actor, type Standing } from './actors.ts'
import { readDictionary } from './app-data-changes.ts'
import type { PendingProposal } from './group.ts'
import { leafIdentity } from './leaf-identity.ts'
import { roleMoves, type Participant } from './participants.ts'
import type { ListedProposal } from './proposal-rules.ts'
import { refusal } from './refusal.ts'
import {
  objectToAdd,
  objectToComponent,
  objectToMove,
  objectToOther,
  objectToRemove,
  objectToSelfRemove,
  type Objection,
  type Outcome,
} from './role-rules.ts'
import { isBarred } from './room-policy.ts'
import type { RoomState } from './room-state.ts'
import { leafAt } from './tree.ts'

/** The room before a handshake, as its rules look at it. */
export function standingOf(state: RoomState, group: Standing['group']): Standing {
  const { participants, policy } = state
  return { group, policy, participants, roles: rolesOf(participants) }
}

/** Role index by participant. A list that stays from epoch to epoch is looked through once. */
export function rolesOf(participants: readonly Participant[]): ReadonlyMap<string, number> {
  const known = rolesByList.get(participants)
  if (known !== undefined) return known
  const roles = new Map(participants.map(({ user, roleIndex }) => [user, roleIndex]))
  rolesByList.set(participants, roles)
  return roles
}

const rolesByList = new WeakMap<readonly Participant[], ReadonlyMap<string, number>>()

export interface CommitToJudge {
  readonly sender: Sender
  readonly list: readonly ListedProposal[]
  /** The leaf that an external commit brings. */
  readonly joiner: LeafNode | undefined
}

/**
 * Holds a commit to the roles of its room: who commits, and each proposal to the role of who proposed
 * it. Throws `not-permitted`. draft-ietf-mimi-room-policy-03 §8
 */
export function authoriseCommit(
  standing: Standing,
  { sender, list, joiner }: CommitToJudge,
  outcome: Outcome,
): void {
  const committer = actorOf(standing, { sender, ...(joiner && { joiner }) })
  if (isBarredActor(standing, committer)) throw refusal(CODE, 'barred')
  if (standing.policy.operational?.externalCommitAllowed === false)
    if (sender.kind === 'new-member-commit') throw refusal(CODE, 'external-commit')
  checkTogether(standing, list)
  for (const { proposal, sender: proposer, reference } of list) {
    const actor =
      reference === undefined ? committer : actorOf(standing, { sender: proposer, proposal })
    authorise(standing, actor, { proposal, outcome })
  }
}

/** Holds proposals that wait for a commit to the role of who made them. Throws `not-permitted`. */
export function authoriseProposals(
  standing: Standing,
  proposals: readonly PendingProposal[],
): void {
  const isOpen = standing.policy.operational?.externalProposalAllowed !== false
  for (const { proposal, sender } of proposals) {
    if (!isOpen && sender.kind !== 'member') throw refusal(CODE, 'external-proposal')
    authorise(standing, actorOf(standing, { sender, proposal }), { proposal, outcome: undefined })
  }
}

interface Act {
  readonly proposal: Proposal
  /** Undefined for a proposal that still waits: what else is in its commit is not known. */
  readonly outcome: Outcome | undefined
}

function authorise(standing: Standing, actor: Actor, { proposal, outcome }: Act): void {
  if (isBarredActor(standing, actor)) {
    if (!isOwnWithdrawal(standing, actor, proposal)) throw refusal(CODE, 'barred')
    return
  }
  if (standing.policy.roles === undefined) return
  const objection = objectTo(standing, actor, { proposal, outcome })
  if (objection !== undefined) throw refusal(CODE, objection)
}

function objectTo(standing: Standing, actor: Actor, { proposal, outcome }: Act): Objection {
  switch (proposal.kind) {
    case 'add':
      return objectToAdd(standing, actor, { leaf: proposal.keyPackage.leafNode, outcome })
    case 'remove':
      return objectToRemove(standing, actor, { removed: proposal.removed, outcome })
    case 'self-remove':
      return objectToSelfRemove(actor, outcome)
    case 'app-data-update':
      return objectToUpdate(standing, actor, proposal)
    case 'update':
    case 'pre-shared-key':
    case 'reinit':
    case 'external-init':
    case 'group-context-extensions':
    case 'app-ephemeral':
      return objectToOther(actor, proposal)
  }
}

function objectToUpdate(standing: Standing, actor: Actor, update: AppDataUpdate): Objection {
  const { operation, componentId } = update
  if (componentId === componentIds.participantList && operation.kind === 'update') {
    for (const move of roleMoves(standing.participants, operation.update)) {
      const objection = objectToMove(standing, actor, move)
      if (objection !== undefined) return objection
    }
    return undefined
  }
  const dictionary = readDictionary(standing.group.context.extensions, CODE)
  return objectToComponent(actor, update, componentData(dictionary, componentId))
}

/** New rules and new participants do not come together. draft-ietf-mimi-room-policy-03 §3, §4 */
function checkTogether({ participants }: Standing, list: readonly ListedProposal[]): void {
  const updates = list.flatMap(({ proposal }) =>
    proposal.kind === 'app-data-update' ? [proposal] : [],
  )
  const changes = (id: number) => updates.some(({ componentId }) => componentId === id)
  const changesRoles = changes(componentIds.rolesList)
  if (!changesRoles && !changes(componentIds.preauthList)) return
  for (const { componentId, operation } of updates) {
    if (componentId !== componentIds.participantList || operation.kind !== 'update') continue
    const moves = roleMoves(participants, operation.update)
    if (changesRoles && moves.length > 0) throw refusal(CODE, 'roles-with-participants')
    if (moves.some(({ to }) => to !== 0)) throw refusal(CODE, 'preauth-with-participants')
  }
}

/** A participant with the banned role, or with none that the room knows. */
function isBarredActor({ policy, roles }: Standing, { kind, user, roleIndex }: Actor): boolean {
  if (kind === 'external' || user === undefined || !roles.has(user)) return false
  return isBarred(policy, roleIndex)
}

/** All that who is barred may still do: take its own clients out. */
function isOwnWithdrawal({ group }: Standing, { user }: Actor, proposal: Proposal): boolean {
  if (proposal.kind === 'self-remove') return true
  if (proposal.kind !== 'remove') return false
  const leaf = leafAt(group.tree, proposal.removed)
  return leaf !== undefined && leafIdentity(leaf.credential)?.user === user
}

const CODE: ErrorCode = 'not-permitted'
