import { numberColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import { REPORTER_HANDLE_MS } from '../handles.ts'
import type { ReportResult } from '../intake.ts'

/**
 * What one report of a reporter weighs: 1 for somebody unknown, towards 2 for those whose reports led to
 * action within 30 days, towards 0.1 for those whose reports did not. Reports beyond 30 a day weigh
 * nothing, and are kept. What could not be verified says nothing of its reporter: whoever was on the way
 * may have swapped the frank.
 */
export function weightOf(
  store: Store,
  { reporter, result }: { readonly reporter: string; readonly result: ReportResult },
  nowMs: number,
): number {
  const ofDay = store.get(COUNT_DAY, [reporter, nowMs - DAY_MS, REPORTS_PER_DAY])
  if (ofDay !== undefined && numberColumn(ofDay, 'reports') >= REPORTS_PER_DAY) return 0
  const known = store.get(ACCURACY, [reporter, nowMs - ACCURACY_MS])
  const [right, all] =
    known === undefined ? [0, 0] : [numberColumn(known, 'right'), numberColumn(known, 'total')]
  // Of Laplace: one right and one wrong report before the first.
  const accuracy = (right + 1) / (all + 2)
  return Math.max(2 * accuracy, ACCURACY_WEIGHT_MIN) * RESULT_FACTORS[result]
}

/** How far back reports count: there is nothing older under the same handle. */
export const ACCURACY_MS = REPORTER_HANDLE_MS
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
const COUNT_DAY = `SELECT count(*) AS reports FROM (SELECT 1 FROM case_reports
  WHERE reporter = ? AND received_ms > ? LIMIT ?)`
/** An unfounded report counts as two wrong ones. */
const ACCURACY = `SELECT coalesce(sum(outcome = 'action'), 0) AS right,
  coalesce(sum(CASE outcome WHEN 'unfounded' THEN 2 ELSE 1 END), 0) AS total
  FROM reporter_outcomes WHERE reporter = ? AND at_ms > ? AND outcome <> 'not-verified'`
