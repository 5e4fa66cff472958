import { needsOthers } from '../mls/committable.ts'
import { commitChange } from './change-room.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

/** What a commit of what waits means for the message that is to follow. */
export type Readiness =
  { readonly kind: 'ready' } | { readonly kind: 'epoch-too-old'; readonly currentEpoch: bigint }

/**
 * Commits the proposals that wait, so that whoever is to go is gone before we say more; where somebody
 * else has to do it, or the hub does not let us, we go on as we are. `RFC 9420 §12.4`
 */
export async function commitWaiting(state: ClientState, room: ClientRoom): Promise<Readiness> {
  // What the hub calls invalid we have got from it anew: the second time we hold what it holds.
  for (let attempt = 1; attempt <= ATTEMPTS_MAX && isForUs(room); attempt++) {
    const outcome = await commitChange(state, room, [])
    if (outcome.kind === 'wrong-epoch')
      return { kind: 'epoch-too-old', currentEpoch: outcome.currentEpoch }
    if (outcome.kind !== 'invalid-proposal') break
  }
  return { kind: 'ready' }
}

function isForUs({ group }: ClientRoom): boolean {
  const { pendingProposals, ownLeafIndex } = group
  return pendingProposals.length > 0 && !needsOthers(pendingProposals, ownLeafIndex)
}

const ATTEMPTS_MAX = 2
