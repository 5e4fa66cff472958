import {
  parseMimiUri,
  parseProviderDomain,
  type MimiUri,
  type ProviderDomain,
} from '../model/ids.ts'
import { blobColumn, numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Statement, Store } from '../sqlite/store.ts'

/** One body that waits for at least one peer, without its bytes. */
export interface StoredBody {
  readonly id: number
  readonly room: MimiUri
  readonly suite: string | undefined
  readonly size: number
  readonly enqueuedAtMs: number
  readonly peers: readonly ProviderDomain[]
  /** Whether another delivery of it is a dead letter. */
  readonly died: boolean
}

export interface DeadLetter {
  readonly id: number
  readonly bodyId: number
  readonly peer: string
  readonly room: string
  readonly reason: DeadReason
  /** The HTTP status that ended it, where there was one. */
  readonly status: number | undefined
  readonly diedAtMs: number
}

/** `overflow`: the peer's lane was full when it was enqueued. */
export type DeadReason = 'rejected' | 'attempts' | 'age' | 'overflow'

export interface NewBody {
  readonly id: number
  readonly room: MimiUri
  readonly suite: string | undefined
  readonly bytes: Buffer
  readonly atMs: number
  readonly peers: readonly ProviderDomain[]
  readonly overflowed: readonly ProviderDomain[]
}

/** What happened since the last flush. */
export interface Progress {
  /** Bodies that every peer has. */
  readonly finished: readonly number[]
  /** Single deliveries of bodies that others still wait for. */
  readonly delivered: readonly (readonly [bodyId: number, peer: string])[]
  readonly died: readonly {
    readonly bodyId: number
    readonly peer: string
    readonly reason: DeadReason
    readonly status: number | undefined
  }[]
}

/** The SQL of the outbox: a fan-out is two statements whatever its width, and so is a flush of any length. */
export class OutboxStore {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** Resolves when the body and one row per destination are on the disk. */
  insert({ id, room, suite, bytes, atMs, peers, overflowed }: NewBody): Promise<void> {
    const statements: Statement[] = [
      [INSERT_BODY, [id, room, suite ?? null, bytes, atMs]],
      [INSERT_DELIVERIES, [id, JSON.stringify(peers)]],
    ]
    if (overflowed.length > 0)
      statements.push([INSERT_OVERFLOWED, [id, atMs, JSON.stringify(overflowed)]])
    return this.store.writeAll(statements)
  }

  flush({ finished, delivered, died }: Progress, atMs: number, deadMax: number): Promise<void> {
    const statements: Statement[] = []
    if (finished.length > 0) {
      const ids = JSON.stringify(finished)
      statements.push([DELETE_DELIVERIES_OF, [ids]], [DELETE_BODIES, [ids]])
    }
    const gone = [...delivered, ...died.map(({ bodyId, peer }) => [bodyId, peer] as const)]
    if (gone.length > 0) statements.push([DELETE_DELIVERIES, [JSON.stringify(gone)]])
    if (died.length > 0) {
      const rows = died.map(({ bodyId, peer, reason, status }) => [
        bodyId,
        peer,
        reason,
        status ?? null,
      ])
      statements.push([INSERT_DEAD, [atMs, JSON.stringify(rows)]], [TRIM_DEAD, [deadMax]])
    }
    return this.store.writeAll(statements)
  }

  /** Drops dead letters from before `sinceMs`, and bodies that nothing refers to. */
  async purge(sinceMs: number): Promise<void> {
    await this.store.writeAll([[DELETE_OLD_DEAD, [sinceMs]], [DELETE_ORPHANS]])
  }

  /** Bodies that wait, the oldest first, from `afterId` on. */
  page(afterId: number, limit: number): readonly StoredBody[] {
    return this.store.all(SELECT_WAITING, [afterId, limit]).map(storedBody)
  }

  bytes(id: number): Buffer | undefined {
    const row = this.store.get('SELECT body FROM outbox_bodies WHERE id = ?', [id])
    return row === undefined ? undefined : blobColumn(row, 'body')
  }

  lastId(): number {
    const row = this.store.get('SELECT ifnull(max(id), 0) AS last FROM outbox_bodies')
    return row === undefined ? 0 : numberColumn(row, 'last')
  }

  deadCount(): number {
    const row = this.store.get('SELECT count(*) AS count FROM outbox_dead_letters')
    return row === undefined ? 0 : numberColumn(row, 'count')
  }

  /** The newest first. */
  dead(limit: number): readonly DeadLetter[] {
    return this.store.all(SELECT_DEAD, [limit]).map(deadLetter)
  }
}

function storedBody(row: Row): StoredBody {
  return {
    id: numberColumn(row, 'id'),
    room: parseMimiUri(textColumn(row, 'room')),
    suite: row['suite'] === null ? undefined : textColumn(row, 'suite'),
    size: numberColumn(row, 'size'),
    enqueuedAtMs: numberColumn(row, 'enqueued_at_ms'),
    peers: textColumn(row, 'peers').split(',').map(parseProviderDomain),
    died: numberColumn(row, 'died') > 0,
  }
}

function deadLetter(row: Row): DeadLetter {
  return {
    id: numberColumn(row, 'id'),
    bodyId: numberColumn(row, 'body_id'),
    peer: textColumn(row, 'peer'),
    room: textColumn(row, 'room'),
    reason: REASONS.find((reason) => reason === row['reason']) ?? 'rejected',
    status: row['status'] === null ? undefined : numberColumn(row, 'status'),
    diedAtMs: numberColumn(row, 'died_at_ms'),
  }
}

const REASONS: readonly DeadReason[] = ['rejected', 'attempts', 'age', 'overflow']
const INSERT_BODY =
  'INSERT INTO outbox_bodies (id, room, suite, body, enqueued_at_ms) VALUES (?, ?, ?, ?, ?)'
const INSERT_DELIVERIES =
  'INSERT INTO outbox_deliveries (body_id, peer) SELECT ?, value FROM json_each(?)'
const INSERT_OVERFLOWED = `INSERT INTO outbox_dead_letters (body_id, peer, reason, died_at_ms)
  SELECT ?1, value, 'overflow', ?2 FROM json_each(?3)`
const DELETE_DELIVERIES_OF =
  'DELETE FROM outbox_deliveries WHERE body_id IN (SELECT value FROM json_each(?))'
const DELETE_BODIES = 'DELETE FROM outbox_bodies WHERE id IN (SELECT value FROM json_each(?))'
const DELETE_DELIVERIES = `DELETE FROM outbox_deliveries WHERE (body_id, peer) IN
  (SELECT value ->> 0, value ->> 1 FROM json_each(?))`
const INSERT_DEAD = `INSERT INTO outbox_dead_letters (body_id, peer, reason, status, died_at_ms)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?1 FROM json_each(?2)`
const TRIM_DEAD =
  'DELETE FROM outbox_dead_letters WHERE id <= (SELECT max(id) FROM outbox_dead_letters) - ?'
const DELETE_OLD_DEAD = 'DELETE FROM outbox_dead_letters WHERE died_at_ms < ?'
const DELETE_ORPHANS = `DELETE FROM outbox_bodies WHERE
  id NOT IN (SELECT body_id FROM outbox_deliveries) AND
  id NOT IN (SELECT body_id FROM outbox_dead_letters)`
/** A domain holds no comma, so the list can be joined with one. */
const SELECT_WAITING = `SELECT b.id, b.room, b.suite, length(b.body) AS size, b.enqueued_at_ms,
  (SELECT group_concat(d.peer) FROM outbox_deliveries d WHERE d.body_id = b.id) AS peers,
  EXISTS (SELECT 1 FROM outbox_dead_letters l WHERE l.body_id = b.id) AS died
  FROM outbox_bodies b WHERE b.id > ? AND EXISTS (SELECT 1 FROM outbox_deliveries d WHERE d.body_id = b.id)
  ORDER BY b.id LIMIT ?`
const SELECT_DEAD = `SELECT l.id, l.body_id, l.peer, b.room, l.reason, l.status, l.died_at_ms
  FROM outbox_dead_letters l JOIN outbox_bodies b ON b.id = l.body_id ORDER BY l.id DESC LIMIT ?`
