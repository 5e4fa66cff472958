import { numberColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'
import type { AccountHandle } from './account-handles.ts'
import { dayOf } from './token-class.ts'

export const penaltyMigrations: readonly Migration[] = [
  {
    id: 'issuer/0002-penalties',
    sql: `CREATE TABLE issuer_penalties (
      handle BLOB NOT NULL,
      strike BLOB NOT NULL,
      day INTEGER NOT NULL,
      halvings INTEGER NOT NULL,
      PRIMARY KEY (handle, strike)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX issuer_penalties_by_day ON issuer_penalties (day)`,
  },
  {
    id: 'issuer/0003-penalties-by-strike',
    sql: 'CREATE INDEX issuer_penalties_by_strike ON issuer_penalties (strike)',
  },
]

/** Which part of its batch an account gets on a day, from 0 to 1; whoever issues rounds down. */
export type StandingPenalty = (handle: AccountHandle, day: number) => number

export interface Strike {
  readonly handle: AccountHandle
  /** At most 32 octets that name the strike: the same one counts once. */
  readonly strike: Uint8Array
  readonly atMs: number
  /** How many times it halves the batch; 1 unless given, at most 6. */
  readonly halvings?: number
}

/** What was held against accounts, by handle. No reason, no message, no room. */
export interface Penalties {
  readonly standingPenalty: StandingPenalty
  /**
   * From the next day on, for 30 days, the account gets half as much. Durable once it resolves, to
   * whether the strike was a new one.
   */
  record(strike: Strike): Promise<boolean>
  /** Takes a strike back, whoever it was recorded for. Durable once it resolves. */
  remove(strike: Uint8Array): Promise<void>
  /** Deletes what no longer holds; resolves to how many strikes that were. */
  deleteExpired(nowMs: number): Promise<number>
}

export function createPenalties(store: Store): Penalties {
  return {
    standingPenalty: (handle, day) => {
      const row = store.get(SUM, [handle, day - KEPT_DAYS, day])
      return row === undefined ? 1 : 2 ** -numberColumn(row, 'halvings')
    },
    record: async ({ handle, strike, atMs, halvings = 1 }) => {
      const bounded = Math.min(Math.max(1, Math.trunc(halvings)), HALVINGS_MAX)
      return (await store.change(INSERT, [handle, strike, dayOf(atMs), bounded])) > 0
    },
    remove: (strike) => store.write(REMOVE, [strike]),
    deleteExpired: (nowMs) => store.change(DELETE, [dayOf(nowMs) - KEPT_DAYS]),
  }
}

const KEPT_DAYS = 30
const HALVINGS_MAX = 6
const SUM = `SELECT ifnull(sum(halvings), 0) AS halvings FROM issuer_penalties
  WHERE handle = ? AND day >= ? AND day < ?`
const INSERT = `INSERT INTO issuer_penalties (handle, strike, day, halvings) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const REMOVE = 'DELETE FROM issuer_penalties WHERE strike = ?'
const DELETE = 'DELETE FROM issuer_penalties WHERE day < ?'
