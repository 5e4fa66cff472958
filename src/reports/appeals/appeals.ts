import { GatewayError } from '../../model/errors.ts'
import { uriDomain, parseMimiUri } from '../../model/ids.ts'
import { numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import type { Access } from '../cases/access.ts'
import { append, findCaseRow, type KnownCase } from '../cases/case-log.ts'
import { APPEAL_WINDOW_MS } from '../cases/case-state.ts'
import type { CaseParts } from '../cases/case-parts.ts'
import { toUndo, type SanctionOutbox } from '../decisions/sanction-outbox.ts'
import { newSortedId } from '../report-id.ts'
import type { Actor } from '../cases/team.ts'

/** An objection of whoever was sanctioned. */
export interface Appeal {
  readonly id: string
  readonly case: string
  readonly decision: string
  readonly filedAtMs: number
  /** The subject, or its provider for it. */
  readonly filedBy: string
  /** Plain text. */
  readonly words: string
  readonly state: 'pending' | 'upheld' | 'reversed'
  readonly decidedAtMs: number | undefined
  readonly decidedBy: string | undefined
  readonly reasons: string | undefined
}

export interface NewAppeal {
  /** The case, or the statement of reasons that the subject was told of. */
  readonly about: string
  /** The subject's URI, or the domain of its provider. */
  readonly from: string
  /** Plain text, at most 5,000 characters. */
  readonly words: string
}

/** Appeals against decisions. */
export interface Appeals {
  /**
   * Takes an appeal; the caller vouches for who files it. Throws `not-found` where there is no such
   * decision, and `appeal-refused` with a reason: `not-the-subject`, `pending`, `nothing-to-appeal`, `late`.
   */
  file(appeal: NewAppeal): Promise<Appeal>
  /** The oldest first; cases that the actor may not see are left out, and leave no gaps. */
  list(actor: Actor, page: AppealPage): AppealListing
  /**
   * Decides it: `upheld` leaves the decision as it is, `reversed` takes back all that it did. Throws
   * `not-found`, `case-state`, and `moderation-denied` for whoever took or approved the decision.
   */
  decide(actor: Actor, id: string, verdict: AppealVerdict): Promise<Appeal>
}

export interface AppealPage {
  readonly state: Appeal['state']
  /** The last id of the page before. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface AppealListing {
  readonly appeals: readonly Appeal[]
  /** The last id of this page, where there are more. */
  readonly next: string | undefined
}

export interface AppealVerdict {
  readonly outcome: 'upheld' | 'reversed'
  /** Plain text. */
  readonly reasons: string
}

export function createAppeals(
  parts: CaseParts,
  { access, outbox }: { readonly access: Access; readonly outbox: SanctionOutbox },
): Appeals {
  const { store } = parts
  return {
    file: (appeal) => file(parts, appeal),
    list: (actor, page) => {
      const bound = Math.min(page.limit, PAGE_MAX)
      const appeals: Appeal[] = []
      for (const appeal of appealsAfter(store, page)) {
        const row = findCaseRow(store, appeal.case)
        if (row === undefined || !access.mayView(actor, row)) continue
        // Of those that the actor may see: the cursor must not name another.
        if (appeals.length === bound) return { appeals, next: appeals.at(-1)?.id }
        appeals.push(appeal)
      }
      return { appeals, next: undefined }
    },
    decide: async (actor, id, verdict) => {
      await decide({ ...parts, access }, actor, { id, ...verdict })
      await outbox.flush()
      return find(store, id)
    },
  }
}

/** Some at a time: whoever may see few of them reads on until a page is full. */
function* appealsAfter(store: Store, { state, after = '', limit }: AppealPage): Generator<Appeal> {
  const bound = Math.min(limit, PAGE_MAX) + 1
  for (let last = after; ;) {
    const rows = store.all(LIST, [state, last, bound])
    yield* rows.map(appealOf)
    const end = rows.at(-1)
    if (end === undefined || rows.length < bound) return
    last = textColumn(end, 'id')
  }
}

/** Appeals of a case, oldest first. */
export function appealsOf(store: Store, id: string): readonly Appeal[] {
  return store.all(OF_CASE, [id]).map(appealOf)
}

async function file(parts: CaseParts, { about, from, words }: NewAppeal): Promise<Appeal> {
  const { store, clock, randomness } = parts
  const target = store.get(TARGET, [about, about])
  if (target === undefined) throw new GatewayError('not-found')
  const caseId = textColumn(target, 'id')
  const filedAtMs = clock()
  const id = newSortedId('app', filedAtMs, randomness)
  await append(store, caseId, (known) => {
    const { decision } = known.state
    const flaw = flawOf(known, from, filedAtMs)
    if (flaw !== undefined || decision === undefined)
      throw new GatewayError('appeal-refused', { facts: { reason: flaw ?? 'nothing-to-appeal' } })
    return {
      event: { kind: 'appealed', appeal: id, atMs: filedAtMs, by: 'subject' },
      statements: [[INSERT, [id, caseId, decision.id, filedAtMs, from, words]]],
    }
  })
  return find(store, id)
}

/** Why an appeal is not taken. Whoever is not concerned learns nothing else. */
function flawOf({ row, state }: KnownCase, from: string, nowMs: number): string | undefined {
  if (from !== row.subject && from !== providerOf(row.subject)) return 'not-the-subject'
  const { phase, decision } = state
  if (phase === 'appealed') return 'pending'
  if (phase !== 'decided' || decision?.outcome !== 'action') return 'nothing-to-appeal'
  return nowMs >= decision.atMs + APPEAL_WINDOW_MS ? 'late' : undefined
}

function providerOf(subject: string): string | undefined {
  try {
    return uriDomain(parseMimiUri(subject))
  } catch {
    // A handle has none.
    return undefined
  }
}

async function decide(
  parts: CaseParts & { readonly access: Access },
  actor: Actor,
  { id, outcome, reasons }: AppealVerdict & { readonly id: string },
): Promise<void> {
  const { store, access, clock } = parts
  const appeal = find(store, id)
  await append(store, appeal.case, (known) => {
    access.demand(actor, 'decideAppeal', known)
    if (known.state.appeal?.id !== id || known.state.phase !== 'appealed')
      throw new GatewayError('case-state', { facts: { state: known.state.phase } })
    const atMs = clock()
    return {
      event: { kind: 'appeal-decided', upheld: outcome === 'upheld', atMs, by: actor.name },
      statements: [
        [DECIDE, [outcome, atMs, actor.name, reasons, id]],
        ...(outcome === 'reversed'
          ? ([toUndo(appeal.decision), [REPORTERS_WERE_WRONG, [appeal.case]]] as const)
          : []),
      ],
    }
  })
}

/** Throws `not-found`. */
function find(store: Store, id: string): Appeal {
  const row = store.get(FIND, [id])
  if (row === undefined) throw new GatewayError('not-found')
  return appealOf(row)
}

function appealOf(row: Row): Appeal {
  const decided = row['decided_ms'] !== null
  const state = textColumn(row, 'state')
  return {
    id: textColumn(row, 'id'),
    case: textColumn(row, 'case_id'),
    decision: textColumn(row, 'decision'),
    filedAtMs: numberColumn(row, 'filed_ms'),
    filedBy: textColumn(row, 'filed_by'),
    words: textColumn(row, 'words'),
    state: state === 'upheld' || state === 'reversed' ? state : 'pending',
    decidedAtMs: decided ? numberColumn(row, 'decided_ms') : undefined,
    decidedBy: decided ? textColumn(row, 'decided_by') : undefined,
    reasons: decided ? textColumn(row, 'reasons') : undefined,
  }
}

const PAGE_MAX = 500
const COLUMNS = `id, case_id, decision, filed_ms, filed_by, words, state, decided_ms, decided_by,
  reasons`
const TARGET = `SELECT id FROM cases
  WHERE id = ? OR id = (SELECT case_id FROM case_decisions WHERE id = ?)`
const INSERT = `INSERT INTO case_appeals (id, case_id, decision, filed_ms, filed_by, words, state)
  VALUES (?, ?, ?, ?, ?, ?, 'pending')`
const DECIDE = `UPDATE case_appeals SET state = ?, decided_ms = ?, decided_by = ?, reasons = ?
  WHERE id = ?`
const REPORTERS_WERE_WRONG = `UPDATE reporter_outcomes SET outcome = 'no-action' WHERE case_id = ?`
const FIND = `SELECT ${COLUMNS} FROM case_appeals WHERE id = ?`
const LIST = `SELECT ${COLUMNS} FROM case_appeals WHERE state = ? AND id > ? ORDER BY id LIMIT ?`
const OF_CASE = `SELECT ${COLUMNS} FROM case_appeals WHERE case_id = ? ORDER BY id`
