import type { Migration, Statement } from '../sqlite/store.ts'
import { trackStartMs } from './handles.ts'
import type { NewReport } from './report-store.ts'

/**
 * Whose report is whose, across rooms and subjects, for as long as a handle that weighs is in use.
 * INVARIANT: no other table keeps such handles beyond that, so nothing strings reports together for longer.
 */
export const reporterTrackMigrations: readonly Migration[] = [
  {
    id: 'reports/0005-reporter-tracks',
    sql: `CREATE TABLE reporter_tracks (
      report TEXT PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
      track TEXT NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reporter_tracks_track ON reporter_tracks (track, at_ms);
    CREATE INDEX reporter_tracks_time ON reporter_tracks (at_ms)`,
  },
]

export function trackStatement({ id, track, receivedAtMs }: NewReport): Statement {
  return [INSERT, [id, track, receivedAtMs]]
}

/** Forgets the handles of before: nobody reports under them any more. */
export function forgetTracksStatement(nowMs: number): Statement {
  return [FORGET, [trackStartMs(nowMs)]]
}

const INSERT = 'INSERT INTO reporter_tracks (report, track, at_ms) VALUES (?, ?, ?)'
const FORGET = 'DELETE FROM reporter_tracks WHERE at_ms < ?'
