import { blobColumn, textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import type { DsContext } from './context.ts'

export interface Member {
  readonly client: string
  readonly signatureKey: Buffer
}

/** Our clients that get the messages of a room, those included whose external commit is under way. */
export function localMembers(ctx: Pick<DsContext, 'store'>, room: string): readonly Member[] {
  return ctx.store
    .all('SELECT client, signature_key FROM ds_members WHERE room = ? ORDER BY client', [room])
    .map((row) => ({
      client: textColumn(row, 'client'),
      signatureKey: blobColumn(row, 'signature_key'),
    }))
}

export function isMember(ctx: DsContext, room: string, client: string): boolean {
  const sql = 'SELECT 1 AS found FROM ds_members WHERE room = ? AND client = ?'
  return ctx.store.get(sql, [room, client]) !== undefined
}

/** The write by which a client joins a room, or comes back to it with another key. */
export function joinStatement(room: string, { client, signatureKey }: Member): Statement {
  return [
    `INSERT INTO ds_members (room, client, signature_key) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET signature_key = excluded.signature_key`,
    [room, client, signatureKey],
  ]
}

export function leaveStatement(room: string, client: string): Statement {
  return ['DELETE FROM ds_members WHERE room = ? AND client = ?', [room, client]]
}

/**
 * Makes a client a member before its external commit is sent: what the room says from then on may
 * arrive before the answer. Returns what takes this back, if the commit is refused.
 */
export async function joinProvisionally(
  ctx: DsContext,
  room: string,
  member: Member,
): Promise<() => Promise<void>> {
  const before = localMembers(ctx, room).find(({ client }) => client === member.client)
  await ctx.store.writeAll([joinStatement(room, member)])
  return () =>
    ctx.store.writeAll([
      before === undefined ? leaveStatement(room, member.client) : joinStatement(room, before),
    ])
}
