import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Access, Matter } from './access.ts'
import type { CaseParts } from './case-parts.ts'
import type { Actor } from './team.ts'

/** Evidence that another provider sent with a notice. */
export interface ForwardedMatter extends Omit<Matter, 'id'> {
  readonly provider: string
  readonly notice: string
}

/** Somebody opened it. */
export interface NoticeOpening {
  readonly by: string
  readonly atMs: number
}

/** Who opens evidence of notices: no case is claimed for it, and it counts as an exposure like any other. */
export interface NoticeOpenings {
  /**
   * Lets the actor open it; durably logged when it resolves, before anything is shown. Throws
   * `moderator-unknown`, `moderation-denied`, `store-unavailable`.
   */
  admit(actor: Actor, matter: ForwardedMatter): Promise<void>
  /** The oldest first, at most 1,000. */
  of(provider: string, notice: string): readonly NoticeOpening[]
  deleteBefore(atMs: number): Promise<number>
}

export function createNoticeOpenings(
  { store, clock }: Pick<CaseParts, 'store' | 'clock'>,
  access: Pick<Access, 'demandFor'>,
): NoticeOpenings {
  return {
    admit: async (actor, { provider, notice, ...matter }) => {
      access.demandFor(actor, 'viewForwarded', { ...matter, id: notice })
      await store.write(INSERT, [provider, notice, actor.name, clock()])
    },
    of: (provider, notice) =>
      store.all(SELECT, [provider, notice]).map((row) => ({
        by: textColumn(row, 'actor'),
        atMs: numberColumn(row, 'at_ms'),
      })),
    deleteBefore: (atMs) => store.change(DELETE, [atMs]),
  }
}

const INSERT = 'INSERT INTO notice_openings (provider, notice, actor, at_ms) VALUES (?, ?, ?, ?)'
const SELECT = `SELECT actor, at_ms FROM notice_openings WHERE provider = ? AND notice = ?
  ORDER BY rowid LIMIT 1000`
const DELETE = 'DELETE FROM notice_openings WHERE at_ms < ?'
