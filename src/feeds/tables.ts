import type { Migration } from '../sqlite/store.ts'

/**
 * What happens is written down by triggers of the tables in which it happens: in the same transaction,
 * whoever makes it happen, and only while somebody wants to be told.
 */
export const feedMigrations: readonly Migration[] = [
  {
    id: 'feeds/0001-feeds',
    sql: `CREATE TABLE feeds (
      name TEXT PRIMARY KEY,
      done INTEGER NOT NULL,
      number INTEGER NOT NULL DEFAULT 0,
      lost INTEGER NOT NULL DEFAULT 0,
      delivered_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE happenings (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
      at_ms INTEGER NOT NULL,
      name TEXT NOT NULL,
      case_id TEXT NOT NULL,
      category TEXT NOT NULL,
      state TEXT,
      due_ms INTEGER,
      outcome TEXT,
      result TEXT,
      report TEXT,
      kind TEXT,
      actor TEXT
    ) STRICT;
    CREATE TABLE feed_dead_letters (
      feed TEXT NOT NULL REFERENCES feeds (name) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      seq INTEGER NOT NULL REFERENCES happenings (seq),
      reason TEXT NOT NULL,
      status INTEGER,
      died_ms INTEGER NOT NULL,
      again_ms INTEGER,
      PRIMARY KEY (feed, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX feed_dead_letters_seq ON feed_dead_letters (seq);
    CREATE INDEX feed_dead_letters_again ON feed_dead_letters (feed, number) WHERE again_ms IS NOT NULL;
    CREATE TRIGGER happens_opened AFTER INSERT ON cases WHEN EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, state, due_ms)
        VALUES (new.opened_ms, 'case.opened', new.id, new.category, new.phase, new.due_ms);
    END;
    CREATE TRIGGER happens_report AFTER INSERT ON case_reports WHEN EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, result, report)
        SELECT new.received_ms, 'report.received', new.case_id, category, new.result, new.report
        FROM reports WHERE id = new.report;
    END;
    CREATE TRIGGER happens_case AFTER UPDATE OF phase ON cases WHEN EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, state, due_ms, outcome, report, actor)
        SELECT at_ms, name, new.id, new.category, new.phase,
          CASE new.stage WHEN 'waiting' THEN new.due_ms END, new.outcome, report, actor
        FROM (SELECT at_ms, actor, json_extract(body, '$.report') AS report, CASE kind
            WHEN 'claimed' THEN 'case.claimed'
            WHEN 'handed-over' THEN 'case.claimed'
            WHEN 'released' THEN 'case.released'
            WHEN 'proposed' THEN 'case.proposed'
            WHEN 'rejected' THEN 'case.rejected'
            WHEN 'decided' THEN 'case.decided'
            WHEN 'approved' THEN 'case.decided'
            WHEN 'undone' THEN 'case.undone'
            WHEN 'appealed' THEN 'case.appealed'
            WHEN 'appeal-decided' THEN 'appeal.decided'
            WHEN 'closed' THEN 'case.closed'
            WHEN 'reopened' THEN 'case.reopened'
            WHEN 'evidence-opened' THEN 'evidence.opened'
            WHEN 'reporters-viewed' THEN 'reporters.viewed'
            WHEN 'exported' THEN 'case.exported'
            WHEN 'disclosed' THEN 'case.disclosed'
          END AS name
          FROM case_events WHERE case_id = new.id ORDER BY version DESC LIMIT 1)
        WHERE name IS NOT NULL;
    END;
    CREATE TRIGGER happens_sanction AFTER INSERT ON sanctions WHEN EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, state, kind)
        SELECT new.updated_at_ms, 'sanction.state', cases.id, category, new.state,
          json_extract(new.document, '$.kind')
        FROM case_sanctions
          JOIN case_decisions ON case_decisions.id = case_sanctions.decision
          JOIN cases ON cases.id = case_decisions.case_id
        WHERE case_sanctions.id IN (new.id, json_extract(new.document, '$.undoes')) LIMIT 1;
    END;
    CREATE TRIGGER happens_sanction_state AFTER UPDATE OF state ON sanctions
      WHEN new.state <> old.state AND EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, state, kind)
        SELECT new.updated_at_ms, 'sanction.state', cases.id, category, new.state,
          json_extract(new.document, '$.kind')
        FROM case_sanctions
          JOIN case_decisions ON case_decisions.id = case_sanctions.decision
          JOIN cases ON cases.id = case_decisions.case_id
        WHERE case_sanctions.id IN (new.id, json_extract(new.document, '$.undoes')) LIMIT 1;
    END;
    CREATE TRIGGER happens_answer AFTER UPDATE OF state ON notices_sent
      WHEN new.state IS NOT old.state AND new.type IN ('notice', 'strike')
        AND EXISTS (SELECT 1 FROM feeds) BEGIN
      INSERT INTO happenings (at_ms, name, case_id, category, state)
        SELECT coalesce(new.answer_issued_ms, new.created_ms), 'notice.answered', id, category, new.state
        FROM cases WHERE id = coalesce(
          (SELECT case_id FROM case_reports WHERE report = new.about),
          (SELECT case_id FROM case_sanctions
            JOIN case_decisions ON case_decisions.id = case_sanctions.decision
            WHERE case_sanctions.id = new.about));
    END`,
  },
]
