import { GatewayError } from '../../model/errors.ts'
import type { Sanction } from '../../model/sanctions.ts'
import { textColumn } from '../../sqlite/row.ts'
import type { Statement, Store } from '../../sqlite/store.ts'
import type { Access } from '../cases/access.ts'
import { append, type KnownCase } from '../cases/case-log.ts'
import type { CaseParts } from '../cases/case-parts.ts'
import { isHeldBy } from '../cases/case-state.ts'
import { trackStartMs } from '../handles.ts'
import { newSortedId } from '../report-id.ts'
import type { Actor } from '../cases/team.ts'
import { messagesOf } from './case-messages.ts'
import { checkForm, type DecisionForm } from './decision-form.ts'
import { draftSanctions } from './draft-sanctions.ts'
import { toApply, toUndo, type SanctionOutbox } from './sanction-outbox.ts'
import { statementOf, type StatementOfReasons } from './statement.ts'

/** A decision as it is kept. */
export interface DecisionRecord {
  readonly id: string
  /** `superseded`: rejected, undone or opened again; nothing of it holds. */
  readonly state: 'proposed' | 'taken' | 'superseded'
  readonly form: DecisionForm
  /** As it was made when the decision was taken, or as it would be. */
  readonly statement: StatementOfReasons
}

export interface Decisions {
  /**
   * Decides a case that the actor holds. What needs a second person is proposed and waits. Throws
   * `decision-invalid`, `claim-required`, `lease-expired`, `case-claimed`, `case-state` and what policies
   * say.
   */
  decide(actor: Actor, id: string, taken: TakenForm): Promise<KnownCase>
  /** A second person agrees: the proposal takes effect. Throws `moderation-denied`, `case-state`. */
  approve(actor: Actor, id: string): Promise<KnownCase>
  /** A second person does not, or whoever proposed thinks better of it: the case is open again. */
  reject(actor: Actor, id: string, back: TakingBack): Promise<KnownCase>
  /** Takes a decision back, with all that it did; the case is open again. Throws `case-state`. */
  undo(actor: Actor, id: string, back: TakingBack): Promise<KnownCase>
}

export interface TakingBack {
  /** Why, in plain text. */
  readonly note: string
  /** `case-state` unless it is the one that the case has now; whichever that is, where undefined. */
  readonly decision?: string | undefined
}

export interface TakenForm {
  readonly form: DecisionForm
  /** The id of a decision about many cases. */
  readonly bulk?: string | undefined
}

export function createDecisions(
  parts: CaseParts,
  { access, outbox }: { readonly access: Access; readonly outbox: SanctionOutbox },
): Decisions {
  const { store, clock } = parts
  const settled = async (work: Promise<KnownCase>): Promise<KnownCase> => {
    const known = await work
    await outbox.flush()
    return known
  }
  return {
    decide: (actor, id, taken) => decide({ ...parts, access, outbox }, actor, { id, ...taken }),
    approve: (actor, id) =>
      settled(append(store, id, (known) => approval({ ...parts, access }, actor, known))),
    reject: (actor, id, { note, decision: named }) =>
      append(store, id, (known) => {
        const { decision } = known.state
        // Whoever proposed may think better of it.
        access.demand(actor, decision?.by === actor.name ? 'view' : 'approve', known)
        requireCurrent(known, named)
        return {
          event: { kind: 'rejected', note, atMs: clock(), by: actor.name },
          statements: decision === undefined ? [] : [[SUPERSEDE, [decision.id]]],
        }
      }),
    undo: (actor, id, { note, decision: named }) =>
      settled(
        append(store, id, (known) => {
          access.demand(actor, 'undo', known)
          requireCurrent(known, named)
          const event = { kind: 'undone' as const, note, atMs: clock(), by: actor.name }
          const decision = known.state.decision?.id
          return { event, statements: decision === undefined ? [] : takeBack(id, decision) }
        }),
      ),
  }
}

/** Whoever takes a decision back must not take back the one that came after it. */
function requireCurrent({ state }: KnownCase, decision: string | undefined): void {
  if (decision !== undefined && state.decision?.id !== decision)
    throw new GatewayError('case-state', { facts: { state: state.phase } })
}

/** What undoes a decision: its sanctions, and what it said of reporters. */
export function takeBack(id: string, decision: string): readonly Statement[] {
  return [[SUPERSEDE, [decision]], toUndo(decision), [FORGET_OUTCOMES, [id]]]
}

/** Decisions of a case, newest first. */
export function decisionsOf(store: Store, id: string): readonly DecisionRecord[] {
  return store.all(OF_CASE, [id]).map((row) => {
    const record: DecisionRecord = {
      ...JSON.parse(textColumn(row, 'body')),
      id: textColumn(row, 'id'),
      state: textColumn(row, 'state'),
    }
    return record
  })
}

/** What a form would do to a case. Throws `decision-invalid`. */
export function sanctionsFor(
  { store, randomness }: Pick<CaseParts, 'store' | 'randomness'>,
  form: DecisionForm,
  decided: { readonly known: KnownCase; readonly decision: string; readonly atMs: number },
): readonly Sanction[] {
  const { row } = decided.known
  const messages = messagesOf(store, row.id)
  const { decision, atMs } = decided
  const subject = { decision, room: row.room, subject: row.subject, messages, atMs }
  return draftSanctions(form, subject, randomness)
}

type DecideParts = CaseParts & { readonly access: Access; readonly outbox: SanctionOutbox }

async function decide(
  parts: DecideParts,
  actor: Actor,
  { id, form, bulk }: TakenForm & { readonly id: string },
): Promise<KnownCase> {
  checkForm(form)
  const { store, access, clock, randomness } = parts
  const { secondPerson } = parts.settings()
  const needsSecond = form.actions.some(({ kind }) => secondPerson.includes(kind))
  const known = await append(store, id, (found) => {
    access.demand(actor, 'view', found)
    const atMs = clock()
    const decision = newSortedId('dec', atMs, randomness)
    const made = madeOf(parts, form, { known: found, decision, atMs })
    const kind = needsSecond ? ('proposed' as const) : ('decided' as const)
    const event = { kind, decision, outcome: form.outcome, atMs, by: actor.name }
    // Where it is not held, the state refuses the event with a code that says what to do.
    if (isHeldBy(found.state, actor.name, atMs))
      access.demand(
        actor,
        { action: needsSecond ? 'propose' : 'decide', irreversible: needsSecond },
        found,
      )
    const state = needsSecond ? 'proposed' : 'taken'
    const keep: Statement = [INSERT, [decision, id, bulk ?? null, state, bodyOf(form, made)]]
    const effects = needsSecond ? [] : effectsOf(id, { decision, form, made, atMs })
    return { event, statements: [keep, ...effects] }
  })
  if (!needsSecond) await parts.outbox.flush()
  return known
}

function approval(parts: CaseParts & { readonly access: Access }, actor: Actor, known: KnownCase) {
  const { store, access, clock } = parts
  const { decision } = known.state
  access.demand(actor, 'approve', known)
  const proposal = decisionsOf(store, known.row.id).find(({ id }) => id === decision?.id)
  if (decision === undefined || proposal?.state !== 'proposed')
    throw new GatewayError('case-state', { facts: { state: known.state.phase } })
  // Takes effect as the proposer's decision: with all that is asked of one but a running lease.
  const taken = { irreversible: true, approver: actor.name, holder: decision.by }
  access.demand({ name: decision.by, mfa: true }, { action: 'decide', ...taken }, known)
  const atMs = clock()
  const { form } = proposal
  const made = madeOf(parts, form, { known, decision: decision.id, atMs })
  return {
    event: { kind: 'approved' as const, atMs, by: actor.name },
    statements: [
      [TAKE, [bodyOf(form, made), decision.id]] satisfies Statement,
      ...effectsOf(known.row.id, { decision: decision.id, form, made, atMs }),
    ],
  }
}

interface Made {
  readonly sanctions: readonly Sanction[]
  readonly statement: StatementOfReasons
}

function madeOf(
  parts: CaseParts,
  form: DecisionForm,
  decided: { readonly known: KnownCase; readonly decision: string; readonly atMs: number },
): Made {
  const { decision, atMs, known } = decided
  const sanctions = sanctionsFor(parts, form, decided)
  const { room, subject } = known.row
  const statement = statementOf(form, sanctions, { id: decision, decidedAtMs: atMs, room, subject })
  return { sanctions, statement }
}

function bodyOf(form: DecisionForm, { statement }: Made): string {
  return JSON.stringify({ form, statement })
}

/** What a decision sets off: its sanctions, and what it says of those who reported. */
function effectsOf(
  id: string,
  {
    decision,
    form,
    made,
    atMs,
  }: {
    readonly decision: string
    readonly form: DecisionForm
    readonly made: Made
    readonly atMs: number
  },
): readonly Statement[] {
  return [
    ...toApply(decision, made.sanctions),
    [OUTCOMES, [atMs, form.outcome, id, trackStartMs(atMs), form.outcome]],
  ]
}

const INSERT = `INSERT INTO case_decisions (id, case_id, bulk, state, body) VALUES (?, ?, ?, ?, ?)`
const TAKE = `UPDATE case_decisions SET state = 'taken', body = ? WHERE id = ?`
const SUPERSEDE = `UPDATE case_decisions SET state = 'superseded' WHERE id = ?`
const OF_CASE = `SELECT id, state, body FROM case_decisions WHERE case_id = ? ORDER BY id DESC`
/** Of those whose handle is still in use. What was done for others does not make a forged report right. */
const OUTCOMES = `INSERT INTO reporter_outcomes (track, case_id, at_ms, outcome)
  SELECT DISTINCT track, case_id, ?, ? FROM case_reports JOIN reporter_tracks USING (report)
  WHERE case_id = ? AND reporter_tracks.at_ms >= ?
    AND (? <> 'action' OR case_reports.result <> 'contradicted')
  ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, outcome = excluded.outcome`
const FORGET_OUTCOMES = `DELETE FROM reporter_outcomes WHERE case_id = ?`
