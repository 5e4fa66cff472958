import { z } from 'zod'
import { GatewayError } from '../../model/errors.ts'
import type { ModerationQueue } from '../../policy/moderation/vocabulary.ts'
import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Access } from './access.ts'
import { CASE_COLUMNS, caseRow, type CaseRow } from './case-row.ts'
import type { CaseParts } from './case-parts.ts'
import { memberOf, type Actor } from './team.ts'
import type { Severity } from './triage.ts'

export const caseStages = ['waiting', 'decided', 'appealed', 'closed'] as const
export const caseOrders = ['priority', 'deadline'] as const

export interface CaseFilter {
  /** All that the actor works, unless given. */
  readonly queue?: ModerationQueue | undefined
  readonly severity?: Severity | undefined
  /** `waiting` unless given: neither decided nor closed. */
  readonly stage?: (typeof caseStages)[number] | undefined
  /** Highest priority first, unless given. */
  readonly order?: (typeof caseOrders)[number] | undefined
  /** Only those that the actor holds. */
  readonly mine?: boolean | undefined
  /** `next` of the page before. */
  readonly after?: string | undefined
  /** At most 500; default 50. */
  readonly limit?: number | undefined
}

export interface CasePage {
  readonly cases: readonly CaseRow[]
  readonly next: string | undefined
}

export interface QueueCount {
  readonly queue: string
  readonly waiting: number
  /** Of those, whose deadline is over; counted up to 1,000. */
  readonly overdue: number
  /** The next deadline; undefined where nothing waits. */
  readonly dueAtMs: number | undefined
}

/**
 * Cases that the actor may see, a page at a time. Each queue is read in the order of an index and the
 * pages are merged, so that the time depends on the page and not on how many wait. Throws
 * `moderator-unknown`, `malformed-request` for a cursor that is none.
 */
export function listCases(
  { store, team, clock }: CaseParts,
  access: Access,
  { actor, filter }: { readonly actor: Actor; readonly filter: CaseFilter },
): CasePage {
  const member = memberOf(team(), actor.name)
  const { queue, stage = 'waiting', order = 'priority', severity, limit = PAGE_DEFAULT } = filter
  const bound = Math.min(limit, PAGE_MAX)
  if (filter.mine === true) {
    const rows = store.all(MINE, [actor.name, clock(), PAGE_MAX]).map(caseRow)
    return { cases: rows.filter((row) => access.mayView(actor, row)), next: undefined }
  }
  const after = filter.after === undefined ? FIRST[order] : parseCursor(filter.after)
  const queues = member.queues.filter((name) => queue === undefined || name === queue)
  const statement = PAGES[severity === undefined ? 'all' : 'severity'][order]
  // The keys alone stand in the index: of what is merged away nothing else is read.
  const keys = queues
    .flatMap((name) =>
      store.all(statement, [
        name,
        stage,
        ...(severity === undefined ? [] : [severity]),
        after.key,
        after.id,
        bound + 1,
      ]),
    )
    .map((row) => ({ key: numberColumn(row, 'key'), id: textColumn(row, 'id') }))
  const direction = order === 'priority' ? -1 : 1
  const sorted = keys.toSorted((a, b) => direction * (a.key - b.key || (a.id < b.id ? -1 : 1)))
  const page = sorted.slice(0, bound)
  const last = sorted.length > bound ? page.at(-1) : undefined
  const ids = page.map(({ id }) => id)
  const rows = new Map(
    store.all(OF_IDS, [JSON.stringify(ids)]).map((row) => [textColumn(row, 'id'), caseRow(row)]),
  )
  return {
    cases: ids.flatMap((id) => rows.get(id) ?? []).filter((row) => access.mayView(actor, row)),
    next: last && cursorOf(last),
  }
}

/** How much waits in each queue that the actor works; cases about the actor are counted nowhere. */
export function countQueues(
  { store, team, clock }: CaseParts,
  actor: Actor,
): readonly QueueCount[] {
  const member = memberOf(team(), actor.name)
  const nowMs = clock()
  const own = member.accounts.flatMap((account) => store.all(ABOUT, [account]).map(caseRow))
  const counted = (sql: string, parameters: readonly (string | number)[]) => {
    const row = store.get(sql, parameters)
    return row === undefined ? 0 : numberColumn(row, 'cases')
  }
  return member.queues.map((queue) => {
    const hidden = own.filter((each) => each.queue === queue)
    const late = hidden.filter(({ dueAtMs }) => dueAtMs <= nowMs).length
    const due = store
      .all(NEXT_DUE, [queue, hidden.length + 1])
      .map(caseRow)
      .find(({ id }) => !hidden.some((each) => each.id === id))
    return {
      queue,
      waiting: counted(SIZE, [queue]) - hidden.length,
      overdue: counted(OVERDUE, [queue, nowMs, OVERDUE_MAX + late]) - late,
      dueAtMs: due?.dueAtMs,
    }
  })
}

/** Ids of other cases about the same subject in the room that the actor may see; newest first, at most 20. */
export function relatedCases(
  { store }: Pick<CaseParts, 'store'>,
  { id, room, subject }: CaseRow,
): readonly string[] {
  return store.all(RELATED, [subject, room, id, RELATED_MAX]).map((row) => textColumn(row, 'id'))
}

interface Cursor {
  readonly key: number
  readonly id: string
}

function cursorOf({ key, id }: Cursor): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url')
}

function parseCursor(text: string): Cursor {
  try {
    const [key, id] = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    return { key, id }
  } catch (cause) {
    throw new GatewayError('malformed-request', { cause })
  }
}

const cursorSchema = z.tuple([z.number(), z.string().max(64)])
const PAGE_DEFAULT = 50
const PAGE_MAX = 500
const RELATED_MAX = 20
const OVERDUE_MAX = 1_000
/** Before every case. */
const FIRST = {
  priority: { key: Number.MAX_VALUE, id: '' },
  deadline: { key: -1, id: '' },
} as const
const OF_IDS = `SELECT ${CASE_COLUMNS} FROM cases WHERE id IN (SELECT value FROM json_each(?))`
const RANKS = `SELECT rank AS key, id FROM cases WHERE queue = ? AND stage = ?`
const DUES = `SELECT due_ms AS key, id FROM cases WHERE queue = ? AND stage = ?`
const BY_RANK = `AND (rank, id) < (?, ?) ORDER BY rank DESC, id DESC LIMIT ?`
const BY_DUE = `AND (due_ms, id) > (?, ?) ORDER BY due_ms, id LIMIT ?`
const PAGES = {
  all: { priority: `${RANKS} ${BY_RANK}`, deadline: `${DUES} ${BY_DUE}` },
  severity: {
    priority: `${RANKS} AND severity = ? ${BY_RANK}`,
    deadline: `${DUES} AND severity = ? ${BY_DUE}`,
  },
} as const
const MINE = `SELECT ${CASE_COLUMNS} FROM cases
  WHERE holder = ? AND lease_until_ms > ? ORDER BY lease_until_ms LIMIT ?`
/** Kept by triggers. */
const SIZE = `SELECT cases FROM queue_sizes WHERE queue = ? AND stage = 'waiting'`
const OVERDUE = `SELECT count(*) AS cases FROM (SELECT 1 FROM cases
  WHERE queue = ? AND stage = 'waiting' AND due_ms <= ? LIMIT ?)`
const NEXT_DUE = `SELECT ${CASE_COLUMNS} FROM cases
  WHERE queue = ? AND stage = 'waiting' ORDER BY due_ms, id LIMIT ?`
const ABOUT = `SELECT ${CASE_COLUMNS} FROM cases WHERE subject = ? AND stage = 'waiting'`
const RELATED = `SELECT id FROM cases WHERE subject = ? AND room = ? AND id <> ?
  ORDER BY id DESC LIMIT ?`
