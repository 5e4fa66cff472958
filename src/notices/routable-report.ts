import type { ReportDetail } from '../reports/report-desk.ts'
import { consentOf } from './consent.ts'
import type { ReportToRoute } from './report-router.ts'

/** A stored report as policies see it. */
export function routableReport({
  summary,
  checks,
}: Pick<ReportDetail, 'summary' | 'checks'>): ReportToRoute {
  const methods = checks.filter(({ result }) => result === 'verified').map(({ method }) => method)
  return { ...summary, methods, consent: consentOf(summary.consentFlags) }
}
