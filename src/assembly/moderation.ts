import { feedbackOf, progressOf } from '../reports/cases/feedback.ts'
import { openCaseDesk, type CaseDeskParts, type OpenedCases } from './case-desk.ts'
import { openReportDesk, type DeskParts, type OpenedDesk } from './report-desk.ts'

export type OpenedModeration = OpenedCases & Omit<OpenedDesk, 'reports'>

/** The intake of reports and the cases made of them. Throws `policy-invalid`. */
export async function openModeration(
  parts: CaseDeskParts & Omit<DeskParts, 'progress'>,
): Promise<OpenedModeration> {
  const progress = (report: string) => progressOf(feedbackOf(parts, report))
  const { reports, ...intake } = openReportDesk({ ...parts, progress })
  return { ...intake, ...(await openCaseDesk(parts, reports)) }
}
