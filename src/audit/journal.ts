import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { EventKind, GatewayEvent } from '../model/events.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Store, StoreValue } from '../sqlite/store.ts'
import { storedEvent } from './stored-event.ts'

/** Ids only grow, also after a deletion: a reader's place in the journal stays valid. */
export const journalMigrations: readonly Migration[] = [
  {
    id: 'audit/0001-events',
    sql: `CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      kind TEXT NOT NULL,
      request_id TEXT NOT NULL,
      operation TEXT NOT NULL,
      direction TEXT NOT NULL,
      peer TEXT NOT NULL,
      suite TEXT NOT NULL,
      outcome TEXT NOT NULL,
      policies TEXT NOT NULL,
      fields TEXT NOT NULL
    ) STRICT`,
  },
  { id: 'audit/0002-by-suite', sql: 'CREATE INDEX events_suite ON events (suite, id)' },
]

/** An event with its place in the journal. */
export interface JournalEntry {
  readonly id: number
  readonly event: GatewayEvent
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[]
  /** Give it as `afterId` for the next page. */
  readonly lastId: number
}

export interface JournalFilter {
  readonly afterId?: number
  readonly kind?: EventKind
  /** At most and by default 1,000. */
  readonly limit?: number
}

/** The operator's own record of what the gateway decided, schema v1. */
export interface EventJournal {
  /** Never waits and never throws. What does not fit into the buffer, or fails, is counted as lost. */
  record(event: GatewayEvent): void
  /**
   * Resolves when all that was recorded before is on the disk. Rejects with `store-unavailable` when any
   * of it was lost since the last flush: call it in the turn of `record` where an answer depends on it.
   */
  flush(): Promise<void>
  /** Events that never reached the disk, since the start. */
  lost(): number
  read(filter?: JournalFilter): JournalPage
  /** Deletes events older than a suite lets us keep them, in small steps; resolves to their number. */
  deleteOlderThan(ageMs: (suite: string) => number): Promise<number>
}

export interface JournalOptions {
  readonly store: Store
  readonly clock: Clock
  /** Events that wait for the disk at the same time. */
  readonly bufferedMax?: number
}

export function createEventJournal(options: JournalOptions): EventJournal {
  return new StoredJournal(options)
}

class StoredJournal implements EventJournal {
  private readonly store: Store
  private readonly clock: Clock
  private readonly bufferedMax: number
  private buffered = 0
  private lostEver = 0
  private lostAtFlush = 0
  /** The events that go to the disk together, with the store's promise for them. */
  private group = { written: Promise.resolve(), count: 0 }
  private newest: Promise<void> = Promise.resolve()

  constructor({ store, clock, bufferedMax = BUFFERED_MAX }: JournalOptions) {
    this.store = store
    this.clock = clock
    this.bufferedMax = bufferedMax
  }

  record(event: GatewayEvent): void {
    if (this.buffered === this.bufferedMax) {
      this.lostEver++
      return
    }
    this.buffered++
    const written = this.store.writeSoon(INSERT, parametersOf(event))
    if (written !== this.group.written) {
      this.group = { written, count: 0 }
      this.newest = this.settle(this.group)
    }
    this.group.count++
  }

  async flush(): Promise<void> {
    const lostBefore = this.lostAtFlush
    this.lostAtFlush = this.lostEver
    // The store settles writes in their order, so the newest one is the last.
    await this.newest
    const lost = this.lostEver - lostBefore
    this.lostAtFlush = this.lostEver
    if (lost > 0)
      throw new GatewayError('store-unavailable', { facts: { reason: 'events-lost', lost } })
  }

  lost(): number {
    return this.lostEver
  }

  private async settle(group: { readonly written: Promise<void>; count: number }): Promise<void> {
    try {
      await group.written
    } catch {
      this.lostEver += group.count
    }
    this.buffered -= group.count
  }

  read({ afterId = 0, kind, limit = PAGE_MAX }: JournalFilter = {}): JournalPage {
    const count = Math.min(limit, PAGE_MAX)
    const rows =
      kind === undefined
        ? this.store.all(PAGE, [afterId, count])
        : this.store.all(PAGE_OF_KIND, [afterId, kind, count])
    const entries = rows.map((row) => ({ id: numberColumn(row, 'id'), event: storedEvent(row) }))
    return { entries, lastId: entries.at(-1)?.id ?? afterId }
  }

  async deleteOlderThan(ageMs: (suite: string) => number): Promise<number> {
    let deleted = 0
    for (const suite of this.suites())
      deleted += await this.deleteBefore(suite, this.clock() - ageMs(suite))
    return deleted
  }

  /** Each by a step in the index: there are few, and events are many. */
  private *suites(): Generator<string> {
    for (let row = this.store.get(FIRST_SUITE); row !== undefined;) {
      const suite = textColumn(row, 'suite')
      yield suite
      row = this.store.get(NEXT_SUITE, [suite])
    }
  }

  private async deleteBefore(suite: string, beforeMs: number): Promise<number> {
    let deleted = 0
    for (;;) {
      const step = await this.store.change(DELETE_STEP, [suite, DELETE_STEP_ROWS, beforeMs])
      deleted += step
      if (step === 0) return deleted
    }
  }
}

function parametersOf(event: GatewayEvent): readonly StoreValue[] {
  return [
    event.atMs,
    event.kind,
    event.requestId,
    event.operation,
    event.direction,
    event.peer,
    event.suite,
    event.outcome,
    JSON.stringify(event.policies),
    JSON.stringify(event.fields),
  ]
}

const BUFFERED_MAX = 10_000
const PAGE_MAX = 1_000
const DELETE_STEP_ROWS = 1_000

const COLUMNS =
  'at_ms, kind, request_id, operation, direction, peer, suite, outcome, policies, fields'
const INSERT = `INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const PAGE = `SELECT id, ${COLUMNS} FROM events WHERE id > ? ORDER BY id LIMIT ?`
const PAGE_OF_KIND = `SELECT id, ${COLUMNS} FROM events WHERE id > ? AND kind = ? ORDER BY id LIMIT ?`
/** Looks at the oldest rows only: events come in the order of their time, but for small differences. */
const DELETE_STEP = `DELETE FROM events
  WHERE id IN (SELECT id FROM events WHERE suite = ? ORDER BY id LIMIT ?) AND at_ms < ?`
const FIRST_SUITE = `SELECT suite FROM events ORDER BY suite LIMIT 1`
const NEXT_SUITE = `SELECT suite FROM events WHERE suite > ? ORDER BY suite LIMIT 1`
