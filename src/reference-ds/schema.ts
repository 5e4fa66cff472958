import type { Migration } from '../sqlite/store.ts'

/** The tables of the reference delivery service. Forward-only: append, never change an entry. */
export const referenceDsMigrations: readonly Migration[] = [
  {
    id: 'reference-ds/1-accounts',
    sql: `
      CREATE TABLE ds_users (
        user TEXT PRIMARY KEY,
        require_consent INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE ds_clients (
        client TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES ds_users,
        token_digest BLOB NOT NULL UNIQUE
      ) STRICT;
      CREATE INDEX ds_clients_by_user ON ds_clients (user);
      CREATE TABLE ds_profiles (
        user TEXT NOT NULL REFERENCES ds_users,
        field TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (user, field)
      ) STRICT;
      CREATE INDEX ds_profiles_by_value ON ds_profiles (field, value);
      -- room is NULL until the pseudonym is used in one; then it is that room's for good.
      CREATE TABLE ds_pseudonyms (
        pseudonym TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES ds_users,
        room TEXT,
        UNIQUE (user, room)
      ) STRICT;
      CREATE TABLE ds_consents (
        requester TEXT NOT NULL,
        target TEXT NOT NULL,
        room TEXT NOT NULL, -- '' is any room
        granted INTEGER NOT NULL,
        PRIMARY KEY (requester, target, room)
      ) STRICT;
    `,
  },
  {
    id: 'reference-ds/2-key-packages',
    sql: `
      CREATE TABLE ds_key_packages (
        ref BLOB PRIMARY KEY,
        client TEXT NOT NULL REFERENCES ds_clients,
        user TEXT NOT NULL,
        pseudonym TEXT, -- NULL: basic credential
        not_before_ms INTEGER NOT NULL,
        not_after_ms INTEGER NOT NULL,
        signature_key BLOB NOT NULL,
        bytes BLOB NOT NULL,
        claimed INTEGER NOT NULL -- 1: handed out; stays to route its Welcome
      ) STRICT;
      CREATE INDEX ds_key_packages_free ON ds_key_packages (user, claimed, client);
      CREATE INDEX ds_key_packages_by_pseudonym ON ds_key_packages (pseudonym);
      CREATE INDEX ds_key_packages_by_expiry ON ds_key_packages (not_after_ms);
      -- The hub's memory of where each KeyPackage came from.
      CREATE TABLE ds_welcome_routes (
        ref BLOB PRIMARY KEY,
        provider TEXT NOT NULL,
        expires_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX ds_welcome_routes_by_expiry ON ds_welcome_routes (expires_ms);
    `,
  },
  {
    id: 'reference-ds/3-rooms',
    sql: `
      CREATE TABLE ds_rooms (
        room TEXT PRIMARY KEY,
        suite TEXT NOT NULL,
        state TEXT NOT NULL, -- creating: the gateway's answer is not known yet; active
        accepted_ms INTEGER NOT NULL,
        sequence INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE ds_groups (
        room TEXT PRIMARY KEY REFERENCES ds_rooms ON DELETE CASCADE,
        group_info BLOB NOT NULL,
        ratchet_tree BLOB NOT NULL
      ) STRICT;
      CREATE TABLE ds_pending_proposals (
        room TEXT NOT NULL,
        ref BLOB NOT NULL,
        position INTEGER NOT NULL,
        message BLOB NOT NULL,
        accepted_ms INTEGER NOT NULL,
        PRIMARY KEY (room, ref)
      ) STRICT;
      -- What was accepted lately, so that a repeated request gets the first one's answer.
      CREATE TABLE ds_accepted (
        room TEXT NOT NULL,
        digest BLOB NOT NULL,
        origin TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        accepted_ms INTEGER NOT NULL,
        PRIMARY KEY (room, digest)
      ) STRICT;
      CREATE INDEX ds_accepted_by_time ON ds_accepted (accepted_ms);
      -- Accepted and not yet handed to the gateway. id gives the order within a room.
      CREATE TABLE ds_fanouts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        room TEXT NOT NULL,
        body BLOB NOT NULL,
        destinations TEXT NOT NULL, -- JSON array of domains
        changes TEXT NOT NULL, -- JSON: what a commit did to the leaves
        attempts INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX ds_fanouts_by_room ON ds_fanouts (room, id);
    `,
  },
  {
    id: 'reference-ds/4-delivery',
    sql: `
      CREATE TABLE ds_members (
        room TEXT NOT NULL,
        client TEXT NOT NULL REFERENCES ds_clients,
        signature_key BLOB NOT NULL,
        PRIMARY KEY (room, client)
      ) STRICT;
      CREATE TABLE ds_events (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        room TEXT NOT NULL,
        change TEXT NOT NULL,
        body BLOB NOT NULL
      ) STRICT;
      CREATE TABLE ds_queues (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        client TEXT NOT NULL REFERENCES ds_clients,
        event INTEGER NOT NULL REFERENCES ds_events,
        withheld BLOB -- digest of the client's own submission while its answer is not known
      ) STRICT;
      CREATE INDEX ds_queues_by_client ON ds_queues (client, id);
      CREATE INDEX ds_queues_by_event ON ds_queues (event);
      CREATE TRIGGER ds_events_forget AFTER DELETE ON ds_queues
      WHEN NOT EXISTS (SELECT 1 FROM ds_queues WHERE event = OLD.event)
      BEGIN
        DELETE FROM ds_events WHERE id = OLD.event;
      END;
      CREATE TABLE ds_submissions (
        client TEXT NOT NULL,
        digest BLOB NOT NULL,
        answered INTEGER NOT NULL,
        submitted_ms INTEGER NOT NULL,
        PRIMARY KEY (client, digest)
      ) STRICT;
      CREATE INDEX ds_submissions_by_time ON ds_submissions (submitted_ms);
      CREATE TABLE ds_notifies (
        digest BLOB PRIMARY KEY,
        received_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX ds_notifies_by_time ON ds_notifies (received_ms);
    `,
  },
  {
    id: 'reference-ds/5-sanctions',
    sql: `
      -- One row: the last sanction of the gateway that is applied.
      CREATE TABLE ds_sanctions (sequence INTEGER NOT NULL) STRICT;
      INSERT INTO ds_sanctions (sequence) VALUES (0);
      CREATE TABLE ds_bans (
        room TEXT NOT NULL,
        participant TEXT NOT NULL,
        PRIMARY KEY (room, participant)
      ) STRICT;
      CREATE TABLE ds_retracted (
        room TEXT NOT NULL,
        tag BLOB NOT NULL,
        PRIMARY KEY (room, tag)
      ) STRICT;
    `,
  },
  {
    id: 'reference-ds/6-report-notices',
    sql: `
      -- One row: the last notice of the gateway that is in the queues.
      CREATE TABLE ds_report_notices (sequence INTEGER NOT NULL) STRICT;
      INSERT INTO ds_report_notices (sequence) VALUES (0);
    `,
  },
]
