import type { Statement } from '../sqlite/store.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { DsContext } from './context.ts'
import { isActive, activeProviders, domainOf, type Group, type RoomState } from './rooms.ts'

/** An event that the hub has accepted: when, and as which one of the room. */
export interface Accepted {
  readonly acceptedMs: number
  readonly sequence: number
}

/** Time and number of the next event. INVARIANT: neither ever goes back within a room. */
export function nextEvent(ctx: DsContext, state: RoomState): Accepted {
  return {
    acceptedMs: Math.max(ctx.clock(), state.acceptedMs),
    sequence: state.sequence + 1,
  }
}

/** The writes that every accepted event has in common. */
export function acceptanceStatements(
  state: RoomState,
  { acceptedMs, sequence }: Accepted,
  { digest, origin }: { readonly digest: Buffer; readonly origin: string },
): Statement[] {
  return [
    [
      'UPDATE ds_rooms SET accepted_ms = ?, sequence = ? WHERE room = ?',
      [acceptedMs, sequence, state.room],
    ],
    ['DELETE FROM ds_accepted WHERE accepted_ms < ?', [acceptedMs - REPEATS_KNOWN_MS]],
    [
      `INSERT INTO ds_accepted (room, digest, origin, sequence, accepted_ms)
       VALUES (?, ?, ?, ?, ?)`,
      [state.room, digest, origin, sequence, acceptedMs],
    ],
  ]
}

/** What this request was answered before, if its provider only repeats it. */
export function acceptedBefore(
  ctx: DsContext,
  {
    room,
    digest,
    origin,
  }: { readonly room: string; readonly digest: Buffer; readonly origin: string },
): Accepted | 'by-another' | undefined {
  const row = ctx.store.get(
    'SELECT origin, sequence, accepted_ms FROM ds_accepted WHERE room = ? AND digest = ?',
    [room, digest],
  )
  if (row === undefined) return undefined
  if (textColumn(row, 'origin') !== origin) return 'by-another'
  return { acceptedMs: numberColumn(row, 'accepted_ms'), sequence: numberColumn(row, 'sequence') }
}

/** Whether the user may act in the room, and whether the provider that speaks for it is its own. */
export function mayAct(state: RoomState, user: string | undefined, origin: string): user is string {
  if (user === undefined || state.banned.has(user)) return false
  return isActive(state, user) && domainOf(user) === origin
}

/** The same for a sender that only its provider is known of: one that has a participant in the room. */
export function mayActUnnamed(group: Group, user: string, origin: string): boolean {
  return domainOf(user) === origin && activeProviders(group).has(origin)
}

/** The other providers that get an event of these groups (before and after it). */
export function destinations(ctx: DsContext, ...groups: readonly Group[]): readonly string[] {
  const providers = new Set(groups.flatMap((group) => [...activeProviders(group)]))
  providers.delete(ctx.domain)
  return [...providers].toSorted()
}

/** How long a repeated request gets the answer of the first one. */
const REPEATS_KNOWN_MS = 24 * 60 * 60 * 1_000
