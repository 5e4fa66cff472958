import type { Audience, FieldName } from '../model/metadata.ts'

/**
 * For how many days a hub keeps a report, by what came of it: after its decision, and while nobody decides
 * after the last report of its case. What suites and requirements documents state, and what is deleted
 * when, both come from here. `action`: a little longer than it can be appealed against. docs/moderation.md
 */
export const reportRetentionDays = {
  notVerified: 14,
  noAction: 30,
  undecided: 180,
  action: 185,
  childSafety: 366,
} as const

/** Of them the longest: what is stated. */
export const reportsKeptDays = Math.max(...Object.values(reportRetentionDays))

/** Whether the audience keeps the field as part of a report, in whatever suite. */
export function isKeptAsReport(field: FieldName, audience: Audience): boolean {
  return audience === 'hub' && isReportField(field)
}

/** Shown by whoever reports, for nothing but moderation. */
export function isReportField(field: FieldName): boolean {
  return field.startsWith('report.')
}
