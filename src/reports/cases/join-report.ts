import { blobColumn, numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Statement, Store, StoreValue } from '../../sqlite/store.ts'
import { isUniqueViolation } from '../../sqlite/write-queue.ts'
import { takeBack } from '../decisions/decisions.ts'
import { resultOf } from '../report-store.ts'
import { newSortedId } from '../report-id.ts'
import { eventStatement, eventStatements, keepStatement, type KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { earlierCase, type Reported } from './earlier-case.ts'
import { PROVIDER_WEIGHT_MAX, weightOf } from './reporter-weights.ts'
import { DEADLINES_MS, rankOf, triage, WEIGHT_MIN, PRIORITY_DOUBLES_MS } from './triage.ts'

type JoinParts = Pick<CaseParts, 'store' | 'clock' | 'randomness'>

/**
 * Puts a stored report into its case, and answers the case's id; undefined where there is no such report.
 * A report joins the case that waits for a decision on the same subject in the same room; else the decided
 * case about the very messages, whose outcome is then its own, or which it opens again; else it opens one.
 * The same report again changes nothing. Throws `store-unavailable`.
 */
export async function joinReport(parts: JoinParts, report: string): Promise<string | undefined> {
  const { store } = parts
  for (let attempt = 1; ; attempt++) {
    const known = store.get(JOINED, [report])
    if (known !== undefined) return textColumn(known, 'case_id')
    const reported = readReport(store, report)
    if (reported === undefined) return undefined
    try {
      return await join(parts, reported)
    } catch (error) {
      // The case was opened or decided in the meantime, or the report joined: look again.
      if (!isUniqueViolation(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/** Joins every report that has no case: those that came when nobody could. Resolves to their number. */
export async function joinAll(parts: JoinParts): Promise<number> {
  let joined = 0
  for (;;) {
    const rows = parts.store.all(WITHOUT_CASE, [BATCH_ROWS])
    if (rows.length === 0) return joined
    for (const row of rows) await joinReport(parts, textColumn(row, 'id'))
    joined += rows.length
  }
}

async function join(parts: JoinParts, reported: Reported): Promise<string> {
  const { store, clock, randomness } = parts
  const nowMs = clock()
  const target = targetOf(store, reported)
  const id = target.kind === 'none' ? newSortedId('case', nowMs, randomness) : target.id
  const weight = weightOf(store, reported)
  const tally = { id, weight, nowMs, ...triage(reported.category) }
  await store.writeAll([
    ...beforeStatements(target, reported, tally),
    ...joinStatements(reported, tally),
    ...afterStatements(target, reported, tally),
  ])
  return id
}

/** Where a report belongs. */
type Target =
  | { readonly kind: 'waiting'; readonly id: string }
  /** Its outcome is the report's own. */
  | { readonly kind: 'shared'; readonly id: string; readonly known: KnownCase }
  | { readonly kind: 'reopened'; readonly id: string; readonly known: KnownCase }
  | { readonly kind: 'none' }

function targetOf(store: Store, reported: Reported): Target {
  const { isolated } = triage(reported.category)
  const waiting = store.get(WAITING, [reported.room, reported.subject, isolated ? 1 : 0])
  if (waiting !== undefined) return { kind: 'waiting', id: textColumn(waiting, 'id') }
  const earlier = earlierCase(store, reported)
  if (earlier === undefined || earlier.bearing === 'apart') return { kind: 'none' }
  return { kind: earlier.bearing, id: earlier.known.row.id, known: earlier.known }
}

function beforeStatements(
  target: Target,
  reported: Reported,
  { id, weight, nowMs }: Tally,
): readonly Statement[] {
  switch (target.kind) {
    case 'none':
      return [
        [INSERT_CASE, openedCase(id, { reported, weight, nowMs })],
        eventStatement(id, 1, { kind: 'opened', atMs: nowMs, by: 'gateway' }),
      ]
    case 'waiting':
      return [[STILL, [id, 'waiting']]]
    case 'shared':
    case 'reopened':
      return [[STILL, [id, target.known.row.stage]]]
  }
}

function afterStatements(
  target: Target,
  { report }: Reported,
  { id, nowMs, severity, queue }: Tally,
): readonly Statement[] {
  switch (target.kind) {
    case 'none':
    case 'waiting':
      return []
    case 'shared': {
      const { row, state } = target.known
      return [keepStatement(id, severity < row.severity ? queue : row.queue, state)]
    }
    case 'reopened': {
      const { decision } = target.known.state
      const event = { kind: 'reopened' as const, report, atMs: nowMs, by: 'gateway' }
      const superseded = decision === undefined ? [] : takeBack(id, decision.id)
      return [...eventStatements(target.known, event), ...superseded]
    }
  }
}

function openedCase(
  id: string,
  {
    reported,
    weight,
    nowMs,
  }: { readonly reported: Reported; readonly weight: number; readonly nowMs: number },
) {
  const { queue, severity, isolated } = triage(reported.category)
  return [
    id,
    reported.room,
    reported.subject,
    isolated ? 1 : 0,
    queue,
    reported.category,
    severity,
    nowMs,
    nowMs,
    nowMs + DEADLINES_MS[severity],
    rankOf({ severity, weight, openedAtMs: nowMs }),
  ]
}

interface Tally {
  readonly id: string
  readonly weight: number
  readonly nowMs: number
  readonly isolated: boolean
  readonly severity: number
  readonly queue: string
}

function joinStatements(reported: Reported, tally: Tally): readonly Statement[] {
  const { report, room, reporter, provider, result, messages } = reported
  const { id, weight, nowMs, isolated } = tally
  return [
    [INSERT_REPORT, [report, id, result, nowMs]],
    ...messages.map((message): Statement => [
      INSERT_MESSAGE,
      [room, message, isolated ? 1 : 0, id],
    ]),
    [INSERT_REPORTER, [id, reporter, provider, weight, nowMs]],
    [COUNT, countParameters(reported, tally)],
    [RANK, [PROVIDER_WEIGHT_MAX, id]],
  ]
}

/** In the order in which `COUNT` names them. */
function countParameters(
  { provider, result, category }: Reported,
  { id, nowMs, severity, queue }: Tally,
): readonly StoreValue[] {
  const verified = result === 'verified' ? 1 : 0
  const crowd = [id, provider, nowMs - BRIGADE_MS, BRIGADE_REPORTERS, BRIGADE_REPORTERS]
  const worst = [severity, queue, severity, category, severity]
  return [nowMs, verified, ...worst, ...crowd, provider, BRIGADE_SHARE, id]
}

function readReport(store: Store, report: string): Reported | undefined {
  const row = store.get(REPORT, [report])
  if (row === undefined) return undefined
  return {
    report,
    room: textColumn(row, 'room'),
    provider: textColumn(row, 'provider'),
    subject: textColumn(row, 'subject'),
    reporter: textColumn(row, 'reporter'),
    category: textColumn(row, 'category'),
    result: resultOf(textColumn(row, 'result')),
    receivedAtMs: numberColumn(row, 'received_ms'),
    messages: store.all(MESSAGES, [report]).map(messageOf),
  }
}

function messageOf(row: Row): Buffer {
  return blobColumn(row, 'message_id')
}

const ATTEMPTS_MAX = 8
const BATCH_ROWS = 100
/** So many reporters of one provider within the time, and this share of all: it is shown as brigading. */
const BRIGADE_REPORTERS = 5
const BRIGADE_MS = 3_600_000
const BRIGADE_SHARE = 0.8

const JOINED = `SELECT case_id FROM case_reports WHERE report = ?`
const REPORT = `SELECT room, provider, subject, reporter, category, result, received_ms
  FROM reports WHERE id = ?`
const MESSAGES = `SELECT message_id FROM report_messages WHERE report = ?`
const WITHOUT_CASE = `SELECT id FROM reports
  WHERE NOT EXISTS (SELECT 1 FROM case_reports WHERE report = reports.id) ORDER BY id LIMIT ?`
const WAITING = `SELECT id FROM cases
  WHERE room = ? AND subject = ? AND isolated = ? AND stage = 'waiting' ORDER BY id LIMIT 1`
/** Breaks the key of the first event where the case has moved on, so that all is looked at again. */
const STILL = `INSERT INTO case_events (case_id, version, at_ms, actor, kind, body)
  SELECT id, 1, 0, '', '', '' FROM cases WHERE id = ? AND stage <> ?`
const INSERT_CASE = `INSERT INTO cases (id, room, subject, isolated, queue, category, severity,
  opened_ms, last_report_ms, due_ms, rank, stage, phase, reports, verified, reporters, weight,
  brigading, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 'open', 0, 0, 0, 0, 0, 0)`
const INSERT_REPORT = `INSERT INTO case_reports (report, case_id, result, received_ms)
  VALUES (?, ?, ?, ?)`
/** What is reported anew after a decision belongs to the newest case about it. */
const INSERT_MESSAGE = `INSERT INTO case_messages (room, message_id, isolated, case_id)
  VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET case_id = excluded.case_id`
/** One weight per reporter; the unnamed of a provider are one, and a forged report hides no true one. */
const INSERT_REPORTER = `INSERT INTO case_reporters (case_id, reporter, provider, weight, first_ms)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET weight = max(weight, excluded.weight)`
/** The worst category that was reported decides where the case waits. */
const COUNT = `UPDATE cases SET reports = reports + 1,
  reporters = (SELECT sum(reporters) FROM case_providers WHERE case_id = cases.id),
  last_report_ms = max(last_report_ms, ?),
  verified = verified + ?,
  queue = CASE WHEN ? < severity THEN ? ELSE queue END,
  category = CASE WHEN ? < severity THEN ? ELSE category END,
  severity = min(severity, ?),
  brigading = max(brigading,
    (SELECT count(*) FROM (SELECT 1 FROM case_reporters
      WHERE case_id = ? AND provider = ? AND first_ms > ? LIMIT ?)) >= ? AND
    (SELECT reporters FROM case_providers WHERE case_id = cases.id AND provider = ?) >=
      ? * (SELECT sum(reporters) FROM case_providers WHERE case_id = cases.id))
  WHERE id = ?`
const RANK = `UPDATE cases SET weight = total, rank = 4 - severity + log2(max(total, ${WEIGHT_MIN}))
    - opened_ms / ${PRIORITY_DOUBLES_MS}.0,
  due_ms = opened_ms + CASE severity
    ${Object.entries(DEADLINES_MS)
      .map(([severity, ms]) => `WHEN ${severity} THEN ${ms}`)
      .join(' ')} END
  FROM (SELECT coalesce(sum(min(weight, ?)), 0) AS total FROM case_providers WHERE case_id = ?2)
  WHERE id = ?2`
