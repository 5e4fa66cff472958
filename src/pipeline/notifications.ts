import type { Migration, Store } from '../sqlite/store.ts'

/** Which notifications were processed: a hub's retry is the same bytes (draft-ietf-mimi-protocol-06 §5.5). */
export const notificationsMigrations: readonly Migration[] = [
  {
    id: 'pipeline/0001-notifications',
    sql: `CREATE TABLE notifications (
      digest BLOB PRIMARY KEY,
      seen_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX notifications_age ON notifications (seen_at_ms)`,
  },
]

/** Processes every notification once, however often and however concurrently it arrives. */
export interface Notifications {
  /**
   * Runs `process` unless these bytes were processed before; callers that come meanwhile wait for
   * the same run. A run that throws is forgotten, so that a retry processes it.
   */
  once(digest: Buffer, process: () => Promise<void>): Promise<'processed' | 'duplicate'>
  /** Forgets what is older; resolves to the number. */
  deleteBefore(timestampMs: number): Promise<number>
}

export function createNotifications(store: Store, clock: () => number): Notifications {
  const running = new Map<string, Promise<void>>()
  const runOnce = async (digest: Buffer, process: () => Promise<void>): Promise<void> => {
    await process()
    await store.write(INSERT, [digest, clock()])
  }
  return {
    once: async (digest, process) => {
      const key = digest.toString('latin1')
      const other = running.get(key)
      if (other !== undefined) {
        await other
        return 'duplicate'
      }
      if (store.get(SELECT, [digest]) !== undefined) return 'duplicate'
      const run = runOnce(digest, process)
      running.set(key, run)
      try {
        await run
        return 'processed'
      } finally {
        running.delete(key)
      }
    },
    deleteBefore: (timestampMs) => store.change(DELETE, [timestampMs]),
  }
}

const SELECT = 'SELECT 1 FROM notifications WHERE digest = ?'
const INSERT = 'INSERT INTO notifications (digest, seen_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING'
const DELETE = 'DELETE FROM notifications WHERE seen_at_ms < ?'
