import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'
import type { AccountHandle } from './account-handles.ts'
import type { TokenClass } from './token-class.ts'

export const quotaMigrations: readonly Migration[] = [
  {
    id: 'issuer/0001-issuances',
    sql: `CREATE TABLE issuer_issuances (
      day INTEGER NOT NULL,
      handle BLOB NOT NULL,
      class TEXT NOT NULL,
      key_id BLOB NOT NULL,
      batch_digest BLOB NOT NULL,
      repeats INTEGER NOT NULL,
      PRIMARY KEY (day, handle, class, key_id)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** One batch that an account asks for. */
export interface Batch {
  readonly day: number
  readonly handle: AccountHandle
  readonly tokenClass: TokenClass
  /** 32 octets. A key that had to be replaced at once takes with it what was had under it. */
  readonly keyId: Buffer
  /** SHA-256 of the request. */
  readonly digest: Buffer
}

/** `first`: it is this batch, and durable. `repeat`: it was before, and is again. */
export type BatchClaim = 'first' | 'repeat' | 'too-many-repeats' | 'taken'

/**
 * Who has had tokens on which day: one batch for each account, class and key. What was signed is not
 * kept, since the same request has the same answer.
 */
export interface QuotaStore {
  /** What the day's row holds; undefined where there is none. */
  find(batch: Omit<Batch, 'digest'>): Buffer | undefined
  claim(batch: Batch): Promise<BatchClaim>
  /** Resolves to how many rows that were. */
  deleteBefore(day: number): Promise<number>
}

export function createQuotaStore(store: Store): QuotaStore {
  const find = ({ day, handle, tokenClass, keyId }: Omit<Batch, 'digest'>) => {
    const row = store.get(SELECT, [day, handle, tokenClass, keyId])
    return row && blobColumn(row, 'batch_digest')
  }
  return {
    find,
    claim: async (batch) => {
      const { day, handle, tokenClass, keyId, digest } = batch
      // A repeat is common and needs no insertion; whether one wins the other way is for the row to say.
      if (find(batch) === undefined) {
        const inserted = await store.change(INSERT, [day, handle, tokenClass, keyId, digest])
        if (inserted > 0) return 'first'
      }
      if (find(batch)?.equals(digest) !== true) return 'taken'
      const counted = await store.change(REPEAT, [day, handle, tokenClass, keyId, REPEATS_MAX])
      return counted > 0 ? 'repeat' : 'too-many-repeats'
    },
    deleteBefore: async (day) => {
      let deleted = 0
      for (let step = STEP_ROWS; step === STEP_ROWS; deleted += step)
        step = await store.change(DELETE_STEP, [day, STEP_ROWS])
      return deleted
    },
  }
}

/** More devices than an account has; each repeat costs signatures. */
const REPEATS_MAX = 32
const STEP_ROWS = 1_000
const SELECT = `SELECT batch_digest FROM issuer_issuances
  WHERE day = ? AND handle = ? AND class = ? AND key_id = ?`
const INSERT = `INSERT INTO issuer_issuances (day, handle, class, key_id, batch_digest, repeats)
  VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`
const REPEAT = `UPDATE issuer_issuances SET repeats = repeats + 1
  WHERE day = ? AND handle = ? AND class = ? AND key_id = ? AND repeats < ?`
const DELETE_STEP = `DELETE FROM issuer_issuances WHERE (day, handle, class, key_id) IN
  (SELECT day, handle, class, key_id FROM issuer_issuances WHERE day < ? ORDER BY day LIMIT ?)`
