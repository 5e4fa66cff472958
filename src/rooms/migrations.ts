import type { Migration } from '../sqlite/store.ts'
import { epochRecordMigrations } from './epoch-record.ts'

/** The public state of each room in its newest epoch, and the proposals that wait in it. */
export const roomsMigrations: readonly Migration[] = [
  {
    id: 'rooms/0001-rooms',
    sql: `
      CREATE TABLE rooms (
        room TEXT PRIMARY KEY,
        suite TEXT NOT NULL,
        group_info BLOB NOT NULL,
        ratchet_tree BLOB NOT NULL,
        created_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE room_proposals (
        position INTEGER PRIMARY KEY,
        room TEXT NOT NULL REFERENCES rooms (room),
        reference BLOB NOT NULL,
        message BLOB NOT NULL,
        UNIQUE (room, reference)
      ) STRICT;
    `,
  },
  ...epochRecordMigrations,
]
