import {
  parseMimiUri,
  parseProviderDomain,
  type MimiUri,
  type ProviderDomain,
} from '../model/ids.ts'
import { GatewayError } from '../model/errors.ts'
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
  readonly tag?: Buffer | undefined
}

/** What happened since the last flush. */
export interface Progress {
  /** Bodies that every peer has. */
  readonly finished: readonly number[]
  /** Bodies for which fewer peers wait than before. */
  readonly changed: readonly {
    readonly id: number
    readonly waiting: readonly ProviderDomain[]
  }[]
  readonly died: readonly {
    readonly bodyId: number
    readonly peer: string
    readonly reason: DeadReason
    readonly status: number | undefined
  }[]
}

/** The SQL of the outbox: a fan-out is two rows whatever its width, a flush a few statements whatever its length. */
export class OutboxStore {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** Resolves when the body and its destinations are on the disk. */
  insert(body: NewBody, deadMax: number): Promise<void> {
    const { id, room, suite, bytes, atMs, peers, overflowed, tag } = body
    const values = [id, room, suite ?? null, bytes, atMs, tag ?? null]
    const statements: Statement[] = [[INSERT_BODY, values]]
    if (peers.length > 0) statements.push([INSERT_DESTINATIONS, [id, JSON.stringify(peers)]])
    if (overflowed.length > 0) {
      statements.push([INSERT_OVERFLOWED, [id, atMs, JSON.stringify(overflowed)]])
      statements.push(...trimDead(deadMax))
    }
    return this.store.writeAll(statements)
  }

  flush({ finished, changed, died }: Progress, atMs: number, deadMax: number): Promise<void> {
    const statements: Statement[] = []
    if (finished.length > 0) statements.push([DELETE_BODIES, [JSON.stringify(finished)]])
    const settled = changed.filter(({ waiting }) => waiting.length === 0).map(({ id }) => id)
    const gone = [...finished, ...settled]
    if (gone.length > 0) statements.push([DELETE_DESTINATIONS, [JSON.stringify(gone)]])
    const rows = changed
      .filter(({ waiting }) => waiting.length > 0)
      .map(({ id, waiting }) => [id, JSON.stringify(waiting)])
    if (rows.length > 0) statements.push([UPDATE_DESTINATIONS, [JSON.stringify(rows)]])
    if (died.length > 0) {
      const letters = died.map(({ bodyId, peer, reason, status }) => {
        return [bodyId, peer, reason, status ?? null]
      })
      statements.push([INSERT_DEAD, [atMs, JSON.stringify(letters)]], ...trimDead(deadMax))
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

  /** Bodies with this tag that wait for somebody. */
  tagged(
    room: MimiUri,
    tag: Buffer,
  ): readonly { readonly id: number; readonly peers: readonly ProviderDomain[] }[] {
    return this.store.all(SELECT_TAGGED, [tag, room]).map((row) => ({
      id: numberColumn(row, 'id'),
      peers: parsePeers(textColumn(row, 'peers')),
    }))
  }

  /** Nobody gets these bodies any more; what a dead letter keeps stays with it. */
  async withdraw(ids: readonly number[]): Promise<void> {
    const list = JSON.stringify(ids)
    await this.store.writeAll([[DELETE_DESTINATIONS, [list]], [DELETE_ORPHANS]])
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

/** The oldest dead letters beyond the bound go, with the bodies that only they kept. */
function trimDead(deadMax: number): readonly Statement[] {
  return [
    [TRIM_BODIES, [deadMax]],
    [TRIM_DEAD, [deadMax]],
  ]
}

function storedBody(row: Row): StoredBody {
  return {
    id: numberColumn(row, 'id'),
    room: parseMimiUri(textColumn(row, 'room')),
    suite: row['suite'] === null ? undefined : textColumn(row, 'suite'),
    size: numberColumn(row, 'size'),
    enqueuedAtMs: numberColumn(row, 'enqueued_at_ms'),
    peers: parsePeers(textColumn(row, 'peers')),
    died: numberColumn(row, 'died') > 0,
  }
}

function parsePeers(json: string): readonly ProviderDomain[] {
  const peers: unknown = JSON.parse(json)
  if (!Array.isArray(peers)) throw new GatewayError('internal')
  return peers.map((peer) => parseProviderDomain(String(peer)))
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
  'INSERT INTO outbox_bodies (id, room, suite, body, enqueued_at_ms, tag) VALUES (?, ?, ?, ?, ?, ?)'
const SELECT_TAGGED = `SELECT b.id, d.peers FROM outbox_bodies b
  JOIN outbox_destinations d ON d.body_id = b.id WHERE b.tag = ? AND b.room = ?`
const INSERT_DESTINATIONS = 'INSERT INTO outbox_destinations (body_id, peers) VALUES (?, ?)'
const INSERT_OVERFLOWED = `INSERT INTO outbox_dead_letters (body_id, peer, reason, died_at_ms)
  SELECT ?1, value, 'overflow', ?2 FROM json_each(?3)`
const DELETE_DESTINATIONS =
  'DELETE FROM outbox_destinations WHERE body_id IN (SELECT value FROM json_each(?))'
const DELETE_BODIES = 'DELETE FROM outbox_bodies WHERE id IN (SELECT value FROM json_each(?))'
const UPDATE_DESTINATIONS = `UPDATE outbox_destinations SET peers = new.value ->> 1
  FROM json_each(?) AS new WHERE outbox_destinations.body_id = new.value ->> 0`
const INSERT_DEAD = `INSERT INTO outbox_dead_letters (body_id, peer, reason, status, died_at_ms)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?1 FROM json_each(?2)`
const TRIM_DEAD =
  'DELETE FROM outbox_dead_letters WHERE id <= (SELECT max(id) FROM outbox_dead_letters) - ?'
const TRIM_BODIES = `WITH cut (id) AS (SELECT max(id) - ? FROM outbox_dead_letters)
  DELETE FROM outbox_bodies WHERE
  id IN (SELECT l.body_id FROM outbox_dead_letters l, cut WHERE l.id <= cut.id) AND
  NOT EXISTS (SELECT 1 FROM outbox_dead_letters n, cut WHERE n.body_id = outbox_bodies.id AND n.id > cut.id) AND
  NOT EXISTS (SELECT 1 FROM outbox_destinations d WHERE d.body_id = outbox_bodies.id)`
const DELETE_OLD_DEAD = 'DELETE FROM outbox_dead_letters WHERE died_at_ms < ?'
const DELETE_ORPHANS = `DELETE FROM outbox_bodies WHERE
  id NOT IN (SELECT body_id FROM outbox_destinations) AND
  id NOT IN (SELECT body_id FROM outbox_dead_letters)`
const SELECT_WAITING = `SELECT b.id, b.room, b.suite, length(b.body) AS size, b.enqueued_at_ms, d.peers,
  EXISTS (SELECT 1 FROM outbox_dead_letters l WHERE l.body_id = b.id) AS died
  FROM outbox_destinations d JOIN outbox_bodies b ON b.id = d.body_id
  WHERE d.body_id > ? ORDER BY d.body_id LIMIT ?`
const SELECT_DEAD = `SELECT l.id, l.body_id, l.peer, b.room, l.reason, l.status, l.died_at_ms
  FROM outbox_dead_letters l JOIN outbox_bodies b ON b.id = l.body_id ORDER BY l.id DESC LIMIT ?`
