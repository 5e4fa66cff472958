import type { Migration } from '../sqlite/store.ts'

/** INVARIANT: no message's content stands in these tables; sealed evidence stays sealed. */
export const noticeMigrations: readonly Migration[] = [
  {
    id: 'notices/0001-notices',
    sql: `CREATE TABLE notices_sent (
      id TEXT PRIMARY KEY,
      peer TEXT NOT NULL,
      type TEXT NOT NULL CHECK (type IN ('notice', 'strike', 'answer', 'retract')),
      payload TEXT NOT NULL,
      about TEXT NOT NULL,
      policies TEXT NOT NULL,
      in_reply_to TEXT,
      created_ms INTEGER NOT NULL,
      until_ms INTEGER NOT NULL,
      queued INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      next_ms INTEGER NOT NULL,
      delivered_ms INTEGER,
      refused_status INTEGER,
      state TEXT,
      answer_issued_ms INTEGER,
      answered_ms INTEGER,
      action_class TEXT,
      own_log_match INTEGER,
      answer TEXT,
      retracted_ms INTEGER,
      counted INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX notices_sent_queued ON notices_sent (next_ms) WHERE queued = 1;
    CREATE INDEX notices_sent_peer ON notices_sent (peer, created_ms);
    CREATE INDEX notices_sent_about ON notices_sent (about);
    CREATE TABLE notices_received (
      peer TEXT NOT NULL,
      id TEXT NOT NULL,
      type TEXT NOT NULL CHECK (type IN ('notice', 'strike')),
      payload TEXT NOT NULL,
      digest TEXT NOT NULL,
      evidence TEXT,
      received_ms INTEGER NOT NULL,
      until_ms INTEGER,
      state TEXT NOT NULL,
      action_class TEXT,
      own_log_match INTEGER,
      decided_ms INTEGER,
      withdrawn_ms INTEGER,
      strike BLOB,
      answer TEXT NOT NULL,
      PRIMARY KEY (peer, id)
    ) STRICT;
    CREATE INDEX notices_received_time ON notices_received (received_ms);
    CREATE INDEX notices_received_strike ON notices_received (strike) WHERE strike IS NOT NULL`,
  },
  {
    id: 'notices/0002-strike-reports',
    sql: `CREATE TABLE strike_reports (
      room TEXT NOT NULL,
      pseudonym TEXT NOT NULL,
      reporter TEXT NOT NULL,
      franking_tag TEXT NOT NULL,
      category TEXT NOT NULL,
      epoch_start INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (room, pseudonym, reporter, franking_tag)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX strike_reports_time ON strike_reports (at_ms);
    CREATE TABLE strike_denials (
      room TEXT NOT NULL,
      pseudonym TEXT NOT NULL,
      because TEXT NOT NULL,
      notice TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (room, pseudonym)
    ) STRICT, WITHOUT ROWID`,
  },
  {
    id: 'notices/0003-strike-reasons',
    sql: `CREATE TABLE strike_reasons (
      room TEXT NOT NULL,
      pseudonym TEXT NOT NULL,
      cause TEXT NOT NULL,
      because TEXT NOT NULL,
      epoch_start INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      lifted INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (room, pseudonym, cause)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX strike_reasons_cause ON strike_reasons (cause);
    INSERT INTO strike_reasons (room, pseudonym, cause, because, epoch_start, at_ms)
      SELECT room, pseudonym, notice, because, at_ms / 86400000 * 86400, at_ms FROM strike_denials;
    DROP TABLE strike_denials`,
  },
  {
    id: 'notices/0004-evidence-checks',
    sql: 'ALTER TABLE notices_received ADD COLUMN evidence_check TEXT',
  },
  {
    id: 'notices/0005-moderator-notices',
    sql: `CREATE TABLE moderator_notices (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      report TEXT NOT NULL UNIQUE,
      notice TEXT NOT NULL,
      policies TEXT NOT NULL,
      created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX moderator_notices_time ON moderator_notices (created_ms)`,
  },
  {
    id: 'notices/0006-counted-strikes',
    // What was counted so far was counted when the provider answered.
    sql: `ALTER TABLE strike_reasons ADD COLUMN counted_ms INTEGER;
    UPDATE strike_reasons SET counted_ms =
      (SELECT answered_ms FROM notices_sent WHERE id = cause AND counted = 1);
    ALTER TABLE notices_sent DROP COLUMN counted`,
  },
]
