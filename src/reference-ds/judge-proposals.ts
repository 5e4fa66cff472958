import type { UpdateRoomResponse } from '../wire/mimi/update.ts'
import type { FramedProposal } from './handshake.ts'
import { mayAct } from './hub-event.ts'
import { NOT_ALLOWED } from './judge-commit.ts'
import type { Leaf } from './leaves.ts'
import { domainOf, type RoomState } from './rooms.ts'

/** What the hub knows when proposals arrive. */
export interface ProposalCase {
  readonly state: RoomState
  readonly leaves: readonly (Leaf | undefined)[]
  readonly proposals: readonly FramedProposal[]
  readonly origin: string
  /** Whether the provider that speaks is this hub itself. */
  readonly isHub: boolean
  readonly pendingCount: number
}

/**
 * The refusal of proposals, or undefined where they may wait for a commit. Active participants may
 * propose anything, others only that their own clients leave; the hub may propose as external sender.
 */
export function refuseProposals(given: ProposalCase): UpdateRoomResponse | undefined {
  const { state, proposals, pendingCount } = given
  if (proposals.some(({ groupId }) => !groupId.equals(state.groupId))) return NOT_ALLOWED
  if (proposals.some(({ epoch }) => epoch !== state.epoch))
    return { responseCode: 'wrongEpoch', errorDescription: '', currentEpoch: state.epoch }
  if (pendingCount + proposals.length > PENDING_PROPOSALS_MAX) return NOT_ALLOWED
  return proposals.every((proposal) => mayPropose(given, proposal)) ? undefined : NOT_ALLOWED
}

function mayPropose(
  { state, leaves, origin, isHub }: ProposalCase,
  { sender, proposal }: FramedProposal,
): boolean {
  if (sender.kind === 'external') return isHub
  if (sender.kind !== 'member') return false
  const user = leaves[sender.leafIndex]?.identity
  if (mayAct(state, user, origin)) return true
  if (user === undefined || domainOf(user) !== origin) return false
  if (proposal.kind === 'self-remove') return true
  return proposal.kind === 'remove' && leaves[proposal.removed]?.identity === user
}

/** Proposals of one room that wait for a commit. */
const PENDING_PROPOSALS_MAX = 256
