import { uriDomain, parseMimiUri, type ProviderDomain } from '../model/ids.ts'
import { numberColumn, type Row } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import type { KnownCase } from '../reports/cases/case-log.ts'
import { triage } from '../reports/cases/triage.ts'
import { decisionsOf } from '../reports/decisions/decisions.ts'
import type { StatementOfReasons } from '../reports/decisions/statement.ts'

/** A decision as far as documents are made of it. INVARIANT: nothing in it tells who reported. */
export interface DecidedCase {
  readonly case: string
  readonly room: string
  /** A participant as the room shows it, or a handle. */
  readonly subject: string
  /** Undefined for a handle. */
  readonly provider: ProviderDomain | undefined
  readonly statement: StatementOfReasons
  /** Whether the decision is in force and did something. */
  readonly acts: boolean
  /** About a moderator or a provider, or an appeal. */
  readonly isComplaint: boolean
  readonly verified: boolean
  /** Distinct messages that were reported. */
  readonly messages: number
  /** When the first of them was accepted, where that is verified; else when the first report came. */
  readonly firstAtMs: number
}

/** One decision of a case; undefined where there is none of that id, or none at all without an id. */
export function decidedCase(
  store: Store,
  { row, state }: KnownCase,
  decision: string | undefined = state.decision?.id,
): DecidedCase | undefined {
  const record = decisionsOf(store, row.id).find(({ id }) => id === decision)
  if (record === undefined) return undefined
  const facts = store.get(FACTS, [row.id])
  const { statement } = record
  const isReversed = state.appealDecided?.upheld === false
  return {
    case: row.id,
    room: row.room,
    subject: row.subject,
    provider: providerOf(row.subject),
    statement,
    acts: record.state === 'taken' && statement.outcome === 'action' && !isReversed,
    isComplaint: row.queue === 'complaints' || triage(statement.category).isolated,
    verified: row.verified > 0,
    messages: facts === undefined ? 0 : numberColumn(facts, 'messages'),
    firstAtMs: numberOf(facts, 'accepted') ?? row.openedAtMs,
  }
}

function numberOf(row: Row | undefined, name: string): number | undefined {
  const value = row?.[name]
  return typeof value === 'number' ? value : undefined
}

function providerOf(subject: string): ProviderDomain | undefined {
  try {
    return uriDomain(parseMimiUri(subject, 'user'))
  } catch {
    return undefined
  }
}

/** Times of messages that nobody verified are claims of whoever reported them. */
const FACTS = `SELECT count(DISTINCT message_id) AS messages,
  min(CASE result WHEN 'verified' THEN json_extract(proof, '$.acceptedTimestamp') END) AS accepted
  FROM report_messages WHERE report IN (SELECT report FROM case_reports WHERE case_id = ?)`
