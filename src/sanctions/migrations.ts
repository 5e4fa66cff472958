import type { Migration } from '../sqlite/store.ts'

/** Every sanction with how far it has come; `sequence` is the order in which the delivery service gets them. */
export const sanctionsMigrations: readonly Migration[] = [
  {
    id: 'sanctions/0001-sanctions',
    sql: `
      CREATE TABLE sanctions (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        room TEXT NOT NULL,
        state TEXT NOT NULL,
        note TEXT,
        document TEXT NOT NULL, -- JSON of the sanction
        proposals TEXT NOT NULL, -- JSON array: references of the hub's proposals, hexadecimal
        prior_role INTEGER, -- of a banned participant
        result TEXT, -- what the delivery service said of it
        dropped INTEGER NOT NULL, -- copies of a retracted message that were not delivered
        updated_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX sanctions_by_room ON sanctions (room, sequence);
      CREATE INDEX sanctions_by_state ON sanctions (state, sequence);
    `,
  },
]
