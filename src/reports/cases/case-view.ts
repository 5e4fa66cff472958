import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import { appealsOf, type Appeal } from '../appeals/appeals.ts'
import { messagesOf } from '../decisions/case-messages.ts'
import { decisionsOf, type DecisionRecord } from '../decisions/decisions.ts'
import { sanctionsOf } from '../decisions/sanction-outbox.ts'
import type { KnownCase } from './case-log.ts'
import type { CaseRow } from './case-row.ts'
import { holderAt, phaseAt, type CaseEvent, type CasePhase } from './case-state.ts'
import { priorityOf } from './triage.ts'

/** A case for the queue: who holds it now, and how urgent it is now. */
export interface CaseSummary extends CaseRow {
  readonly phase: CasePhase
  readonly priority: number
}

/** All that is known of a case, without what was reported and who reported it. */
export interface CaseDetail {
  readonly case: CaseSummary
  readonly events: readonly CaseEvent[]
  /** Hexadecimal. */
  readonly messages: readonly string[]
  /** The newest first, at most 100. */
  readonly reports: readonly CaseReport[]
  /** Where the reporters come from; the most first. */
  readonly providers: readonly ReportingProvider[]
  readonly decisions: readonly DecisionRecord[]
  readonly sanctions: readonly EmittedSanction[]
  readonly appeals: readonly Appeal[]
  readonly related: readonly string[]
}

export interface CaseReport {
  readonly id: string
  readonly result: string
  readonly receivedAtMs: number
}

export interface ReportingProvider {
  readonly provider: string
  /** Distinct ones. */
  readonly reporters: number
  /** Before the cap. */
  readonly weight: number
}

export interface EmittedSanction {
  readonly id: string
  readonly kind: string
  readonly decision: string
  /** `to-apply`, `applied`, `to-undo`, `undone`, `failed`. */
  readonly emission: string
}

/** The row with what time makes of it. */
export function summaryOf(row: CaseRow, nowMs: number): CaseSummary {
  const isHeld = row.leaseUntilMs !== undefined && row.leaseUntilMs > nowMs
  const { severity, weight, openedAtMs } = row
  return {
    ...row,
    phase: !isHeld && row.phase === 'claimed' ? 'open' : phaseNamed(row.phase),
    holder: isHeld ? row.holder : undefined,
    leaseUntilMs: isHeld ? row.leaseUntilMs : undefined,
    priority: priorityOf({ severity, weight, openedAtMs }, nowMs),
  }
}

/** What a moderator sees who opens a case. */
export function detailOf(
  store: Store,
  { row, state, events }: KnownCase,
  { nowMs, related }: { readonly nowMs: number; readonly related: readonly string[] },
): CaseDetail {
  const decisions = decisionsOf(store, row.id)
  return {
    case: {
      ...summaryOf(row, nowMs),
      phase: phaseAt(state, nowMs),
      holder: holderAt(state, nowMs),
    },
    events,
    messages: messagesOf(store, row.id).map(({ messageId }) => messageId),
    reports: store.all(REPORTS, [row.id]).map((each) => ({
      id: textColumn(each, 'report'),
      result: textColumn(each, 'result'),
      receivedAtMs: numberColumn(each, 'received_ms'),
    })),
    providers: store.all(PROVIDERS, [row.id]).map((each) => ({
      provider: textColumn(each, 'provider'),
      reporters: numberColumn(each, 'reporters'),
      weight: numberColumn(each, 'weight'),
    })),
    decisions,
    sanctions: decisions.flatMap(({ id }) =>
      sanctionsOf(store, id).map(({ sanction, emission }) => ({
        id: sanction.id,
        kind: sanction.kind,
        decision: id,
        emission,
      })),
    ),
    appeals: appealsOf(store, row.id),
    related,
  }
}

/** Anything that this program never writes is no state to act in. */
function phaseNamed(text: string): CasePhase {
  return PHASES.find((phase) => phase === text) ?? 'closed'
}

const PHASES = ['open', 'claimed', 'proposed', 'decided', 'appealed', 'closed'] as const
const REPORTS = `SELECT report, result, received_ms FROM case_reports
  WHERE case_id = ? ORDER BY report DESC LIMIT 100`
const PROVIDERS = `SELECT provider, reporters, weight FROM case_providers
  WHERE case_id = ? ORDER BY reporters DESC, provider LIMIT 100`
