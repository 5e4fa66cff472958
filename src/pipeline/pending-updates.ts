import { hash } from 'node:crypto'
import type { MimiUri } from '../model/ids.ts'
import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

/** Updates that the delivery service may have accepted without our knowing. */
export const pendingUpdatesMigrations: readonly Migration[] = [
  {
    id: 'pipeline/0002-pending-updates',
    sql: `CREATE TABLE pending_updates (
      digest BLOB NOT NULL,
      room TEXT NOT NULL,
      body BLOB NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (digest, room)
    ) STRICT, WITHOUT ROWID`,
  },
]

/**
 * What stands between a delivery service's word and ours: the body of an update is kept from before
 * it is delivered until its outcome is written down. After a crash in between, the update's own
 * fan-out says that it was accepted, and the body says what it was.
 */
export interface PendingUpdates {
  /**
   * Runs `settle` with the update pending, durably so before it begins. It stays pending where
   * `settle` throws: then nobody knows yet what the delivery service decided.
   */
  during<T extends Settled>(update: PendingUpdate, settle: () => Promise<T>): Promise<T>
  /**
   * The body of the update that brought this message, once nobody is settling it any more; undefined
   * where it is settled.
   */
  find(room: MimiUri, message: Buffer): Promise<Buffer | undefined>
  /** It is settled: it was accepted. Durable once it resolves. */
  end(room: MimiUri, message: Buffer): Promise<void>
  /** Whether an update with this message was accepted, so that its sender may ask again. */
  wasAccepted(room: MimiUri, message: Buffer): boolean
  deleteBefore(timestampMs: number): Promise<number>
}

export interface Settled {
  readonly accepted: boolean
}

export interface PendingUpdate {
  readonly room: MimiUri
  /** The MLSMessage of the commit, or of the first proposal. */
  readonly message: Buffer
  /** The whole request. */
  readonly body: Buffer
}

export function createPendingUpdates(store: Store, clock: () => number): PendingUpdates {
  const settling = new Map<string, Promise<void>>()
  return {
    during: async ({ room, message, body }, settle) => {
      const digest = digestOf(message)
      const key = digest.toString('latin1') + room
      const settled = Promise.withResolvers<void>()
      settling.set(key, settled.promise)
      try {
        await store.write(INSERT, [digest, room, body, clock()])
        const outcome = await settle()
        await store.write(outcome.accepted ? ACCEPT : DELETE, [digest, room])
        return outcome
      } finally {
        settling.delete(key)
        settled.resolve()
      }
    },
    find: async (room, message) => {
      const digest = digestOf(message)
      await settling.get(digest.toString('latin1') + room)
      const row = store.get(SELECT, [digest, room])
      const body = row === undefined ? ACCEPTED : blobColumn(row, 'body')
      return body.length === 0 ? undefined : body
    },
    end: (room, message) => store.write(ACCEPT, [digestOf(message), room]),
    wasAccepted: (room, message) => {
      const row = store.get(SELECT, [digestOf(message), room])
      return row !== undefined && blobColumn(row, 'body').length === 0
    },
    deleteBefore: (timestampMs) => store.change(DELETE_OLD, [timestampMs]),
  }
}

function digestOf(message: Buffer): Buffer {
  return hash('sha256', message, 'buffer')
}

/** Stands where the body was: no request is empty. */
const ACCEPTED = Buffer.alloc(0)

const ACCEPT = "UPDATE pending_updates SET body = x'' WHERE digest = ? AND room = ?"
const INSERT =
  'INSERT INTO pending_updates (digest, room, body, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
const SELECT = 'SELECT body FROM pending_updates WHERE digest = ? AND room = ?'
const DELETE = 'DELETE FROM pending_updates WHERE digest = ? AND room = ?'
const DELETE_OLD = 'DELETE FROM pending_updates WHERE at_ms < ?'
