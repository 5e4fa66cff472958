import type { ReportDetail } from '../reports/report-desk.ts'
import type { ReportToRoute } from './report-router.ts'
import { consentOf } from './report-taken.ts'

/** A stored report as policies see it. */
export function routableReport({
  summary,
  checks,
}: Pick<ReportDetail, 'summary' | 'checks'>): ReportToRoute {
  const methods = checks.filter(({ result }) => result === 'verified').map(({ method }) => method)
  return { ...summary, methods, consent: consentOf(summary.consentFlags) }
}
