import type { Migration } from '../../sqlite/store.ts'

/**
 * INVARIANT: `case_events` is only ever added to; `cases` is made of it and of the reports, for queues.
 * What was reported stands in none of these tables.
 */
export const caseMigrations: readonly Migration[] = [
  {
    id: 'cases/0001-cases',
    sql: `CREATE TABLE cases (
      id TEXT PRIMARY KEY,
      room TEXT NOT NULL,
      subject TEXT NOT NULL,
      isolated INTEGER NOT NULL,
      queue TEXT NOT NULL,
      category TEXT NOT NULL,
      severity INTEGER NOT NULL,
      stage TEXT NOT NULL,
      phase TEXT NOT NULL,
      fresh INTEGER NOT NULL DEFAULT 1,
      holder TEXT,
      lease_until_ms INTEGER,
      opened_ms INTEGER NOT NULL,
      last_report_ms INTEGER NOT NULL,
      due_ms INTEGER NOT NULL,
      rank REAL NOT NULL,
      reports INTEGER NOT NULL,
      verified INTEGER NOT NULL,
      reporters INTEGER NOT NULL,
      weight REAL NOT NULL,
      brigading INTEGER NOT NULL,
      held INTEGER NOT NULL,
      outcome TEXT,
      decided_ms INTEGER,
      keep_until_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX cases_fresh ON cases (room, subject, isolated) WHERE fresh = 1;
    CREATE INDEX cases_waiting ON cases (room, subject, isolated) WHERE stage = 'waiting';
    CREATE INDEX cases_rank ON cases (queue, stage, rank, id);
    CREATE INDEX cases_due ON cases (queue, stage, due_ms, id);
    CREATE INDEX cases_severity_rank ON cases (queue, stage, severity, rank, id);
    CREATE INDEX cases_severity_due ON cases (queue, stage, severity, due_ms, id);
    CREATE INDEX cases_holder ON cases (holder) WHERE holder IS NOT NULL;
    CREATE INDEX cases_subject ON cases (subject);
    CREATE INDEX cases_last ON cases (last_report_ms) WHERE stage = 'waiting';
    CREATE INDEX cases_kept ON cases (keep_until_ms) WHERE keep_until_ms IS NOT NULL;
    CREATE TABLE queue_sizes (
      queue TEXT NOT NULL,
      stage TEXT NOT NULL,
      cases INTEGER NOT NULL,
      PRIMARY KEY (queue, stage)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER cases_come AFTER INSERT ON cases BEGIN
      INSERT INTO queue_sizes (queue, stage, cases) VALUES (new.queue, new.stage, 1)
        ON CONFLICT DO UPDATE SET cases = cases + 1;
    END;
    CREATE TRIGGER cases_go AFTER DELETE ON cases BEGIN
      UPDATE queue_sizes SET cases = cases - 1 WHERE queue = old.queue AND stage = old.stage;
    END;
    CREATE TRIGGER cases_move AFTER UPDATE OF queue, stage ON cases
      WHEN new.queue <> old.queue OR new.stage <> old.stage BEGIN
      UPDATE queue_sizes SET cases = cases - 1 WHERE queue = old.queue AND stage = old.stage;
      INSERT INTO queue_sizes (queue, stage, cases) VALUES (new.queue, new.stage, 1)
        ON CONFLICT DO UPDATE SET cases = cases + 1;
    END;
    CREATE TABLE case_events (
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      actor TEXT NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (case_id, version)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_events_actor ON case_events (actor, kind, at_ms);
    CREATE TABLE case_reports (
      report TEXT PRIMARY KEY,
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      reporter TEXT NOT NULL,
      result TEXT NOT NULL,
      received_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_reports_case ON case_reports (case_id, report);
    CREATE INDEX case_reports_reporter ON case_reports (reporter, received_ms);
    CREATE TABLE case_messages (
      room TEXT NOT NULL,
      message_id BLOB NOT NULL,
      isolated INTEGER NOT NULL,
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      PRIMARY KEY (room, message_id, isolated)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_messages_case ON case_messages (case_id);
    CREATE TABLE case_reporters (
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      reporter TEXT NOT NULL,
      provider TEXT NOT NULL,
      weight REAL NOT NULL,
      first_ms INTEGER NOT NULL,
      PRIMARY KEY (case_id, reporter)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_reporters_time ON case_reporters (case_id, provider, first_ms);
    CREATE TABLE case_providers (
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      provider TEXT NOT NULL,
      reporters INTEGER NOT NULL,
      weight REAL NOT NULL,
      PRIMARY KEY (case_id, provider)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER case_reporters_new AFTER INSERT ON case_reporters BEGIN
      INSERT INTO case_providers (case_id, provider, reporters, weight)
        VALUES (new.case_id, new.provider, 1, new.weight)
        ON CONFLICT (case_id, provider) DO UPDATE
          SET reporters = reporters + 1, weight = weight + excluded.weight;
    END;
    CREATE TRIGGER case_reporters_heavier AFTER UPDATE OF weight ON case_reporters BEGIN
      UPDATE case_providers SET weight = weight + new.weight - old.weight
        WHERE case_id = new.case_id AND provider = new.provider;
    END;
    CREATE TABLE reporter_outcomes (
      reporter TEXT NOT NULL,
      case_id TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      PRIMARY KEY (reporter, case_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reporter_outcomes_case ON reporter_outcomes (case_id);
    CREATE INDEX reporter_outcomes_time ON reporter_outcomes (at_ms);
    CREATE TABLE case_decisions (
      id TEXT PRIMARY KEY,
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      bulk TEXT,
      state TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_decisions_case ON case_decisions (case_id);
    CREATE INDEX case_decisions_bulk ON case_decisions (bulk) WHERE bulk IS NOT NULL;
    CREATE TABLE case_sanctions (
      id TEXT PRIMARY KEY,
      decision TEXT NOT NULL,
      position INTEGER NOT NULL,
      state TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_sanctions_decision ON case_sanctions (decision, position);
    CREATE INDEX case_sanctions_due ON case_sanctions (state, decision, position) WHERE state IN ('to-apply', 'to-undo');
    CREATE TABLE case_appeals (
      id TEXT PRIMARY KEY,
      case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
      decision TEXT NOT NULL,
      filed_ms INTEGER NOT NULL,
      filed_by TEXT NOT NULL,
      words TEXT NOT NULL,
      state TEXT NOT NULL,
      decided_ms INTEGER,
      decided_by TEXT,
      reasons TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_appeals_state ON case_appeals (state, id);
    CREATE TABLE case_deletions (
      case_id TEXT PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      class TEXT NOT NULL,
      actor TEXT NOT NULL,
      reports INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
  },
  {
    // Handles across cases stand in `reporter_tracks`; those of before mean nothing any more.
    id: 'cases/0002-reporter-tracks',
    sql: `DROP INDEX case_reports_reporter;
    ALTER TABLE case_reports DROP COLUMN reporter;
    DELETE FROM reporter_outcomes;
    ALTER TABLE reporter_outcomes RENAME COLUMN reporter TO track`,
  },
  {
    id: 'cases/0003-notice-openings',
    sql: `CREATE TABLE notice_openings (
      provider TEXT NOT NULL,
      notice TEXT NOT NULL,
      actor TEXT NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX notice_openings_notice ON notice_openings (provider, notice);
    CREATE INDEX notice_openings_actor ON notice_openings (actor, at_ms);
    CREATE INDEX notice_openings_time ON notice_openings (at_ms)`,
  },
  {
    id: 'cases/0004-disclosures',
    sql: `CREATE TABLE evidence_disclosures (
      case_id TEXT NOT NULL,
      report TEXT NOT NULL,
      authority TEXT NOT NULL,
      basis TEXT NOT NULL,
      policies TEXT NOT NULL,
      actor TEXT NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX evidence_disclosures_time ON evidence_disclosures (at_ms)`,
  },
]
