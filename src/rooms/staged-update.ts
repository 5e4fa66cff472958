import { noSuites, type Suites } from '../metadata/suites.ts'
import type { Handshake } from '../model/exchange.ts'
import type { Sender } from '../wire/mls/framing.ts'
import type { ProposalKind } from '../wire/mls/proposal.ts'
import { rolesOf } from './authorise.ts'
import { checkCommitPolicy, checkPin, checkProposalPolicy } from './check-policy.ts'
import type { Group, PendingProposal } from './group.ts'
import { leafIdentity } from './leaf-identity.ts'
import { matchGroupInfo } from './match-group-info.ts'
import type { Participant } from './participants.ts'
import { refusal } from './refusal.ts'
import { memberOf, type Member } from './member.ts'
import { hasParticipantList, nextRoomState, type RoomState } from './room-state.ts'
import { stageCommit, type CommitEffect, type LeafChange } from './stage-commit.ts'
import { stageProposals } from './stage-proposals.ts'
import { leafAt } from './tree.ts'

/** A room as the registry holds it. */
export interface RoomEntry {
  readonly state: RoomState
  readonly group: Group
}

/** Who sent a handshake message: a member, an external sender of the group, or a client that joins. */
export interface Author {
  readonly kind: Sender['kind']
  /** Where the credential names one. */
  readonly user: string | undefined
}

/** What a commit changes, for those who decide on it and record it. */
interface RoomChanges {
  readonly addedMembers: readonly Member[]
  readonly updatedMembers: readonly Member[]
  readonly removedMembers: readonly Member[]
  readonly addedParticipants: readonly Participant[]
  readonly removedParticipants: readonly Participant[]
  /** With the new role. */
  readonly changedRoles: readonly Participant[]
  /** Ids of the components that were updated or removed. */
  readonly components: readonly number[]
  readonly proposals: readonly ProposalKind[]
}

export interface StagedCommit {
  readonly kind: 'commit'
  readonly room: string
  readonly before: RoomEntry
  readonly after: RoomEntry
  readonly author: Author
  readonly changes: RoomChanges
  /** ProposalRefs of the waiting proposals that it takes up. */
  readonly references: readonly Buffer[]
  /** The GroupInfo struct of the new epoch. */
  readonly groupInfo: Buffer
}

export interface StagedProposals {
  readonly kind: 'proposals'
  readonly room: string
  readonly before: RoomEntry
  readonly after: RoomEntry
  readonly authors: readonly Author[]
  readonly proposals: readonly PendingProposal[]
}

/** A verified handshake that has not changed anything yet: `RoomRegistry.accept` does. */
export type StagedUpdate = StagedCommit | StagedProposals

/**
 * Verifies a handshake against a room and its policy; `suites` are those that a room may pin.
 * Throws `wrong-epoch`, `invalid-commit`, `invalid-proposal`, `invalid-signature`, `invalid-tree`,
 * `invalid-group-info`, `group-info-mismatch`, `not-a-participant`, `not-permitted`, `suite-not-met`,
 * `suite-unavailable`, `wrong-message-kind`, `queue-full`.
 */
export function stageHandshake(
  before: RoomEntry,
  handshake: Handshake,
  suites: Suites = noSuites,
): StagedUpdate {
  return handshake.kind === 'commit'
    ? stagedCommit(before, handshake, suites)
    : stagedProposals(before, handshake)
}

function stagedCommit(
  before: RoomEntry,
  handshake: Extract<Handshake, { kind: 'commit' }>,
  suites: Suites,
): StagedCommit {
  const staged = stageCommit(before.group, handshake.commit.bytes)
  const { next, groupInfo } = matchGroupInfo(staged, handshake)
  const effect = { ...staged, next }
  const { room } = before.state
  const state = nextRoomState(before.state, effect)
  checkNewMembers(state, effect)
  checkWelcome(effect, handshake.welcomeRefs)
  checkCommitPolicy(before, { state, effect })
  const after = { group: effect.next, state: checkPin(before, { state, effect }, suites) }
  const changes = changesOf(before.state, after.state, effect)
  return {
    kind: 'commit',
    room,
    before,
    after,
    author: committerOf(before.group, effect),
    changes,
    references: effect.list.flatMap(({ reference }) => reference ?? []),
    groupInfo,
  }
}

function stagedProposals(
  before: RoomEntry,
  handshake: Extract<Handshake, { kind: 'proposals' }>,
): StagedProposals {
  const messages = handshake.proposals.map(({ bytes }) => bytes)
  const { next, proposals } = stageProposals(before.group, messages)
  checkProposalPolicy(before, proposals)
  const pendingProposals = [...next.pending.values()].map(({ reference }) => reference)
  const after = { group: next, state: { ...before.state, pendingProposals } }
  const authors = proposals.map(({ sender }) => authorOf(before.group, sender))
  return { kind: 'proposals', room: before.state.room, before, after, authors, proposals }
}

/** Who comes in or changes its leaf belongs to a participant of the new epoch. draft-ietf-mimi-protocol-06 §5.3 */
function checkNewMembers(after: RoomState, { added, updated }: CommitEffect): void {
  if (!hasParticipantList(after)) return
  const roles = rolesOf(after.participants)
  for (const { leaf } of [...added, ...updated]) {
    const user = leafIdentity(leaf.credential)?.user
    if (user === undefined || !roles.has(user))
      throw refusal('not-a-participant', 'member-without-participant')
  }
}

/** A Welcome is for members whom its commit adds. */
function checkWelcome({ keyPackageRefs }: CommitEffect, welcomeRefs: readonly Buffer[]): void {
  const added = new Set(keyPackageRefs.map((ref) => ref.toString('hex')))
  if (!welcomeRefs.every((ref) => added.has(ref.toString('hex'))))
    throw refusal('invalid-commit', 'welcome-without-add')
}

function changesOf(before: RoomState, after: RoomState, effect: CommitEffect): RoomChanges {
  return {
    addedMembers: members(effect.added),
    updatedMembers: members(effect.updated),
    removedMembers: members(effect.removed),
    ...participantChanges(before.participants, after.participants),
    components: [...new Set(effect.appDataUpdates.map(({ componentId }) => componentId))],
    proposals: effect.proposalKinds,
  }
}

function participantChanges(before: readonly Participant[], after: readonly Participant[]) {
  if (before === after) return { addedParticipants: [], removedParticipants: [], changedRoles: [] }
  const [was, is] = [rolesOf(before), rolesOf(after)]
  return {
    addedParticipants: after.filter(({ user }) => !was.has(user)),
    removedParticipants: before.filter(({ user }) => !is.has(user)),
    changedRoles: after.filter(({ user, roleIndex }) => {
      const role = was.get(user)
      return role !== undefined && role !== roleIndex
    }),
  }
}

function members(changes: readonly LeafChange[]): readonly Member[] {
  return changes.map(({ leafIndex, leaf }) => memberOf(leafIndex, leaf))
}

function committerOf(group: Group, { sender, added }: CommitEffect): Author {
  if (sender.kind !== 'new-member-commit') return authorOf(group, sender)
  // The joiner's own leaf is the last that an external commit adds.
  const joined = added.at(-1)
  const user = joined === undefined ? undefined : leafIdentity(joined.leaf.credential)?.user
  return { kind: sender.kind, user }
}

function authorOf(group: Group, sender: Sender): Author {
  const leaf = sender.kind === 'member' ? leafAt(group.tree, sender.leafIndex) : undefined
  const user = leaf === undefined ? undefined : leafIdentity(leaf.credential)?.user
  return { kind: sender.kind, user }
}
