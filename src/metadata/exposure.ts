import { audiences, compareForms } from '../model/metadata.ts'
import { fieldList } from './fields.ts'
import { suiteEntry, type Suite, type SuiteEntry } from './suite.ts'

/** How one thing compares with another in what it shows. */
export type ExposureChange = 'same' | 'lower' | 'higher' | 'incomparable'

/**
 * How `after` compares with `before`, cell by cell: lower where no cell shows more, in a clearer form,
 * in narrower buckets, for longer or for another purpose.
 */
export function compareSuites(before: Suite, after: Suite): ExposureChange {
  return outcome(within(after, before), within(before, after))
}

/**
 * How the list of an agreement compares with the one before it: lower where each of its suites is
 * within one that was agreed, and the first, which serves outside rooms, within the first.
 */
export function compareLists(before: readonly Suite[], after: readonly Suite[]): ExposureChange {
  return outcome(listWithin(after, before), listWithin(before, after))
}

function outcome(noMore: boolean, noLess: boolean): ExposureChange {
  if (noMore) return noLess ? 'same' : 'lower'
  return noLess ? 'higher' : 'incomparable'
}

function listWithin(inner: readonly Suite[], outer: readonly Suite[]): boolean {
  const [innerFirst] = inner
  const [outerFirst] = outer
  if (innerFirst === undefined) return true
  if (outerFirst === undefined) return false
  return (
    within(innerFirst, outerFirst) &&
    inner.every((suite) => outer.some((other) => within(suite, other)))
  )
}

function within(inner: Suite, outer: Suite): boolean {
  if (inner.code === outer.code && inner === outer) return true
  if (inner.timeBucketMs < outer.timeBucketMs) return false
  return fieldList.every(({ name: field }) =>
    audiences.every((audience) =>
      entryWithin(suiteEntry(inner, field, audience), suiteEntry(outer, field, audience)),
    ),
  )
}

function entryWithin(inner: SuiteEntry | undefined, outer: SuiteEntry | undefined): boolean {
  if (inner === undefined || inner.ceiling === 'absent') return true
  if (outer === undefined) return false
  return (
    compareForms(inner.floor, outer.floor) <= 0 &&
    compareForms(inner.ceiling, outer.ceiling) <= 0 &&
    (inner.ceiling !== 'bucket' || (inner.width ?? 0) >= (outer.width ?? 0)) &&
    inner.retentionDays <= outer.retentionDays &&
    inner.purposes.every((purpose) => outer.purposes.includes(purpose))
  )
}
