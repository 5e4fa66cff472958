import { textColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import type { FanoutMessage } from '../wire/mimi/fanout.ts'
import { framedMessageOf } from '../wire/mls/header.ts'

/** Whom the gateway has banned in a room. */
export function bannedIn(store: Store, room: string): ReadonlySet<string> {
  const rows = store.all('SELECT participant FROM ds_bans WHERE room = ?', [room])
  return new Set(rows.map((row) => textColumn(row, 'participant')))
}

/** Whether our clients are not to get this message. */
export function isRetracted(
  { store }: { readonly store: Store },
  room: string,
  message: FanoutMessage,
): boolean {
  const tag = tagOf(message)
  if (tag === undefined) return false
  const sql = 'SELECT 1 AS found FROM ds_retracted WHERE room = ? AND tag = ?'
  return store.get(sql, [room, tag]) !== undefined
}

/** The franking tag of an application message. */
export function tagOf({ kind, message }: FanoutMessage): Buffer | undefined {
  return kind === 'application' ? framedMessageOf(message).frankingTag : undefined
}
