import { numberColumn, textColumn, type Row } from '../../sqlite/row.ts'

/** A case as queues show it, without what was reported. */
export interface CaseRow {
  readonly id: string
  readonly room: string
  /** A URI, or a handle where the room's suite keeps names from the operator. */
  readonly subject: string
  readonly queue: string
  readonly category: string
  readonly severity: number
  readonly stage: string
  readonly phase: string
  readonly holder: string | undefined
  readonly leaseUntilMs: number | undefined
  readonly openedAtMs: number
  readonly lastReportAtMs: number
  readonly dueAtMs: number
  readonly rank: number
  readonly reports: number
  readonly verified: number
  /** Distinct ones. */
  readonly reporters: number
  readonly weight: number
  /** Many reporters of one provider within a short time. */
  readonly brigading: boolean
  readonly held: boolean
  readonly outcome: string | undefined
}

/** The columns that `caseRow` reads. */
export const CASE_COLUMNS = `id, room, subject, queue, category, severity, stage, phase, holder,
  lease_until_ms, opened_ms, last_report_ms, due_ms, rank, reports, verified, reporters, weight,
  brigading, held, outcome`

export function caseRow(row: Row): CaseRow {
  return {
    id: textColumn(row, 'id'),
    room: textColumn(row, 'room'),
    subject: textColumn(row, 'subject'),
    queue: textColumn(row, 'queue'),
    category: textColumn(row, 'category'),
    severity: numberColumn(row, 'severity'),
    stage: textColumn(row, 'stage'),
    phase: textColumn(row, 'phase'),
    holder: row['holder'] === null ? undefined : textColumn(row, 'holder'),
    leaseUntilMs: row['lease_until_ms'] === null ? undefined : numberColumn(row, 'lease_until_ms'),
    openedAtMs: numberColumn(row, 'opened_ms'),
    lastReportAtMs: numberColumn(row, 'last_report_ms'),
    dueAtMs: numberColumn(row, 'due_ms'),
    rank: numberColumn(row, 'rank'),
    reports: numberColumn(row, 'reports'),
    verified: numberColumn(row, 'verified'),
    reporters: numberColumn(row, 'reporters'),
    weight: numberColumn(row, 'weight'),
    brigading: numberColumn(row, 'brigading') === 1,
    held: numberColumn(row, 'held') === 1,
    outcome: row['outcome'] === null ? undefined : textColumn(row, 'outcome'),
  }
}
