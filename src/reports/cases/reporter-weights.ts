import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import type { ReportResult } from '../intake.ts'

/**
 * What one report of a reporter weighs: 1 for somebody unknown, towards 2 for those whose reports led to
 * action under the same handle, towards 0.1 for those whose reports did not. Reports beyond 30 on one day
 * in UTC weigh nothing, and are kept. What could not be verified says nothing of its reporter: whoever was on the way
 * may have swapped the frank.
 */
export function weightOf(
  store: Store,
  { report, result }: { readonly report: string; readonly result: ReportResult },
): number {
  const track = store.get(TRACK, [report])
  // It waited for its case until its handle was forgotten: it weighs as of somebody unknown.
  if (track === undefined) return RESULT_FACTORS[result]
  const handle = textColumn(track, 'track')
  const atMs = numberColumn(track, 'at_ms')
  const ofDay = store.get(COUNT_DAY, [handle, atMs - (atMs % DAY_MS), REPORTS_PER_DAY])
  if (ofDay !== undefined && numberColumn(ofDay, 'reports') >= REPORTS_PER_DAY) return 0
  const known = store.get(ACCURACY, [handle])
  const [right, all] =
    known === undefined ? [0, 0] : [numberColumn(known, 'right'), numberColumn(known, 'total')]
  // Of Laplace: one right and one wrong report before the first.
  const accuracy = (right + 1) / (all + 2)
  return Math.max(2 * accuracy, ACCURACY_WEIGHT_MIN) * RESULT_FACTORS[result]
}

/** No more than this of one provider's reporters counts on a case. */
export const PROVIDER_WEIGHT_MAX = 3

const DAY_MS = 86_400_000
const REPORTS_PER_DAY = 30
const ACCURACY_WEIGHT_MIN = 0.1
const RESULT_FACTORS: Readonly<Record<ReportResult, number>> = {
  verified: 1,
  unverifiable: 0.5,
  'not-checked': 0.5,
  contradicted: 0,
}
const TRACK = 'SELECT track, at_ms FROM reporter_tracks WHERE report = ?'
/** Those of its day that have a case. */
const COUNT_DAY = `SELECT count(*) AS reports FROM (SELECT 1 FROM reporter_tracks
  JOIN case_reports USING (report) WHERE track = ? AND at_ms >= ? LIMIT ?)`
/** An unfounded report counts as two wrong ones. */
const ACCURACY = `SELECT coalesce(sum(outcome = 'action'), 0) AS right,
  coalesce(sum(CASE outcome WHEN 'unfounded' THEN 2 ELSE 1 END), 0) AS total
  FROM reporter_outcomes WHERE track = ? AND outcome <> 'not-verified'`
