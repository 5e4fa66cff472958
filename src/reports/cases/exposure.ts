import { GatewayError } from '../../model/errors.ts'
import { textColumn } from '../../sqlite/row.ts'
import type { Evidence } from '../evidence.ts'
import type { ReportDesk, OpeningKeys } from '../report-desk.ts'
import type { Access } from './access.ts'
import { append, caseOf, type KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { isHeldBy } from './case-state.ts'
import type { Actor } from './team.ts'

/** What was reported, without who reported it. */
export type ShownEvidence = Omit<Evidence, 'reporter'> & { readonly report: string }

/** A reporter of a case. */
export interface ShownReporter {
  readonly report: string
  /** A handle, new every 30 days. */
  readonly reporter: string
  readonly provider: string
}

export interface ExposureParts extends CaseParts {
  readonly access: Access
  readonly reports: Pick<ReportDesk, 'show'>
  readonly keys: OpeningKeys
  /** Told whenever somebody opens a sealed report. */
  readonly onOpened: (report: string) => void
}

/** Which evidence is opened, and for what. */
export interface AskedEvidence {
  readonly id: string
  /** The best one of the case where undefined. */
  readonly report: string | undefined
  readonly attachment?: { readonly message: number; readonly part: number }
}

/**
 * Opens the sealed evidence of one report of a case, for the holder of its lease; that it was opened is in
 * the log before anything is shown. Throws `claim-required`, `lease-expired`, `case-claimed`,
 * `moderation-denied`, `not-found`, `key-unavailable`.
 */
export async function openCaseEvidence(
  parts: ExposureParts,
  actor: Actor,
  asked: AskedEvidence,
): Promise<ShownEvidence> {
  const { store, access, clock, reports, keys } = parts
  const { id, attachment } = asked
  const known = caseOf(store, id)
  access.demand(actor, 'view', known)
  const report = reportOf(parts, known, asked.report)
  await append(store, id, (found) => {
    const opened = { kind: 'evidence-opened' as const, report, attachment }
    const event = { ...opened, atMs: clock(), by: actor.name }
    // Where it is not held, the state refuses the event with a code that says what to do.
    if (isHeldBy(found.state, actor.name, event.atMs)) access.demand(actor, 'viewEvidence', found)
    return { event }
  })
  const shown = await reports.show(report, keys)
  parts.onOpened(report)
  if (shown?.evidence === undefined) throw new GatewayError('not-found')
  const { reporter: _, ...evidence } = shown.evidence
  return { ...evidence, report }
}

/**
 * Who reported a case, for a purpose that goes into the log. Throws `moderation-denied`, `not-found`.
 */
export async function viewReporters(
  { store, access, clock }: Pick<ExposureParts, 'store' | 'access' | 'clock'>,
  actor: Actor,
  { id, purpose }: { readonly id: string; readonly purpose: string },
): Promise<readonly ShownReporter[]> {
  await append(store, id, (known) => {
    access.demand(actor, { action: 'viewReporters', purpose: purpose.trim() }, known)
    return { event: { kind: 'reporters-viewed', purpose, atMs: clock(), by: actor.name } }
  })
  return store.all(REPORTERS, [id]).map((row) => ({
    report: textColumn(row, 'report'),
    reporter: textColumn(row, 'reporter'),
    provider: textColumn(row, 'provider'),
  }))
}

/** The report that was asked for, else the best one: verified before others, the newest of them. */
function reportOf(
  { store }: ExposureParts,
  { row }: KnownCase,
  report: string | undefined,
): string {
  const found = store.get(EVIDENCE, [row.id, report ?? null, report ?? null])
  if (found === undefined) throw new GatewayError('not-found')
  return textColumn(found, 'report')
}

const EVIDENCE = `SELECT report FROM case_reports WHERE case_id = ? AND (? IS NULL OR report = ?)
  ORDER BY result = 'verified' DESC, report DESC LIMIT 1`
const REPORTERS = `SELECT case_reports.report, reports.reporter, reports.provider FROM case_reports
  JOIN reports ON reports.id = case_reports.report WHERE case_id = ? ORDER BY report LIMIT 1000`
