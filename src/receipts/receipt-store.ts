import { GatewayError } from '../model/errors.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'
import type { CountedAlike } from './build.ts'
import { openReceipt, type SignedReceipt } from './receipt.ts'

/** Days are counted in UTC since 1970. `receipt_run` has one row: whether a process has counts in memory. */
export const receiptMigrations: readonly Migration[] = [
  {
    id: 'receipts/0001-receipts',
    sql: `CREATE TABLE receipt_counts (
      day INTEGER NOT NULL,
      peer TEXT NOT NULL,
      terms TEXT NOT NULL,
      shape TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (day, peer, terms, shape)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE receipts (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      peer TEXT NOT NULL,
      seq INTEGER NOT NULL,
      day INTEGER NOT NULL,
      jws TEXT NOT NULL,
      UNIQUE (peer, seq)
    ) STRICT;
    CREATE INDEX receipts_age ON receipts (day);
    CREATE TABLE receipt_interruptions (
      from_day INTEGER NOT NULL,
      to_day INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE receipt_run (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      day INTEGER NOT NULL,
      open INTEGER NOT NULL
    ) STRICT`,
  },
]

/** A receipt and its place in the list. */
export interface StoredReceipt {
  readonly position: number
  readonly signed: SignedReceipt
}

export interface ReceiptFilter {
  readonly peer: string | undefined
  /** Only those with a lower position. */
  readonly before: number | undefined
  readonly limit: number
}

export interface PeerDay {
  readonly peer: string
  readonly day: number
}

/** The SQL of receipts: counts that wait for the end of their day, and what was signed. */
export class ReceiptStore {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** Begins a run. One that never ended may have lost counts on any day from its last one on. */
  async begin(day: number): Promise<void> {
    const run = this.store.get('SELECT day, open FROM receipt_run')
    const wasOpen = run !== undefined && numberColumn(run, 'open') === 1
    await this.store.writeAll([
      ...(wasOpen ? [interruption(numberColumn(run, 'day'), day)] : []),
      [RUN, [day, 1]],
    ])
  }

  /** Ends a run of which nothing is in memory any more. */
  end(day: number): Promise<void> {
    return this.store.write(RUN, [day, 0])
  }

  /** Adds counts of one day, all or none. */
  add(
    day: number,
    counts: readonly (readonly [peer: string, counted: CountedAlike])[],
    lost: boolean,
  ): Promise<void> {
    return this.store.writeAll([
      ...counts.map(([peer, { terms, shape, count }]): Statement => {
        return [ADD, [day, peer, terms, shape, count]]
      }),
      ...(lost ? [interruption(day, day)] : []),
      [RUN, [day, 1]],
    ])
  }

  /** What has counts from before `day`, the oldest first; at most 1,000. */
  unsealed(day: number): readonly PeerDay[] {
    return this.store
      .all(UNSEALED, [day])
      .map((row) => ({ peer: textColumn(row, 'peer'), day: numberColumn(row, 'day') }))
  }

  counts({ peer, day }: PeerDay): readonly CountedAlike[] {
    return this.store.all(COUNTS, [day, peer]).map((row) => ({
      terms: textColumn(row, 'terms'),
      shape: textColumn(row, 'shape'),
      count: numberColumn(row, 'count'),
    }))
  }

  /** How many interruptions may have cost counts on a day, or since another one before it. */
  interruptions(day: number, since: number): number {
    const row = this.store.get(INTERRUPTIONS, [day, since])
    return row === undefined ? 0 : numberColumn(row, 'count')
  }

  /** The receipt in the place of the counts that it states. */
  seal({ peer, day }: PeerDay, { receipt, jws }: SignedReceipt): Promise<void> {
    return this.store.writeAll([
      [INSERT, [peer, receipt.seq, day, jws]],
      ['DELETE FROM receipt_counts WHERE day = ? AND peer = ?', [day, peer]],
    ])
  }

  latest(peer: string): SignedReceipt | undefined {
    const row = this.store.get(LATEST, [peer])
    return row === undefined ? undefined : receiptOf(row).signed
  }

  /** The last day of which there is any receipt. */
  lastDay(): number {
    const row = this.store.get('SELECT ifnull(max(day), 0) AS day FROM receipts')
    return row === undefined ? 0 : numberColumn(row, 'day')
  }

  find(peer: string, seq: number): SignedReceipt | undefined {
    const row = this.store.get(FIND, [peer, seq])
    return row === undefined ? undefined : receiptOf(row).signed
  }

  /** The newest first. */
  list({ peer, before = Number.MAX_SAFE_INTEGER, limit }: ReceiptFilter): readonly StoredReceipt[] {
    const rows =
      peer === undefined
        ? this.store.all(PAGE, [before, limit])
        : this.store.all(PAGE_OF_PEER, [before, peer, limit])
    return rows.map(receiptOf)
  }

  /** Deletes receipts of older days but for the last one of each peer; resolves to their number. */
  async deleteBefore(day: number): Promise<number> {
    await this.store.write('DELETE FROM receipt_interruptions WHERE to_day < ?', [day])
    return this.store.change(DELETE_OLD, [day])
  }
}

function interruption(fromDay: number, toDay: number): Statement {
  return ['INSERT INTO receipt_interruptions (from_day, to_day) VALUES (?, ?)', [fromDay, toDay]]
}

/** Throws `internal` for what no version of this program stored. */
function receiptOf(row: Row): StoredReceipt {
  const opened = openReceipt(Buffer.from(textColumn(row, 'jws')))
  if (opened.kind === 'malformed')
    throw new GatewayError('internal', { facts: { table: 'receipts', reason: opened.reason } })
  return { position: numberColumn(row, 'position'), signed: opened.signed }
}

const RUN = `INSERT INTO receipt_run (id, day, open) VALUES (1, ?, ?)
  ON CONFLICT (id) DO UPDATE SET day = excluded.day, open = excluded.open`
const ADD = `INSERT INTO receipt_counts (day, peer, terms, shape, count) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`
const UNSEALED = `SELECT DISTINCT day, peer FROM receipt_counts WHERE day < ?
  ORDER BY day, peer LIMIT 1000`
const COUNTS = 'SELECT terms, shape, count FROM receipt_counts WHERE day = ? AND peer = ?'
const INTERRUPTIONS = `SELECT count(*) AS count FROM receipt_interruptions
  WHERE from_day <= ? AND to_day > ?`
const INSERT = 'INSERT INTO receipts (peer, seq, day, jws) VALUES (?, ?, ?, ?)'
const LATEST = 'SELECT position, jws FROM receipts WHERE peer = ? ORDER BY seq DESC LIMIT 1'
const FIND = 'SELECT position, jws FROM receipts WHERE peer = ? AND seq = ?'
const PAGE = 'SELECT position, jws FROM receipts WHERE position < ? ORDER BY position DESC LIMIT ?'
const PAGE_OF_PEER = `SELECT position, jws FROM receipts WHERE position < ? AND peer = ?
  ORDER BY position DESC LIMIT ?`
const DELETE_OLD = `DELETE FROM receipts WHERE day < ? AND
  seq < (SELECT max(newer.seq) FROM receipts newer WHERE newer.peer = receipts.peer)`
