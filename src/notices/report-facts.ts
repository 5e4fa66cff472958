import type { VerificationMethod } from '../policy/routing/vocabulary.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'

/** What reports say together about one participant of a room, without what they report. */
export interface ReportsAbout {
  /** Distinct ones whose reports were verified. */
  readonly reporters: number
  /** The providers of these reporters. */
  readonly providers: readonly string[]
  /** The best method by which a message was verified. */
  readonly method: VerificationMethod
  /** When the newest of these reports came, in ms; undefined where there is none. */
  readonly newestMs: number | undefined
}

/** The verified reports about a participant. Reads what the report desk keeps. */
export function reportsAbout(store: Store, room: string, subject: string): ReportsAbout {
  const row = store.get(TOTALS, [room, subject])
  const providers = store.all(PROVIDERS, [room, subject, PROVIDERS_MAX])
  const methods = new Set(
    store.all(METHODS, [room, subject]).map((one) => textColumn(one, 'method')),
  )
  const newest = row?.['newest']
  return {
    reporters: row === undefined ? 0 : numberColumn(row, 'reporters'),
    providers: providers.map((one) => textColumn(one, 'provider')),
    method: bestMethod(methods),
    newestMs: typeof newest === 'number' ? newest : undefined,
  }
}

/** What was checked by none of ours counts as not verified. */
export function bestMethod(methods: ReadonlySet<string>): VerificationMethod {
  return METHODS_BY_WORTH.find((method) => methods.has(method)) ?? 'none'
}

const METHODS_BY_WORTH = ['frank', 'relay-log', 'mls'] as const
const PROVIDERS_MAX = 1_000
const WHERE = `room = ? AND subject = ? AND result = 'verified'`
const TOTALS = `SELECT count(DISTINCT reporter) AS reporters, max(received_ms) AS newest
  FROM reports WHERE ${WHERE}`
const PROVIDERS = `SELECT DISTINCT provider FROM reports WHERE ${WHERE} LIMIT ?`
const METHODS = `SELECT DISTINCT method FROM report_messages WHERE result = 'verified'
  AND report IN (SELECT id FROM reports WHERE ${WHERE})`
