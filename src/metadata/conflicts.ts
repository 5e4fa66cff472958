import { audiences, compareForms, type Audience, type FieldName } from '../model/metadata.ts'
import { fieldList } from './fields.ts'
import { suiteEntry, type Suite } from './suite.ts'
import type { Interval } from './suite-table.ts'

/** A field that one side shows otherwise than the other side takes it. */
export interface Conflict {
  readonly field: FieldName
  readonly audience: Audience
  /** What the hub's suite says: floor and ceiling. */
  readonly hub: Interval
  /** What the follower's suite says. */
  readonly follower: Interval
}

/**
 * Where the hub's suite leaves the follower's: its interval is not within the other one, so it may show
 * more than the follower takes, or less than it needs. In the order of field codes and audiences.
 */
export function conflictsBetween(hub: Suite, follower: Suite): readonly Conflict[] {
  return fieldList.flatMap(({ name: field }) =>
    audiences.flatMap((audience) => {
      const ours = interval(hub, field, audience)
      const theirs = interval(follower, field, audience)
      const within = compareForms(ours[0], theirs[0]) >= 0 && compareForms(ours[1], theirs[1]) <= 0
      return within ? [] : [{ field, audience, hub: ours, follower: theirs }]
    }),
  )
}

function interval(suite: Suite, field: FieldName, audience: Audience): Interval {
  const entry = suiteEntry(suite, field, audience)
  return entry === undefined ? ['absent', 'absent'] : [entry.floor, entry.ceiling]
}
