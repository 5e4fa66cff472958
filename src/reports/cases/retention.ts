import { numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import { trackStartMs } from '../handles.ts'
import { forgetTracksStatement } from '../reporter-tracks.ts'
import { append, caseOf, type KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { RETENTION_MS, retentionClassOf, UNDECIDED_KEPT_MS } from './retention-classes.ts'

/** A deletion that was carried out. Nothing of the case is left but this. */
export interface Deletion {
  readonly case: string
  readonly atMs: number
  /** `asked` where a person had it deleted before its time. */
  readonly class: string
  readonly by: string
  readonly reports: number
}

/**
 * Closes what nobody can appeal against any more and deletes what has served its time, reports with
 * their sealed evidence included; what is under a legal hold stays, and what somebody works on. Resolves
 * to what was deleted.
 */
export async function sweepCases({
  store,
  clock,
}: Pick<CaseParts, 'store' | 'clock'>): Promise<readonly Deletion[]> {
  const nowMs = clock()
  const deleted: Deletion[] = []
  for (;;) {
    const rows = store.all(DUE, [
      nowMs,
      nowMs - RETENTION_MS['not-verified'],
      nowMs - UNDECIDED_KEPT_MS,
      nowMs - RETENTION_MS.action,
      BATCH_ROWS,
    ])
    const before = deleted.length
    for (const row of rows) {
      const deletion = await deleteDue(store, row, nowMs)
      if (deletion !== undefined) deleted.push(deletion)
    }
    if (rows.length < BATCH_ROWS || deleted.length === before) break
  }
  await store.writeAll([forgetTracksStatement(nowMs), [FORGET_OUTCOMES, [trackStartMs(nowMs)]]])
  await deleteOrphans(store, nowMs - UNDECIDED_KEPT_MS)
  return deleted
}

/**
 * Deletes a case with its reports at once, and writes down that it was done. Undefined, and nothing is
 * deleted, where it is under a hold, or something happened or a report joined since it was seen.
 */
export async function deleteCase(
  store: Store,
  { row: { id, lastReportAtMs }, state }: Pick<KnownCase, 'row' | 'state'>,
  { atMs, class: kept, by }: Pick<Deletion, 'atMs' | 'class' | 'by'>,
): Promise<Deletion | undefined> {
  const seen = [id, lastReportAtMs, state.version] as const
  // Whether it may go is asked anew where it is written: each statement holds on to the same condition.
  await store.writeAll([
    [LOG, [atMs, kept, by, ...seen]],
    [DELETE_REPORTS, [id, ...seen]],
    [DELETE_SANCTIONS, [id, ...seen]],
    [DELETE_OUTCOMES, [id, ...seen]],
    [DELETE_CASE, seen],
  ])
  const row = store.get(DELETION, [id])
  return row && deletionOf(row)
}

/** Deletions that were carried out, newest first. */
export function deletionsOf(store: Store, limit: number): readonly Deletion[] {
  return store.all(DELETIONS, [Math.min(limit, DELETIONS_MAX)]).map(deletionOf)
}

function deletionOf(row: Row): Deletion {
  return {
    case: textColumn(row, 'case_id'),
    atMs: numberColumn(row, 'at_ms'),
    class: textColumn(row, 'class'),
    by: textColumn(row, 'actor'),
    reports: numberColumn(row, 'reports'),
  }
}

async function deleteDue(store: Store, row: Row, nowMs: number): Promise<Deletion | undefined> {
  const id = textColumn(row, 'id')
  const found = caseOf(store, id)
  const known =
    found.state.phase === 'decided'
      ? await append(store, id, () => ({ event: { kind: 'closed', atMs: nowMs, by: 'gateway' } }))
      : found
  return deleteCase(store, known, { atMs: nowMs, class: classOf(known), by: 'gateway' })
}

function classOf({ row, state }: KnownCase): string {
  if (state.decision !== undefined) return retentionClassOf(row.queue, state)
  return row.verified === 0 ? 'not-verified' : 'undecided'
}

/** Reports that never got a case: joining them failed for half a year. */
async function deleteOrphans(store: Store, beforeMs: number): Promise<void> {
  while ((await store.change(DELETE_ORPHANS, [beforeMs, BATCH_ROWS])) > 0);
}

const BATCH_ROWS = 100
const DELETIONS_MAX = 1_000
/** What was told to others is kept as long as it could be appealed against: its end has to be told too. */
const NOT_TAKEN_OUT = `NOT EXISTS (SELECT 1 FROM case_events
    JOIN case_decisions ON case_decisions.id = json_extract(case_events.body, '$.decision')
    WHERE case_events.case_id = cases.id AND kind = 'exported'
      AND json_extract(case_decisions.body, '$.statement.decidedAtMs') > ?4)`
/** A proposal is on its way to a decision, whatever was verified. */
const WAITED_SINCE = `CASE WHEN verified = 0 AND phase <> 'proposed' THEN ?2 ELSE ?3 END`
const DUE = `SELECT id FROM cases
    WHERE held = 0 AND keep_until_ms IS NOT NULL AND keep_until_ms <= ?1 AND ${NOT_TAKEN_OUT}
  UNION ALL SELECT id FROM cases
    WHERE held = 0 AND stage = 'waiting' AND last_report_ms <= ?2
      AND last_report_ms <= ${WAITED_SINCE}
      AND (lease_until_ms IS NULL OR lease_until_ms <= ?1)
      AND NOT EXISTS (SELECT 1 FROM case_events WHERE case_id = cases.id
        AND kind IN ('undone', 'rejected', 'reopened') AND at_ms > ${WAITED_SINCE})
      AND ${NOT_TAKEN_OUT}
  LIMIT ?5`
const GOES = `id = ? AND held = 0 AND last_report_ms <= ?
  AND NOT EXISTS (SELECT 1 FROM case_events WHERE case_id = cases.id AND version > ?)`
const IF_GOES = `AND EXISTS (SELECT 1 FROM cases WHERE ${GOES})`
const LOG = `INSERT INTO case_deletions (case_id, at_ms, class, actor, reports)
  SELECT id, ?, ?, ?, (SELECT count(*) FROM case_reports WHERE case_id = cases.id)
  FROM cases WHERE ${GOES}`
const DELETE_REPORTS = `DELETE FROM reports
  WHERE id IN (SELECT report FROM case_reports WHERE case_id = ?) ${IF_GOES}`
const DELETE_SANCTIONS = `DELETE FROM case_sanctions
  WHERE decision IN (SELECT id FROM case_decisions WHERE case_id = ?)
    AND state NOT IN ('to-apply', 'to-undo') ${IF_GOES}`
const DELETE_OUTCOMES = `DELETE FROM reporter_outcomes WHERE case_id = ? ${IF_GOES}`
const DELETE_CASE = `DELETE FROM cases WHERE ${GOES}`
const DELETION = `SELECT case_id, at_ms, class, actor, reports FROM case_deletions WHERE case_id = ?`
const DELETIONS = `SELECT case_id, at_ms, class, actor, reports FROM case_deletions
  ORDER BY at_ms DESC, case_id DESC LIMIT ?`
/** What was decided under handles that nobody has any more. */
const FORGET_OUTCOMES = 'DELETE FROM reporter_outcomes WHERE at_ms < ?'
const DELETE_ORPHANS = `DELETE FROM reports WHERE id IN (SELECT id FROM reports
  WHERE received_ms < ? AND NOT EXISTS (SELECT 1 FROM case_reports WHERE report = reports.id)
  ORDER BY id LIMIT ?)`
