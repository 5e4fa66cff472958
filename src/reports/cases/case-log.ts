import { GatewayError } from '../../model/errors.ts'
import { numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Statement, Store } from '../../sqlite/store.ts'
import { isUniqueViolation } from '../../sqlite/write-queue.ts'
import { CASE_COLUMNS, caseRow, type CaseRow } from './case-row.ts'
import { advance, type CaseEvent, type CaseState } from './case-state.ts'
import { keptAfter } from './retention-classes.ts'

/** A case with all that happened to it. */
export interface KnownCase {
  readonly row: CaseRow
  readonly state: CaseState
  readonly events: readonly CaseEvent[]
}

/** What an act adds to a case; the statements are written with it, all or none. */
export interface Act {
  readonly event: CaseEvent
  readonly statements?: readonly Statement[]
}

/** What queues know of a case; undefined for an unknown one. */
export function findCaseRow(store: Store, id: string): CaseRow | undefined {
  const row = store.get(FIND, [id])
  return row && caseRow(row)
}

/** Throws `not-found`. */
export function caseOf(store: Store, id: string): KnownCase {
  const row = findCaseRow(store, id)
  if (row === undefined) throw new GatewayError('not-found')
  const events = store.all(EVENTS, [id]).map(eventOf)
  return { row, state: fold(events), events }
}

/**
 * Adds what `act` makes of the case as it is; durable when it resolves. Where somebody else's event comes
 * first, `act` is asked again: of two at once exactly one wins. Throws `not-found`, what `act` throws,
 * and the code with which the state refuses the event.
 */
export async function append(
  store: Store,
  id: string,
  act: (known: KnownCase) => Act,
): Promise<KnownCase> {
  for (let attempt = 1; ; attempt++) {
    const known = caseOf(store, id)
    const { event, statements = [] } = act(known)
    const state = stateAfter(known.state, event)
    try {
      await store.writeAll([...written(known.row, state, event), ...statements])
      return { ...caseOf(store, id), state, events: [...known.events, event] }
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/**
 * What writes an event of a case as it is now, together with other things; a unique violation where
 * somebody else's event comes first. Throws the code with which the state refuses the event.
 */
export function eventStatements({ row, state }: KnownCase, event: CaseEvent): readonly Statement[] {
  return written(row, stateAfter(state, event), event)
}

/** Keeps a decided case as long after its last report as after its decision. */
export function keepStatement(id: string, queue: string, state: CaseState): Statement {
  const { keptMs } = keptAfter(queue, state) ?? { keptMs: null }
  return [KEEP, [keptMs, id]]
}

/** One event of a case, as the log keeps it. */
export function eventStatement(id: string, version: number, event: CaseEvent): Statement {
  const { kind, atMs, by, ...body } = event
  return [INSERT_EVENT, [id, version, atMs, by, kind, JSON.stringify(body)]]
}

/** Throws the code with which the state refuses the event. */
function stateAfter(state: CaseState, event: CaseEvent): CaseState {
  const next = advance(state, event)
  if (next.kind === 'advanced') return next.state
  const facts = { state: state.phase }
  throw new GatewayError(next.code, next.code === 'case-state' ? { facts } : {})
}

function fold(events: readonly CaseEvent[]): CaseState {
  let state: CaseState | undefined
  for (const event of events) {
    const next = advance(state, event)
    // Only what could happen is ever written.
    if (next.kind === 'refused') throw new GatewayError('internal', { facts: { reason: 'case' } })
    state = next.state
  }
  if (state === undefined) throw new GatewayError('internal', { facts: { reason: 'case' } })
  return state
}

function written(row: CaseRow, state: CaseState, event: CaseEvent): readonly Statement[] {
  return [eventStatement(row.id, state.version, event), projection(row, state, event)]
}

/** What queues know of the state. */
function projection(row: CaseRow, state: CaseState, event: CaseEvent): Statement {
  const { phase, lease, decision, held, appealDecided } = state
  const isWaiting = phase === 'open' || phase === 'claimed' || phase === 'proposed'
  const kept = isWaiting ? undefined : keptAfter(row.queue, state)
  const outcome = appealDecided?.upheld === false ? 'reversed' : (decision?.outcome ?? null)
  return [
    PROJECT,
    [
      isWaiting ? 'waiting' : phase,
      phase,
      lease?.holder ?? null,
      lease?.untilMs ?? null,
      held ? 1 : 0,
      isWaiting ? null : outcome,
      isWaiting ? null : (decision?.atMs ?? event.atMs),
      kept?.fromMs ?? null,
      kept?.keptMs ?? null,
      // Once decided, it keeps no other case about the subject from being opened.
      isWaiting ? 1 : 0,
      row.id,
    ],
  ]
}

function eventOf(row: Row): CaseEvent {
  const event: CaseEvent = {
    ...JSON.parse(textColumn(row, 'body')),
    kind: textColumn(row, 'kind'),
    by: textColumn(row, 'actor'),
    atMs: numberColumn(row, 'at_ms'),
  }
  return event
}

const ATTEMPTS_MAX = 8
const FIND = `SELECT ${CASE_COLUMNS} FROM cases WHERE id = ?`
const EVENTS = `SELECT at_ms, actor, kind, body FROM case_events WHERE case_id = ? ORDER BY version`
const INSERT_EVENT = `INSERT INTO case_events (case_id, version, at_ms, actor, kind, body)
  VALUES (?, ?, ?, ?, ?, ?)`
const PROJECT = `UPDATE cases SET stage = ?, phase = ?, holder = ?, lease_until_ms = ?, held = ?,
  outcome = ?, decided_ms = ?, keep_until_ms = max(?, last_report_ms) + ?,
  fresh = min(fresh, ?) WHERE id = ?`
const KEEP = `UPDATE cases SET keep_until_ms = max(keep_until_ms, last_report_ms + ?) WHERE id = ?`
