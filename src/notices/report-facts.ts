import type { VerificationMethod } from '../policy/routing/vocabulary.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import { consentBits } from '../wire/mimi/report-extension.ts'
import type { Store } from '../sqlite/store.ts'

/** What reports say together about one participant of a room, without what they report. */
export interface ReportsAbout {
  /** Distinct ones whose reports were verified. */
  readonly reporters: number
  /** The providers of those who did not agree to a notice, or of all where all did. */
  readonly providers: readonly string[]
  /** Whether each of these reports agrees to a notice. */
  readonly consentForward: boolean
  /** The best method by which a message was verified. */
  readonly method: VerificationMethod
  /** When the newest of these reports came, in ms; undefined where there is none. */
  readonly newestMs: number | undefined
}

/** The verified reports about a participant. Reads what the report desk keeps. */
export function reportsAbout(store: Store, room: string, subject: string): ReportsAbout {
  const row = store.get(TOTALS, [room, subject])
  const rows = store.all(PROVIDERS, [room, subject, PROVIDERS_MAX])
  const unasked = rows.filter((one) => numberColumn(one, 'agreed') === 0)
  const methods = new Set(
    store.all(METHODS, [room, subject]).map((one) => textColumn(one, 'method')),
  )
  const newest = row?.['newest']
  return {
    reporters: row === undefined ? 0 : numberColumn(row, 'reporters'),
    providers: (unasked.length > 0 ? unasked : rows).map((one) => textColumn(one, 'provider')),
    consentForward: rows.length > 0 && unasked.length === 0,
    method: bestMethod(methods),
    newestMs: typeof newest === 'number' ? newest : undefined,
  }
}

/**
 * Distinct reporters of what was verified about a participant in this category who agreed to a notice:
 * others must not show, not even as a number.
 */
export function agreedReporters(
  store: Store,
  { room, subject, category }: Record<'room' | 'subject' | 'category', string>,
): number {
  const row = store.get(AGREED, [room, subject, category])
  return row === undefined ? 0 : numberColumn(row, 'reporters')
}

/** What was checked by none of ours counts as not verified. */
export function bestMethod(methods: ReadonlySet<string>): VerificationMethod {
  const [found] = METHODS_BY_WORTH.filter(([stored]) => methods.has(stored))
  return found?.[1] ?? 'none'
}

/** What messages call a method. INVARIANT: routing lets nothing go that was not verified. */
export const verificationWords = {
  frank: 'frank',
  'relay-log': 'relay_log',
  mls: 'mls_signature',
  none: 'frank',
} as const

/** What the report desk calls a method, and what policies call it. */
const METHODS_BY_WORTH = [
  ['frank', 'frank'],
  ['relay-log', 'relay-log'],
  ['mls-signature', 'mls'],
] as const
const PROVIDERS_MAX = 1_000
const WHERE = `room = ? AND subject = ? AND result = 'verified'`
const TOTALS = `SELECT count(DISTINCT reporter) AS reporters, max(received_ms) AS newest
  FROM reports WHERE ${WHERE}`
const PROVIDERS = `SELECT provider, min(consent & ${consentBits.forward}) AS agreed FROM reports
  WHERE ${WHERE} GROUP BY provider LIMIT ?`
const AGREED = `SELECT count(DISTINCT reporter) AS reporters FROM reports
  WHERE ${WHERE} AND category = ? AND consent & ${consentBits.forward} <> 0`
const METHODS = `SELECT DISTINCT method FROM report_messages WHERE result = 'verified'
  AND report IN (SELECT id FROM reports WHERE ${WHERE})`
