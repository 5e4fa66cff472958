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
      PRIMARY KEY (day, handle, class, key_id, batch_digest)
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

/** `first`: it is one more batch, and durable. `repeat`: it was before, and is again. */
export type BatchClaim = 'first' | 'repeat' | 'too-many-repeats' | 'taken'

/**
 * Who has had tokens on which day: so many batches for each account, class and key. What was signed is
 * not kept, since the same request has the same answer.
 */
export interface QuotaStore {
  /** Whether the account has had this batch. */
  has(batch: Batch): boolean
  /** `batchesMax`: how many the account may have; `taken` where it has had as many others. */
  claim(batch: Batch, batchesMax: number): Promise<BatchClaim>
  /** What a claim counted and nobody answered may be asked for once more; the batch stays the account's. */
  giveBack(batch: Batch): Promise<void>
  /** Resolves to how many batches that were. */
  deleteBefore(day: number): Promise<number>
}

export function createQuotaStore(store: Store): QuotaStore {
  const has = ({ day, handle, tokenClass, keyId, digest }: Batch) =>
    store.get(SELECT, [day, handle, tokenClass, keyId, digest]) !== undefined
  return {
    has,
    claim: async (batch, batchesMax) => {
      const { day, handle, tokenClass, keyId, digest } = batch
      const row = [day, handle, tokenClass, keyId]
      // A repeat is common and needs no insertion; whether there is room for one more the insertion says.
      if (!has(batch)) {
        const inserted = await store.change(INSERT, [...row, digest, ...row, batchesMax])
        if (inserted > 0) return 'first'
      }
      if (!has(batch)) return 'taken'
      const counted = await store.change(REPEAT, [...row, digest, REPEATS_MAX])
      return counted > 0 ? 'repeat' : 'too-many-repeats'
    },
    giveBack: ({ day, handle, tokenClass, keyId, digest }) =>
      store.write(GIVE_BACK, [day, handle, tokenClass, keyId, digest]),
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
const SELECT = `SELECT repeats FROM issuer_issuances
  WHERE day = ? AND handle = ? AND class = ? AND key_id = ? AND batch_digest = ?`
const INSERT = `INSERT INTO issuer_issuances (day, handle, class, key_id, batch_digest, repeats)
  SELECT ?, ?, ?, ?, ?, 0 WHERE (SELECT count(*) FROM issuer_issuances
    WHERE day = ? AND handle = ? AND class = ? AND key_id = ?) < ?
  ON CONFLICT DO NOTHING`
const REPEAT = `UPDATE issuer_issuances SET repeats = repeats + 1
  WHERE day = ? AND handle = ? AND class = ? AND key_id = ? AND batch_digest = ? AND repeats < ?`
/** Below zero as long as not even the first was answered. */
const GIVE_BACK = `UPDATE issuer_issuances SET repeats = repeats - 1
  WHERE day = ? AND handle = ? AND class = ? AND key_id = ? AND batch_digest = ? AND repeats >= 0`
const DELETE_STEP = `DELETE FROM issuer_issuances WHERE (day, handle, class, key_id, batch_digest) IN
  (SELECT day, handle, class, key_id, batch_digest FROM issuer_issuances
    WHERE day < ? ORDER BY day LIMIT ?)`
