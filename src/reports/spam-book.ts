import { createHmac, type KeyObject } from 'node:crypto'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

export const spamMigrations: readonly Migration[] = [
  {
    id: 'reports/0004-spam',
    sql: `CREATE TABLE spam_copies (
      copy BLOB PRIMARY KEY,
      room TEXT NOT NULL,
      subject TEXT NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX spam_copies_time ON spam_copies (at_ms);
    CREATE TABLE spam_reporters (
      room TEXT NOT NULL,
      subject TEXT NOT NULL,
      reporter TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (room, subject, reporter)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX spam_reporters_time ON spam_reporters (at_ms)`,
  },
]

/** A report of spam that shows no content. */
export interface SpamReport {
  readonly room: string
  readonly subject: string
  /** The provider that handed it in. */
  readonly provider: string
  /** A handle. */
  readonly reporter: string
  readonly frankingTag: Buffer
  readonly nowMs: number
}

/** How many complain about one sender in one room. */
export interface SpamCount {
  readonly room: string
  readonly subject: string
  /** Distinct ones, at most 1,000. */
  readonly reporters: number
  /** Messages, each once per provider that reported it. */
  readonly copies: number
}

/**
 * Reports of spam, for 7 days: which copies of which messages were reported, as keyed hashes, and the
 * distinct reporters of a sender. Then all of it is forgotten.
 */
export interface SpamBook {
  /** The same again writes nothing. Durable once it resolves. */
  take(report: SpamReport): Promise<void>
  /** Those with the most reporters first, at most 1,000. */
  counts(): readonly SpamCount[]
  /** Resolves to the number of rows that are gone. */
  forget(nowMs: number): Promise<number>
}

export function createSpamBook(store: Store, key: KeyObject): SpamBook {
  return {
    take: ({ room, subject, provider, reporter, frankingTag, nowMs }) =>
      store.writeAll([
        [INSERT_COPY, [copyOf(key, { room, provider, frankingTag }), room, subject, nowMs]],
        [INSERT_REPORTER, [room, subject, reporter, nowMs, room, subject, REPORTERS_MAX]],
      ]),
    counts: () =>
      store.all(COUNTS).map((row) => ({
        room: textColumn(row, 'room'),
        subject: textColumn(row, 'subject'),
        reporters: numberColumn(row, 'reporters'),
        copies: numberColumn(row, 'copies'),
      })),
    forget: async (nowMs) => {
      const beforeMs = nowMs - spamKeptMs
      let deleted = 0
      for (const statement of [FORGET_COPIES, FORGET_REPORTERS])
        deleted += await store.change(statement, [beforeMs])
      return deleted
    },
  }
}

/** How long ago a message may have been sent: as long as its report is remembered. */
export function isRecentSpam(timestampMs: number, nowMs: number): boolean {
  return nowMs - timestampMs <= spamKeptMs
}

/** How long it is remembered, in ms. */
export const spamKeptMs = 7 * 86_400_000

function copyOf(
  key: KeyObject,
  { room, provider, frankingTag }: Pick<SpamReport, 'room' | 'provider' | 'frankingTag'>,
): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(['spam', room, provider]))
    .update(frankingTag)
    .digest()
    .subarray(0, COPY_BYTES)
}

const COPY_BYTES = 16
const REPORTERS_MAX = 1_000
const INSERT_COPY = `INSERT INTO spam_copies (copy, room, subject, at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const INSERT_REPORTER = `INSERT INTO spam_reporters (room, subject, reporter, at_ms)
  SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM spam_reporters WHERE room = ? AND subject = ?) < ?
  ON CONFLICT DO NOTHING`
const COUNTS = `SELECT room, subject, count(*) AS reporters,
    (SELECT count(*) FROM spam_copies AS copies
      WHERE copies.room = spam_reporters.room AND copies.subject = spam_reporters.subject) AS copies
  FROM spam_reporters GROUP BY room, subject ORDER BY reporters DESC, room, subject LIMIT 1000`
const FORGET_COPIES = 'DELETE FROM spam_copies WHERE at_ms < ?'
const FORGET_REPORTERS = 'DELETE FROM spam_reporters WHERE at_ms < ?'
