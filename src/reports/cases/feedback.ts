import type { Clock } from '../../model/clock.ts'
import { textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import type { ReportProgress } from '../report-desk.ts'

/** How far a report has come, for whoever holds its receipt; without names, content and actions. */
export interface ReportFeedback {
  readonly status: 'received' | 'under-review' | 'decided'
  /** Once decided. `reversed`: an appeal took the action back. */
  readonly outcome: 'action' | 'no-action' | 'not-verified' | 'reversed' | undefined
}

interface FeedbackParts {
  readonly store: Pick<Store, 'get'>
  readonly clock: Clock
}

/** By the id of the receipt; undefined for a report that is not known, or not any more. */
export function feedbackOf(
  { store, clock }: FeedbackParts,
  report: string,
): ReportFeedback | undefined {
  const row = store.get(FEEDBACK, [clock(), report])
  if (row === undefined) return undefined
  const phase = textColumn(row, 'phase')
  if (phase === 'open') return { status: 'received', outcome: undefined }
  if (phase === 'claimed' || phase === 'proposed')
    return { status: 'under-review', outcome: undefined }
  return { status: 'decided', outcome: OUTCOMES.get(textColumn(row, 'outcome')) }
}

/** What a case has found, as far as it decides where its reports may go. */
export interface CaseFinding {
  /** It was decided that something is done, and that stands. */
  readonly decided: boolean
  /** What a person found, whatever was reported: whoever decides to act does. */
  readonly confirmed: string | undefined
}

/** Of the case that a report joined. */
export function findingOf(parts: FeedbackParts, report: string): CaseFinding {
  const { outcome, status } = feedbackOf(parts, report) ?? {}
  if (status !== 'decided' || outcome !== 'action') return { decided: false, confirmed: undefined }
  const row = parts.store.get(DECIDED_CATEGORY, [report])
  return { decided: true, confirmed: row && textColumn(row, 'category') }
}

/** The same in the words that reporters' providers read. */
export function progressOf(feedback: ReportFeedback | undefined): ReportProgress {
  switch (feedback?.status) {
    case undefined:
    case 'received':
      return 'received'
    case 'under-review':
      return 'under_review'
    case 'decided':
      return `decided:${(feedback?.outcome ?? 'no-action').replaceAll('-', '_')}`
  }
}

/** Nobody is told that their report was unfounded: that nothing was done says enough. */
const OUTCOMES: ReadonlyMap<string, NonNullable<ReportFeedback['outcome']>> = new Map([
  ['action', 'action'],
  ['no-action', 'no-action'],
  ['unfounded', 'no-action'],
  ['not-verified', 'not-verified'],
  ['reversed', 'reversed'],
])
const DECIDED_CATEGORY = `SELECT json_extract(body, '$.form.category') AS category FROM case_decisions
  WHERE case_id = (SELECT case_id FROM case_reports WHERE report = ?) AND state = 'taken'
  ORDER BY id DESC LIMIT 1`
/** A claim that has run out is none: nobody looks at it. */
const FEEDBACK = `SELECT iif(phase = 'claimed' AND lease_until_ms <= ?, 'open', phase) AS phase,
  coalesce(outcome, '') AS outcome FROM cases
  WHERE id = (SELECT case_id FROM case_reports WHERE report = ?)`
