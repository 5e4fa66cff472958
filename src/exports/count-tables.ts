import type { Migration } from '../sqlite/store.ts'

/**
 * Counts by calendar month (UTC), written by triggers with what they count: all or none, and there when
 * the case has been deleted. INVARIANT: no person, no room and no report stands in them, and nothing of
 * complaints about moderators and providers is counted.
 */
export const exportMigrations: readonly Migration[] = [
  {
    id: 'exports/0001-monthly-counts',
    sql: `CREATE TABLE monthly_counts (
      month TEXT NOT NULL,
      measure TEXT NOT NULL,
      dimension TEXT NOT NULL,
      value TEXT NOT NULL,
      number INTEGER NOT NULL,
      PRIMARY KEY (month, measure, dimension, value)
    ) STRICT, WITHOUT ROWID;
    CREATE VIEW counted (at_ms, measure, dimension, value) AS SELECT 0, '', '', '' WHERE false;
    CREATE TRIGGER count_counted INSTEAD OF INSERT ON counted WHEN new.value IS NOT NULL BEGIN
      INSERT INTO monthly_counts (month, measure, dimension, value, number)
        VALUES (strftime('%Y-%m', new.at_ms / 1000, 'unixepoch'),
          new.measure, new.dimension, new.value, 1)
        ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TRIGGER count_reports AFTER INSERT ON reports
      WHEN new.category NOT IN ('system.moderator', 'system.provider', 'appeal') BEGIN
      INSERT INTO counted VALUES
        (new.received_ms, 'reports', 'total', ''),
        (new.received_ms, 'reports', 'category', new.category),
        (new.received_ms, 'reports', 'form', iif(new.messages > 0, 'messages', 'participant')),
        (new.received_ms, 'reports', 'result', new.result),
        (new.received_ms, 'reports', 'provider', new.provider);
    END;
    CREATE TRIGGER count_spam AFTER INSERT ON spam_copies BEGIN
      INSERT INTO counted VALUES
        (new.at_ms, 'reports', 'total', ''),
        (new.at_ms, 'reports', 'category', 'spam'),
        (new.at_ms, 'reports', 'form', 'content-free'),
        (new.at_ms, 'reports', 'result', 'verified');
    END;
    CREATE VIEW taken_decisions AS
      SELECT decisions.id,
        json_extract(body, '$.statement.decidedAtMs') AS at_ms,
        json_extract(body, '$.statement.decidedAtMs') - cases.opened_ms AS waited_ms,
        json_extract(body, '$.form.outcome') AS outcome,
        json_extract(body, '$.form.category') AS category,
        json_extract(body, '$.form.ground.kind') AS ground,
        json_extract(body, '$.form.automation.detection') AS detected,
        json_extract(body, '$.form.automation.decision') AS automation,
        json_extract(body, '$.form.actions') AS actions
      FROM case_decisions AS decisions JOIN cases ON cases.id = decisions.case_id
      WHERE decisions.state = 'taken' AND cases.isolated = 0
        AND json_extract(body, '$.form.category')
          NOT IN ('system.moderator', 'system.provider', 'appeal');
    CREATE TRIGGER taken_decisions_count INSTEAD OF INSERT ON taken_decisions BEGIN
      INSERT INTO counted
        SELECT at_ms, 'decisions', 'total', '' FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'outcome', outcome
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'category', category
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'ground', ground
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'found-by', iif(detected, 'program', 'people')
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'automation', automation
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'decisions', 'minutes', CAST(max(0, waited_ms) / 600000 * 10 AS TEXT)
          FROM taken_decisions WHERE id = new.id
        UNION ALL SELECT at_ms, 'actions', 'total', ''
          FROM taken_decisions, json_each(actions) WHERE taken_decisions.id = new.id
        UNION ALL SELECT at_ms, 'actions', 'kind', json_extract(json_each.value, '$.kind')
          FROM taken_decisions, json_each(actions) WHERE taken_decisions.id = new.id
        UNION ALL SELECT at_ms, 'actions', 'category', category
          FROM taken_decisions, json_each(actions) WHERE taken_decisions.id = new.id;
    END;
    CREATE TRIGGER count_decisions_taken AFTER INSERT ON case_decisions WHEN new.state = 'taken' BEGIN
      INSERT INTO taken_decisions (id) VALUES (new.id);
    END;
    CREATE TRIGGER count_decisions_approved AFTER UPDATE OF state ON case_decisions
      WHEN new.state = 'taken' AND old.state <> 'taken' BEGIN
      INSERT INTO taken_decisions (id) VALUES (new.id);
    END;
    CREATE TRIGGER count_case_events AFTER INSERT ON case_events
      WHEN new.kind IN ('undone', 'hold-set')
        AND (SELECT isolated FROM cases WHERE id = new.case_id) = 0 BEGIN
      INSERT INTO counted VALUES (new.at_ms,
        iif(new.kind = 'undone', 'decisions', 'legal-holds'),
        iif(new.kind = 'undone', 'taken-back', 'total'), '');
    END;
    CREATE TRIGGER count_appeals AFTER INSERT ON case_appeals
      WHEN (SELECT isolated FROM cases WHERE id = new.case_id) = 0 BEGIN
      INSERT INTO counted VALUES (new.filed_ms, 'appeals', 'total', '');
    END;
    CREATE TRIGGER count_appeals_decided AFTER UPDATE OF state ON case_appeals
      WHEN old.decided_ms IS NULL AND new.decided_ms IS NOT NULL
        AND (SELECT isolated FROM cases WHERE id = new.case_id) = 0 BEGIN
      INSERT INTO counted VALUES
        (new.decided_ms, 'appeals', 'outcome', new.state),
        (new.decided_ms, 'appeals', 'minutes', 
          CAST(max(0, new.decided_ms - new.filed_ms) / 600000 * 10 AS TEXT));
    END;
    CREATE TRIGGER count_notices_sent AFTER INSERT ON notices_sent
      WHEN new.type IN ('notice', 'strike') BEGIN
      INSERT INTO counted VALUES
        (new.created_ms, 'notices-sent', 'total', ''),
        (new.created_ms, 'notices-sent', 'type', new.type),
        (new.created_ms, 'notices-sent', 'provider', new.peer);
    END;
    CREATE TRIGGER count_notices_answered AFTER UPDATE OF answered_ms ON notices_sent
      WHEN old.answered_ms IS NULL AND new.answered_ms IS NOT NULL BEGIN
      INSERT INTO counted VALUES
        (new.answered_ms, 'notices-sent', 'first-final-answer', new.state);
    END;
    CREATE TRIGGER count_notices_retracted AFTER UPDATE OF retracted_ms ON notices_sent
      WHEN old.retracted_ms IS NULL AND new.retracted_ms IS NOT NULL BEGIN
      INSERT INTO counted VALUES (new.retracted_ms, 'notices-sent', 'retracted', '');
    END;
    CREATE TRIGGER count_notices_received AFTER INSERT ON notices_received BEGIN
      INSERT INTO counted VALUES
        (new.received_ms, 'notices-received', 'total', ''),
        (new.received_ms, 'notices-received', 'type', new.type),
        (new.received_ms, 'notices-received', 'provider', new.peer),
        (new.received_ms, 'notices-received', 'answer',
          iif(new.state IN ('received', 'under_review'), NULL, new.state));
    END;
    CREATE TRIGGER count_notices_decided AFTER UPDATE OF state ON notices_received
      WHEN old.state IN ('received', 'under_review') BEGIN
      INSERT INTO counted VALUES
        (new.decided_ms, 'notices-received', 'answer',
          iif(new.state IN ('received', 'under_review'), NULL, new.state));
    END`,
  },
]
