import { isEnforced } from '../model/sanctions.ts'
import { isOver, type StoredSanction } from './stored.ts'

/** What is in force in one room, ready to be asked for each message. */
export interface RoomIndex {
  readonly bans: ReadonlySet<string>
  readonly limits: ReadonlyMap<string, readonly StoredSanction[]>
  /** Franking tags, hexadecimal. */
  readonly retracted: ReadonlySet<string>
}

export function indexRoom(live: Iterable<StoredSanction>): RoomIndex {
  const bans = new Set<string>()
  const limits = new Map<string, StoredSanction[]>()
  const retracted = new Set<string>()
  for (const stored of live) {
    const { sanction, state } = stored
    if (!isEnforced(state)) continue
    if (sanction.kind === 'ban') bans.add(sanction.participant)
    if (sanction.kind === 'limit')
      limits.set(sanction.participant, [...(limits.get(sanction.participant) ?? []), stored])
    if (sanction.kind === 'retract' && sanction.message.frankingTag !== undefined)
      retracted.add(sanction.message.frankingTag)
  }
  return { bans, limits, retracted }
}

/** The tightest of a participant's limits at a time; 1 where there is none. */
export function divisorIn({ limits }: RoomIndex, participant: string, nowMs: number): number {
  let divisor = 1
  for (const stored of limits.get(participant) ?? []) {
    const { sanction } = stored
    if (sanction.kind === 'limit' && !isOver(stored, nowMs))
      divisor = Math.max(divisor, sanction.divisor)
  }
  return divisor
}
