import type { QueuedProposal } from '../mls/epoch.ts'
import { isRefusal } from '../errors.ts'
import { changesTokenKeys } from '../mimi/pinned-token-keys.ts'
import { commitChange } from './change-room.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

/**
 * A hub has proposed token keys: we shall commit them, unless another member is earlier. At a random
 * time and whether we write under pseudonyms or not, because the hub sees who commits.
 */
export function noteTokenKeys(
  state: ClientState,
  { uri }: ClientRoom,
  { proposal, sender }: QueuedProposal,
): void {
  if (sender.kind === 'external' && changesTokenKeys(proposal)) postpone(state, uri)
}

/** Commits what is due; what nobody can commit now is tried again later. */
export async function takeUpTokenKeys(state: ClientState): Promise<void> {
  const nowMs = state.clock()
  for (const [uri, dueAtMs] of state.tokenKeysDue) {
    if (dueAtMs > nowMs) continue
    state.tokenKeysDue.delete(uri)
    const room = state.rooms.get(uri)
    if (room !== undefined && isWaiting(room)) await takeUp(state, room)
  }
}

/** Whether anything is due. */
export function isTokenKeysDue({ tokenKeysDue, clock }: ClientState): boolean {
  const nowMs = clock()
  return [...tokenKeysDue.values()].some((dueAtMs) => dueAtMs <= nowMs)
}

async function takeUp(state: ClientState, room: ClientRoom): Promise<void> {
  try {
    const outcome = await commitChange(state, room, [])
    // Whoever was earlier has committed all that waited.
    if (outcome.kind === 'accepted' || outcome.kind === 'wrong-epoch') return
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  postpone(state, room.uri)
}

function isWaiting({ group }: ClientRoom): boolean {
  return group.isMember && group.pendingProposals.some(({ proposal }) => changesTokenKeys(proposal))
}

function postpone({ tokenKeysDue, clock, randomness }: ClientState, uri: string): void {
  const share = randomness(4).readUInt32BE() / 2 ** 32
  tokenKeysDue.set(uri, clock() + Math.ceil(share * SPREAD_MS))
}

/** Ten minutes: of n members that are there the first commits after some 10 / (n + 1) of them. */
const SPREAD_MS = 600_000
