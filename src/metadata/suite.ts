import type { Audience, FieldName, Form, Purpose } from '../model/metadata.ts'

/**
 * What a suite says about one field and one audience: the interval in which its form lies.
 * Required: the floor is above `absent`. Forbidden: the ceiling is `absent`. Else optional.
 */
export interface SuiteEntry {
  readonly field: FieldName
  readonly audience: Audience
  readonly floor: Form
  readonly ceiling: Form
  /** The least width of the bucket in the field's unit; undefined where no number is bucketed. */
  readonly width: number | undefined
  /** For which the field is shown; for any other purpose it is forbidden. */
  readonly purposes: readonly Purpose[]
  /**
   * How long the audience may keep it, in days; 0 means until the exchange is answered. A report is kept
   * so long after the last that happened in its case.
   */
  readonly retentionDays: number
}

/** Whether the credentials in a room have to be pseudonymous (minimal metadata rooms). */
type PseudonymousCredentials = 'required' | 'optional' | 'forbidden'

/** An immutable, numbered table of metadata, the counterpart of a ciphersuite. */
export interface Suite {
  /** Two octets. */
  readonly code: number
  readonly name: string
  /** One line for people. */
  readonly summary: string
  readonly entries: readonly SuiteEntry[]
  /** `least`: optional fields too are shown in the least form that the wire can express. */
  readonly shows: 'least' | 'permitted'
  /** An application message without a franking tag is refused, an accepted one gets a frank. */
  readonly requiresFrank: boolean
  readonly pseudonymousCredentials: PseudonymousCredentials
  /** Width of the bucket of `message.time` in milliseconds; 1 keeps the exact time. */
  readonly timeBucketMs: number
}

/** The entry of a field for an audience, or undefined: then it is forbidden. */
export function suiteEntry(
  suite: Suite,
  field: FieldName,
  audience: Audience,
): SuiteEntry | undefined {
  return suite.entries.find((entry) => entry.field === field && entry.audience === audience)
}

/**
 * How wide the time of a room is bucketed, in ms: the widest that a follower may be shown, because all
 * of them get the same bytes.
 */
export function roomTimeWidthMs(suite: Suite): number {
  const entry = suiteEntry(suite, 'message.time', 'follower')
  const isExact = entry?.floor === 'exact'
  return isExact ? suite.timeBucketMs : Math.max(suite.timeBucketMs, entry?.width ?? 1)
}

/** For how many days the operator may keep what it writes down of a room; undefined where that is no field. */
export function archiveDays({ entries }: Suite): number | undefined {
  const days = entries.flatMap(({ audience, ceiling, retentionDays }) =>
    audience === 'archive' && ceiling !== 'absent' ? [retentionDays] : [],
  )
  return days.length === 0 ? undefined : Math.min(...days)
}

/** How binding an entry is, in the three words of MIMI room policy. */
export function optionality(entry: SuiteEntry): 'required' | 'optional' | 'forbidden' {
  if (entry.floor !== 'absent') return 'required'
  return entry.ceiling === 'absent' ? 'forbidden' : 'optional'
}
