import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Statement, Store } from '../sqlite/store.ts'
import { happeningOf, type Happening, type Numbered } from './happenings.ts'

/** How far a feed has come. */
export interface FeedPlace {
  /** All up to this one are done with. */
  readonly done: number
  /** Of the last that it was for. */
  readonly number: number
  /** Given up without anybody being able to ask for them again. */
  readonly lost: number
  readonly deliveredAtMs: number | undefined
}

/** Why something was given up; the words of the outbox. */
export type DeathReason = 'rejected' | 'attempts' | 'age'

export interface DeadLetter {
  readonly happening: Numbered
  readonly reason: string
  readonly status: number | undefined
  readonly diedAtMs: number
  /** Since when it is to be tried again. */
  readonly againAtMs: number | undefined
}

export interface Death {
  readonly reason: DeathReason
  readonly status: number | undefined
  readonly atMs: number
}

/** The SQL of the feeds. Every write is durable once it resolves. */
export class FeedStore {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** Feeds that are new begin now; those that are not named any more are forgotten with their letters. */
  async sync(names: readonly string[]): Promise<void> {
    const list = JSON.stringify(names)
    await this.store.writeAll([
      [DROP, [list]],
      [ADD, [list]],
    ])
  }

  /** Throws `internal` where there is no such feed. */
  place(feed: string): FeedPlace {
    const row = this.store.get(PLACE, [feed]) ?? {}
    return {
      done: numberColumn(row, 'done'),
      number: numberColumn(row, 'number'),
      lost: numberColumn(row, 'lost'),
      deliveredAtMs: row['delivered_ms'] === null ? undefined : numberColumn(row, 'delivered_ms'),
    }
  }

  /** The number of the newest happening, 0 before the first. */
  newest(): number {
    const row = this.store.get(NEWEST)
    return row === undefined ? 0 : numberColumn(row, 'seq')
  }

  /** In their order. */
  after(seq: number, limit: number): readonly Happening[] {
    return this.store.all(AFTER, [seq, limit]).map(happeningOf)
  }

  /** What a feed is done with, delivered or not for it. */
  async advance(
    feed: string,
    to: { readonly seq: number; readonly number: number; readonly lost?: number },
  ): Promise<void> {
    await this.store.write(ADVANCE, [to.seq, to.number, to.lost ?? 0, feed])
  }

  async delivered(
    feed: string,
    to: { readonly seq: number; readonly number: number; readonly atMs: number },
  ): Promise<void> {
    await this.store.write(DELIVERED, [to.seq, to.number, to.atMs, feed])
  }

  /** Puts what nobody took aside and goes on; the oldest beyond the bound are lost. */
  async bury(
    feed: string,
    { seq, letters }: { readonly seq: number; readonly letters: readonly Numbered[] },
    { reason, status, atMs }: Death,
  ): Promise<void> {
    const number = letters.at(-1)?.number ?? 0
    await this.store.writeAll([
      ...letters.map((letter): Statement => [
        BURY,
        [feed, letter.number, letter.seq, reason, status ?? null, atMs],
      ]),
      [ADVANCE, [seq, number, 0, feed]],
      [COUNT_LOST, [feed, DEAD_MAX, feed]],
      [TRIM, [feed, feed, DEAD_MAX]],
    ])
  }

  /** The oldest that somebody asked for again. */
  nextAgain(feed: string): DeadLetter | undefined {
    const row = this.store.get(NEXT_AGAIN, [feed])
    return row && letterOf(row)
  }

  async deliveredAgain(feed: string, number: number, atMs: number): Promise<void> {
    await this.store.writeAll([
      [DELETE_LETTER, [feed, number]],
      [DELIVERED_NOW, [atMs, feed]],
    ])
  }

  async buryAgain(feed: string, number: number, death: Death): Promise<void> {
    const { reason, status, atMs } = death
    await this.store.write(BURY_AGAIN, [reason, status ?? null, atMs, feed, number])
  }

  /** The newest first. */
  deadLetters(feed: string, limit: number): readonly DeadLetter[] {
    return this.store.all(DEAD, [feed, limit]).map(letterOf)
  }

  deadCount(feed: string): number {
    const row = this.store.get(DEAD_COUNT, [feed])
    return row === undefined ? 0 : numberColumn(row, 'count')
  }

  /** All letters of a feed are tried again, or one; resolves to how many. */
  again(feed: string, number: number | undefined, atMs: number): Promise<number> {
    return this.store.change(AGAIN, [atMs, feed, number ?? null, number ?? null])
  }

  /** Forgets letters from before `sinceMs` and what no feed needs any more. */
  async prune(sinceMs: number): Promise<void> {
    await this.store.writeAll([[FORGET_OLD, [sinceMs]], [PRUNE]])
  }
}

function letterOf(row: Row): DeadLetter {
  const { status, again_ms: again } = row
  return {
    happening: { ...happeningOf(row), number: numberColumn(row, 'number') },
    reason: textColumn(row, 'reason'),
    status: typeof status === 'number' ? status : undefined,
    diedAtMs: numberColumn(row, 'died_ms'),
    againAtMs: typeof again === 'number' ? again : undefined,
  }
}

/** Letters of one feed. */
const DEAD_MAX = 10_000
const DROP = 'DELETE FROM feeds WHERE name NOT IN (SELECT value FROM json_each(?))'
const ADD = `INSERT INTO feeds (name, done)
  SELECT value, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'happenings'), 0)
  FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`
const PLACE = 'SELECT done, number, lost, delivered_ms FROM feeds WHERE name = ?'
const NEWEST = `SELECT seq FROM sqlite_sequence WHERE name = 'happenings'`
const AFTER = 'SELECT * FROM happenings WHERE seq > ? ORDER BY seq LIMIT ?'
const ADVANCE = 'UPDATE feeds SET done = ?, number = ?, lost = lost + ? WHERE name = ?'
const DELIVERED = 'UPDATE feeds SET done = ?, number = ?, delivered_ms = ? WHERE name = ?'
const DELIVERED_NOW = 'UPDATE feeds SET delivered_ms = ? WHERE name = ?'
const BURY = `INSERT INTO feed_dead_letters (feed, number, seq, reason, status, died_ms)
  VALUES (?, ?, ?, ?, ?, ?)`
const BURY_AGAIN = `UPDATE feed_dead_letters SET reason = ?, status = ?, died_ms = ?, again_ms = NULL
  WHERE feed = ? AND number = ?`
const COUNT_LOST = `UPDATE feeds SET lost = lost +
  max(0, (SELECT count(*) FROM feed_dead_letters WHERE feed = ?) - ?) WHERE name = ?`
const TRIM = `DELETE FROM feed_dead_letters WHERE feed = ? AND number IN
  (SELECT number FROM feed_dead_letters WHERE feed = ? ORDER BY number DESC LIMIT -1 OFFSET ?)`
const LETTER = `SELECT * FROM feed_dead_letters JOIN happenings USING (seq) WHERE feed = ?`
const NEXT_AGAIN = `${LETTER} AND again_ms IS NOT NULL ORDER BY number LIMIT 1`
const DEAD = `${LETTER} ORDER BY number DESC LIMIT ?`
const DEAD_COUNT = 'SELECT count(*) AS count FROM feed_dead_letters WHERE feed = ?'
const DELETE_LETTER = 'DELETE FROM feed_dead_letters WHERE feed = ? AND number = ?'
const AGAIN = `UPDATE feed_dead_letters SET again_ms = ? WHERE feed = ? AND (? IS NULL OR number = ?)`
const FORGET_OLD = 'DELETE FROM feed_dead_letters WHERE died_ms < ? AND again_ms IS NULL'
const PRUNE = `DELETE FROM happenings WHERE seq <= (SELECT coalesce(min(done), 9e18) FROM feeds)
  AND seq NOT IN (SELECT seq FROM feed_dead_letters)`
