import { numberColumn } from '../sqlite/row.ts'
import { Recent } from '../model/recent.ts'
import type { Migration, Store } from '../sqlite/store.ts'

export const logCoverageMigrations: readonly Migration[] = [
  {
    id: 'franking/0003-log-coverage',
    sql: `CREATE TABLE relay_log_rooms (
      room TEXT PRIMARY KEY,
      since_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
  },
]

/**
 * Since when every message of a room of ours is in the relay log. Only then does a message that is not
 * in it prove something.
 */
export interface LogCoverage {
  /** From now on all of the room's messages are logged; an earlier beginning stays. */
  begin(room: string, nowMs: number): Promise<void>
  /** A message passed that is not logged. */
  interrupt(room: string): Promise<void>
  /** Undefined where the room's messages are not all logged. */
  since(room: string): number | undefined
}

export function createLogCoverage(store: Store): LogCoverage {
  const begun = new Recent<boolean>(ROOMS_MAX)
  return {
    begin: async (room, nowMs) => {
      if (begun.get(room) === true) return
      await store.write(INSERT, [room, nowMs])
      begun.set(room, true)
    },
    interrupt: async (room) => {
      if (begun.get(room) === false) return
      await store.write(DELETE, [room])
      begun.set(room, false)
    },
    since: (room) => {
      const row = store.get(SELECT, [room])
      return row === undefined ? undefined : numberColumn(row, 'since_ms')
    },
  }
}

const ROOMS_MAX = 10_000
const INSERT = 'INSERT INTO relay_log_rooms (room, since_ms) VALUES (?, ?) ON CONFLICT DO NOTHING'
const DELETE = 'DELETE FROM relay_log_rooms WHERE room = ?'
const SELECT = 'SELECT since_ms FROM relay_log_rooms WHERE room = ?'
