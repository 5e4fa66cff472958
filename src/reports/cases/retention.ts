import { numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import { trackStartMs } from '../handles.ts'
import { forgetTracksStatement } from '../reporter-tracks.ts'
import { append, caseOf } from './case-log.ts'
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
 * their sealed evidence included; what is under a legal hold stays. Resolves to what was deleted.
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
 * deleted, where it is under a hold or a report joined since `seenMs`.
 */
export async function deleteCase(
  store: Store,
  id: string,
  { seenMs, ...record }: Pick<Deletion, 'atMs' | 'class' | 'by'> & { readonly seenMs: number },
): Promise<Deletion | undefined> {
  const { atMs, class: kept, by } = record
  // Whether it may go is asked anew where it is written: each statement holds on to the same condition.
  await store.writeAll([
    [LOG, [atMs, kept, by, id, seenMs]],
    [DELETE_REPORTS, [id, id, seenMs]],
    [DELETE_SANCTIONS, [id, id, seenMs]],
    [DELETE_OUTCOMES, [id, id, seenMs]],
    [DELETE_CASE, [id, seenMs]],
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
  const { row: known, state } = caseOf(store, id)
  const isDecided = state.decision !== undefined
  if (state.phase === 'decided')
    await append(store, id, () => ({ event: { kind: 'closed', atMs: nowMs, by: 'gateway' } }))
  const kept = isDecided
    ? retentionClassOf(known.queue, state)
    : known.verified === 0
      ? 'not-verified'
      : 'undecided'
  const seenMs = known.lastReportAtMs
  return deleteCase(store, id, { atMs: nowMs, class: kept, by: 'gateway', seenMs })
}

/** Reports that never got a case: joining them failed for half a year. */
async function deleteOrphans(store: Store, beforeMs: number): Promise<void> {
  while ((await store.change(DELETE_ORPHANS, [beforeMs, BATCH_ROWS])) > 0);
}

const BATCH_ROWS = 100
const DELETIONS_MAX = 1_000
const DUE = `SELECT id FROM cases
    WHERE held = 0 AND keep_until_ms IS NOT NULL AND keep_until_ms <= ?1
  UNION ALL SELECT id FROM cases
    WHERE held = 0 AND stage = 'waiting' AND last_report_ms <= ?2
      AND (verified = 0 AND phase <> 'proposed' OR last_report_ms <= ?3)
  LIMIT ?4`
const GOES = `id = ? AND held = 0 AND last_report_ms <= ?`
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
