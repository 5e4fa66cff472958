import type { MimiUri } from '../model/ids.ts'
import type { Migration, Store } from '../sqlite/store.ts'

/** Which suite the hub of a room that we follow has announced. */
export const roomSuitesMigrations: readonly Migration[] = [
  {
    id: 'peers-0001-room-suites',
    sql: 'CREATE TABLE room_suites (room TEXT PRIMARY KEY, suite TEXT NOT NULL) STRICT, WITHOUT ROWID',
  },
]

/** Suites of rooms at other hubs, learnt from their announcements: in memory up to a bound, else on disk. */
export class RoomSuites {
  private readonly store: Store
  private readonly recent = new Map<MimiUri, string>()

  constructor(store: Store) {
    this.store = store
  }

  find(room: MimiUri): string | undefined {
    const known = this.recent.get(room)
    if (known !== undefined) return known
    const row = this.store.get('SELECT suite FROM room_suites WHERE room = ?', [room])
    const suite = typeof row?.['suite'] === 'string' ? row['suite'] : undefined
    if (suite !== undefined) this.keep(room, suite)
    return suite
  }

  /** Durable once it resolves. */
  async announce(room: MimiUri, suite: string): Promise<void> {
    if (this.recent.get(room) === suite) return
    this.keep(room, suite)
    await this.store.write(
      'INSERT INTO room_suites (room, suite) VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET suite = excluded.suite',
      [room, suite],
    )
  }

  private keep(room: MimiUri, suite: string): void {
    this.recent.delete(room)
    this.recent.set(room, suite)
    if (this.recent.size <= ROOMS_IN_MEMORY_MAX) return
    for (const oldest of this.recent.keys()) {
      this.recent.delete(oldest)
      break
    }
  }
}

const ROOMS_IN_MEMORY_MAX = 10_000
