import { textColumn, type Row } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import type { TakingOut } from '../reports/cases/taking-out.ts'
import type { KnownCase } from '../reports/cases/case-log.ts'
import type { Actor } from '../reports/cases/team.ts'
import { decidedCase, type DecidedCase } from './decided-case.ts'
import { appliesTo, dsaStatement, type DsaStatement } from './dsa.ts'
import { referenceOf } from './references.ts'
import { documentOf, refused, type ExportReason } from './refusal.ts'
import type { DsaSettings } from './settings.ts'

export interface DsaQuery {
  /** Decisions from this time on, in ms. */
  readonly fromMs: number
  /** Before this one. */
  readonly toMs: number
  /** `next` of the batch before. */
  readonly after?: string | undefined
}

/** What the database takes in one request, and what it cannot be told. */
export interface DsaBatch {
  /** At most 100. */
  readonly statements: readonly DsaStatement[]
  /** Decisions of which no statement can be made as they are. */
  readonly refused: readonly { readonly decision: string; readonly reason: ExportReason }[]
  /** Statements that were handed out, and whose decision was taken back since. */
  readonly withdrawn: readonly { readonly puid: string }[]
  readonly next: string | undefined
}

interface BatchParts {
  readonly store: Store
  readonly takingOut: TakingOut
  readonly dsa: DsaSettings | undefined
}

/**
 * Statements of decisions that did something, in the order of their ids; each is written into its case's
 * log first. Throws `export-refused`, `moderator-unknown`.
 */
export async function dsaBatch(
  parts: BatchParts,
  actor: Actor,
  query: DsaQuery,
): Promise<DsaBatch> {
  const { takingOut, dsa } = parts
  const settings = dsa ?? documentOf(refused('dsa-not-applicable'))
  const statements: DsaStatement[] = []
  const withdrawn: { puid: string }[] = []
  const left: { decision: string; reason: ExportReason }[] = []
  let last: string | undefined
  for (const decided of inScope(parts, settings, { actor, query })) {
    if (statements.length + left.length + withdrawn.length === BATCH_MAX)
      return { statements, refused: left, withdrawn, next: last }
    const decision = decided.statement.id
    last = decision
    if (!decided.acts) {
      withdrawn.push({ puid: referenceOf('dsa', decision) })
      continue
    }
    const exported = dsaStatement(decided, settings)
    if (exported.kind === 'refused') {
      left.push({ decision, reason: exported.reason })
      continue
    }
    await takingOut.record(actor, decided.case, {
      format: 'dsa',
      decision,
      reference: exported.document.puid,
    })
    statements.push(exported.document)
  }
  return { statements, refused: left, withdrawn, next: undefined }
}

/**
 * Decisions about public rooms that the actor may take out: those that were taken in the time, and those
 * that were handed out and taken back in it. Complaints have nothing to do with it.
 */
function* inScope(
  { store, takingOut }: BatchParts,
  settings: DsaSettings,
  { actor, query }: { readonly actor: Actor; readonly query: DsaQuery },
): Generator<DecidedCase> {
  for (const row of decisionsAfter(store, query.after ?? '')) {
    const known = takingOut.find(actor, textColumn(row, 'case_id'))
    if (known === undefined || !appliesTo(settings, known.row.room)) continue
    const decided = decidedCase(store, known, textColumn(row, 'id'))
    if (decided === undefined || decided.isComplaint) continue
    const { id, decidedAtMs } = decided.statement
    const atMs = decided.acts ? decidedAtMs : takenBackMs(known, id)
    if (atMs !== undefined && atMs >= query.fromMs && atMs < query.toMs) yield decided
  }
}

/** A page at a time: most decisions are about nothing that was done. */
function* decisionsAfter(store: Store, after: string): Generator<Row> {
  for (let last = after; ;) {
    const rows = store.all(DECISIONS, [last, PAGE_ROWS])
    yield* rows
    const end = rows.at(-1)
    if (end === undefined || rows.length < PAGE_ROWS) return
    last = textColumn(end, 'id')
  }
}

/** When a decision was taken back whose statement had been handed out. */
function takenBackMs({ events }: KnownCase, decision: string): number | undefined {
  const exported = events.findIndex(
    (event) => event.kind === 'exported' && event.format === 'dsa' && event.decision === decision,
  )
  if (exported === -1) return undefined
  return events.slice(exported).find(({ kind }) => kind === 'undone' || kind === 'appeal-decided')
    ?.atMs
}

/** What the database takes at once. */
const BATCH_MAX = 100
const PAGE_ROWS = 500
const DECISIONS = `SELECT id, case_id FROM case_decisions
  WHERE id > ? AND state <> 'proposed' AND json_extract(body, '$.form.outcome') = 'action'
  ORDER BY id LIMIT ?`
