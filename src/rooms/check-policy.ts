import type { Suites } from '../metadata/suites.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { authoriseCommit, authoriseProposals, rolesOf, standingOf } from './authorise.ts'
import type { Group, PendingProposal } from './group.ts'
import { checkLeafOperations, checkProposalOperations } from './operational-rules.ts'
import { checkPinnedLeaves, keepsPin, pinnedSuite } from './pin.ts'
import { checkFirstEpoch, checkNextEpoch } from './room-limits.ts'
import type { RoomState } from './room-state.ts'
import type { CommitEffect } from './stage-commit.ts'
import { leavesOf } from './tree.ts'

interface Room {
  readonly state: RoomState
  readonly group: Group
}

interface Next {
  readonly state: RoomState
  readonly effect: CommitEffect
}

/**
 * Holds a new room to the policy and the pin that it brings, and answers it under the suite that it
 * pins. Throws `invalid-group-info`, `not-permitted`, `suite-not-met`, `suite-unavailable`.
 */
export function checkNewRoom({ state, group }: Room, suites: Suites): RoomState {
  checkFirstEpoch(state)
  const leaves = leavesIn(group)
  const { operational } = state.policy
  if (operational !== undefined) for (const leaf of leaves) checkLeafOperations(operational, leaf)
  if (state.pin === undefined) return state
  const { name } = pinnedSuite(state.pin, suites)
  checkPinnedLeaves(state.pin, leaves)
  return { ...state, suite: name }
}

/** Holds a commit to the policy of the room before it. Throws `not-permitted`. */
export function checkCommitPolicy({ state: before, group }: Room, { state, effect }: Next): void {
  const { sender, list, added, updated } = effect
  const joiner = sender.kind === 'new-member-commit' ? added.at(-1)?.leaf : undefined
  const standing = standingOf(before, group)
  authoriseCommit(standing, { sender, list, joiner }, { roles: rolesOf(state.participants) })
  checkNextEpoch(before, state)
  const { operational } = before.policy
  if (operational === undefined) return
  checkProposalOperations(operational, list)
  for (const { leaf } of [...added, ...updated]) checkLeafOperations(operational, leaf)
}

/** Holds proposals that wait to policy and pin. Throws `not-permitted`, `suite-not-met`. */
export function checkProposalPolicy(
  { state, group }: Room,
  proposals: readonly PendingProposal[],
): void {
  authoriseProposals(standingOf(state, group), proposals)
  const leaves = proposals.flatMap(({ proposal }) => newLeaf(proposal) ?? [])
  if (state.pin !== undefined) checkPinnedLeaves(state.pin, leaves)
  const { operational } = state.policy
  if (operational === undefined) return
  checkProposalOperations(operational, proposals)
  for (const leaf of leaves) checkLeafOperations(operational, leaf)
}

/**
 * Holds what a commit brings to the room's pin, and every leaf to a pin that is new; answers the room
 * under the suite that it pins then. Throws `suite-not-met`, `suite-unavailable`.
 */
export function checkPin(before: Room, { state, effect }: Next, suites: Suites): RoomState {
  const { pin } = state
  const isKept = keepsPin(before.state.pin, pin)
  if (pin === undefined) return state
  if (!isKept) {
    const { name } = pinnedSuite(pin, suites)
    checkPinnedLeaves(pin, leavesIn(effect.next))
    return { ...state, suite: name }
  }
  const changed = [...effect.added, ...effect.updated]
  checkPinnedLeaves(
    pin,
    changed.map(({ leaf }) => leaf),
  )
  return state
}

function newLeaf(proposal: Proposal): LeafNode | undefined {
  if (proposal.kind === 'add') return proposal.keyPackage.leafNode
  return proposal.kind === 'update' ? proposal.leafNode : undefined
}

function leavesIn({ tree }: Group): readonly LeafNode[] {
  return [...leavesOf(tree)].map(([, leaf]) => leaf)
}
