import { z } from 'zod'
import { GatewayError } from '../../model/errors.ts'
import type { ModerationQueue } from '../../policy/moderation/vocabulary.ts'
import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
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
  parts: CaseParts,
  access: Access,
  { actor, filter }: { readonly actor: Actor; readonly filter: CaseFilter },
): CasePage {
  const { store, clock } = parts
  const member = memberOf(parts.team(), actor.name)
  if (filter.mine === true) {
    const rows = store.all(MINE, [actor.name, clock(), PAGE_MAX]).map(caseRow)
    return { cases: rows.filter((row) => access.mayView(actor, row)), next: undefined }
  }
  const bound = Math.min(filter.limit ?? PAGE_DEFAULT, PAGE_MAX)
  const queues = member.queues.filter((name) => (filter.queue ?? name) === name)
  const cases: CaseRow[] = []
  let last: Cursor | undefined
  for (const { key, row } of casesAfter(store, queues, { ...filter, limit: bound + 1 })) {
    if (!access.mayView(actor, row)) continue
    // Of those that the actor may see: the cursor must not tell of another.
    if (cases.length === bound) return { cases, next: last && cursorOf(last) }
    cases.push(row)
    last = { key, id: row.id }
  }
  return { cases, next: undefined }
}

/** Cases of some queues in their order, `limit` read at a time, and no more than `READ_MAX`. */
function* casesAfter(
  store: Store,
  queues: readonly string[],
  filter: CaseFilter & { readonly limit: number },
): Generator<{ readonly key: number; readonly row: CaseRow }> {
  let after =
    filter.after === undefined ? FIRST[filter.order ?? 'priority'] : parseCursor(filter.after)
  for (let read = 0; read < READ_MAX; read += filter.limit) {
    const keys = keysAfter(store, queues, { ...filter, after })
    const ids = JSON.stringify(keys.map(({ id }) => id))
    const rows = new Map(store.all(OF_IDS, [ids]).map((row) => [textColumn(row, 'id'), row]))
    for (const { key, id } of keys) {
      const row = rows.get(id)
      if (row !== undefined) yield { key, row: caseRow(row) }
    }
    const end = keys.at(-1)
    if (end === undefined || keys.length < filter.limit) return
    after = end
  }
}

/** The keys alone stand in the index: of what is merged away nothing else is read. */
function keysAfter(
  store: Store,
  queues: readonly string[],
  {
    stage = 'waiting',
    order = 'priority',
    severity,
    after,
    limit,
  }: Omit<CaseFilter, 'after'> & { readonly after: Cursor; readonly limit: number },
): readonly Cursor[] {
  const statement = PAGES[severity === undefined ? 'all' : 'severity'][order]
  const level = severity === undefined ? [] : [severity]
  const keys = queues
    .flatMap((name) => store.all(statement, [name, stage, ...level, after.key, after.id, limit]))
    .map((row) => ({ key: numberColumn(row, 'key'), id: textColumn(row, 'id') }))
  const direction = order === 'priority' ? -1 : 1
  const sorted = keys.toSorted((a, b) => direction * (a.key - b.key || (a.id < b.id ? -1 : 1)))
  return sorted.slice(0, limit)
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
  access: Access,
  { actor, row: { id, room, subject } }: { readonly actor: Actor; readonly row: CaseRow },
): readonly string[] {
  const rows = store.all(RELATED, [subject, room, id, RELATED_READ_MAX]).map(caseRow)
  const visible = rows.filter((row) => access.mayView(actor, row))
  return visible.slice(0, RELATED_MAX).map((row) => row.id)
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
/** Of which some may be hidden. */
const RELATED_READ_MAX = 100
/** Cases that are looked at for one page, however many of them are hidden. */
const READ_MAX = 10_000
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
const RELATED = `SELECT ${CASE_COLUMNS} FROM cases WHERE subject = ? AND room = ? AND id <> ?
  ORDER BY id DESC LIMIT ?`
