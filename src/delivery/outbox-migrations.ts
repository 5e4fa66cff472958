import type { Migration } from '../sqlite/store.ts'

/**
 * The tables of the outbox: a body is written once and never changed, its waiting destinations are one
 * small row beside it (JSON), so that a fan-out costs two rows however wide it is.
 */
export const outboxMigrations: readonly Migration[] = [
  {
    id: 'delivery/0001-outbox',
    sql: `
      CREATE TABLE outbox_bodies (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        suite TEXT,
        body BLOB NOT NULL,
        enqueued_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE outbox_destinations (
        body_id INTEGER PRIMARY KEY,
        peers TEXT NOT NULL
      ) STRICT;
      CREATE TABLE outbox_dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        body_id INTEGER NOT NULL,
        peer TEXT NOT NULL,
        reason TEXT NOT NULL,
        status INTEGER,
        died_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX outbox_dead_letters_by_body ON outbox_dead_letters (body_id);
    `,
  },
  {
    id: 'delivery/0003-outbox-tags',
    sql: `
      ALTER TABLE outbox_bodies ADD COLUMN tag BLOB;
      CREATE INDEX outbox_bodies_by_tag ON outbox_bodies (tag) WHERE tag IS NOT NULL;
    `,
  },
]
