import type { Clock } from '../model/clock.ts'
import type { ListenerResponse } from '../model/handle.ts'
import { blobColumn, numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'

/** The table of `AnswerStore`. */
export const answerMigrations: readonly Migration[] = [
  {
    id: 'delivery/0002-answers',
    sql: `
      CREATE TABLE answers (
        request_id TEXT PRIMARY KEY,
        digest BLOB NOT NULL,
        status INTEGER NOT NULL,
        content_type TEXT,
        body BLOB NOT NULL,
        at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX answers_by_time ON answers (at_ms);
    `,
  },
]

/** Answers to requests with an id, for 24 hours and at most `countMax`, the oldest making room. */
export class AnswerStore {
  private readonly store: Store
  private readonly clock: Clock
  private readonly countMax: number
  private puts = 0

  constructor({ store, clock, countMax = COUNT_MAX }: AnswerStoreOptions) {
    this.store = store
    this.clock = clock
    this.countMax = countMax
  }

  /** Throws `store-unavailable`. */
  find(requestId: string): { digest: Buffer; answer: ListenerResponse } | undefined {
    const row = this.store.get(SELECT, [requestId, this.clock() - KEEP_MS])
    if (row === undefined) return undefined
    const contentType = row['content_type'] === null ? undefined : textColumn(row, 'content_type')
    const answer = {
      status: numberColumn(row, 'status'),
      bytes: blobColumn(row, 'body'),
      headers: contentType === undefined ? {} : { contentType },
    }
    return { digest: blobColumn(row, 'digest'), answer }
  }

  /** Resolves when it is durable. Throws `store-unavailable`. */
  put(requestId: string, stored: { digest: Buffer; answer: ListenerResponse }): Promise<void> {
    const { status, bytes, headers } = stored.answer
    const nowMs = this.clock()
    const insert: Statement = [
      INSERT,
      [requestId, stored.digest, status, headers?.contentType ?? null, bytes, nowMs],
    ]
    this.puts += 1
    if (this.puts % PUTS_PER_PURGE !== 0) return this.store.writeAll([insert])
    return this.store.writeAll([
      insert,
      [DELETE_OLD, [nowMs - KEEP_MS]],
      [DELETE_MANY, [this.countMax]],
    ])
  }
}

export interface AnswerStoreOptions {
  /** Migrated with `answerMigrations`. */
  readonly store: Store
  readonly clock: Clock
  readonly countMax?: number
}

const KEEP_MS = 86_400_000
const COUNT_MAX = 1_000_000
const PUTS_PER_PURGE = 256
const SELECT = 'SELECT * FROM answers WHERE request_id = ? AND at_ms > ?'
const INSERT = `INSERT OR REPLACE INTO answers (request_id, digest, status, content_type, body, at_ms)
  VALUES (?, ?, ?, ?, ?, ?)`
const DELETE_OLD = 'DELETE FROM answers WHERE at_ms <= ?'
const DELETE_MANY = `DELETE FROM answers WHERE at_ms <=
  (SELECT at_ms FROM answers ORDER BY at_ms DESC LIMIT 1 OFFSET ?)`
