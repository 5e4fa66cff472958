import type { Audience, FieldName, Form, Purpose } from '../model/metadata.ts'
import { audiences } from '../model/metadata.ts'
import { fieldList } from './fields.ts'
import { isKeptAsReport, isReportField, reportsKeptDays } from './report-retention.ts'
import type { SuiteEntry } from './suite.ts'

/** Floor and ceiling. */
export type Interval = readonly [floor: Form, ceiling: Form]

/** One row per field, one interval per audience: a suite as people read it. */
export type SuiteTable = Readonly<Record<FieldName, Readonly<Record<Audience, Interval>>>>

export interface SuiteTerms {
  /** Days for which an audience may keep what it is shown; reports have a time of their own. */
  readonly retentionDays: Readonly<Record<Audience, number>>
  /** Fields with a retention of their own, in days. */
  readonly fieldRetentionDays?: Readonly<Partial<Record<FieldName, number>>>
  /** Widths of numeric buckets, in the field's unit. */
  readonly widths: Readonly<Partial<Record<FieldName, number>>>
}

/** Never shown. */
export const forbidden: Interval = ['absent', 'absent']

/** Shown, and in no other form. */
export function required(form: Form): Interval {
  return [form, form]
}

/** Shown as far as the operator's policies permit, at most in this form. */
export function upTo(form: Form): Interval {
  return ['absent', form]
}

/** The same interval for every other provider, and one for the operator's own journal. */
export function everywhere(interval: Interval, archive: Interval): Record<Audience, Interval> {
  return { hub: interval, follower: interval, target: interval, archive }
}

/** The table as entries, in the order of field codes and audiences. */
export function entriesOf(table: SuiteTable, terms: SuiteTerms): readonly SuiteEntry[] {
  return fieldList.flatMap(({ name: field }) =>
    audiences.map((audience) => {
      const [floor, ceiling] = table[field][audience]
      return Object.freeze({
        field,
        audience,
        floor,
        ceiling,
        width: terms.widths[field],
        purposes: purposesOf(field, audience),
        retentionDays: ceiling === 'absent' ? 0 : retentionOf(terms, field, audience),
      })
    }),
  )
}

function retentionOf(terms: SuiteTerms, field: FieldName, audience: Audience): number {
  if (isKeptAsReport(field, audience)) return reportsKeptDays
  return terms.fieldRetentionDays?.[field] ?? terms.retentionDays[audience]
}

/** What a field is shown for: the journal keeps for compliance, reports serve moderation alone. */
export function purposesOf(field: FieldName, audience: Audience): readonly Purpose[] {
  if (audience === 'archive') return ['moderation', 'compliance']
  return isReportField(field) ? ['moderation'] : ['delivery', 'moderation']
}
