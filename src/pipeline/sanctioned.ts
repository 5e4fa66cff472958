import { GatewayError } from '../model/errors.ts'
import type { PendingProposal } from '../rooms/group.ts'
import { bannedRole } from '../rooms/room-policy.ts'
import type { RoomState } from '../rooms/room-state.ts'
import type { StagedUpdate } from '../rooms/staged-update.ts'
import { adds, concerns, movesIn } from '../sanctions/group-needs.ts'
import type { PipelineParts } from './parts.ts'

type Parts = Pick<PipelineParts, 'sanctions' | 'rooms'>

/** Whom we have banned says nothing in the room any more. Throws `not-permitted`. */
export function requireNotBanned({ sanctions }: Parts, room: string, user: string): void {
  if (sanctions.isBanned(room, user)) throw banned()
}

/**
 * Whom we have banned changes nothing, but may leave; and nobody brings it back.
 * Throws `not-permitted`.
 */
export function requireNoBanned(parts: Parts, staged: StagedUpdate): void {
  const { room } = staged
  const isBanned = (user: string | undefined): user is string =>
    user !== undefined && parts.sanctions.isBanned(room, user)
  if (staged.kind === 'proposals') {
    const leaves = staged.proposals.every(({ proposal }) => proposal.kind === 'self-remove')
    if (staged.authors.some(({ user }) => isBanned(user)) && !leaves) throw banned()
    requireNoReturn(parts, staged.before.state, staged.proposals)
    return
  }
  if (isBanned(staged.author.user)) throw banned()
  const { addedMembers, addedParticipants, changedRoles } = staged.changes
  const coming = [
    ...addedMembers,
    ...[...addedParticipants, ...changedRoles].filter(({ roleIndex }) => roleIndex !== bannedRole),
  ].map(({ user }) => user)
  // What waited before the ban has to be in the next commit: it is taken back after it.
  const waiting = parts.rooms.pending(room)
  for (const user of coming)
    if (isBanned(user) && !waiting.some((one) => concerns(staged.before.state, one, user)))
      throw banned()
}

function requireNoReturn(
  { sanctions }: Parts,
  state: RoomState,
  proposals: readonly PendingProposal[],
): void {
  const { room } = state
  for (const { sanction } of sanctions.liveIn(room)) {
    if (sanction.kind !== 'ban' || !sanctions.isBanned(room, sanction.participant)) continue
    const { participant } = sanction
    for (const one of proposals)
      if (
        adds(one, participant) ||
        movesIn(state, one.proposal, participant).some((to) => to !== bannedRole)
      )
        throw banned()
  }
}

function banned(): GatewayError {
  return new GatewayError('not-permitted', { facts: { reason: 'banned' } })
}
