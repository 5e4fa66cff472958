import { blobColumn, numberColumn, textColumn, type Row } from '../../sqlite/row.ts'
import type { Statement, Store, StoreValue } from '../../sqlite/store.ts'
import { isUniqueViolation } from '../../sqlite/write-queue.ts'
import { resultOf } from '../report-store.ts'
import type { ReportResult } from '../intake.ts'
import { newSortedId } from '../report-id.ts'
import { append, eventStatement } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { PROVIDER_WEIGHT_MAX, weightOf } from './reporter-weights.ts'
import { DEADLINES_MS, rankOf, triage, WEIGHT_MIN, PRIORITY_DOUBLES_MS } from './triage.ts'

type JoinParts = Pick<CaseParts, 'store' | 'clock' | 'randomness'>

/** A stored report, as far as cases need it. */
interface Reported {
  readonly report: string
  readonly room: string
  readonly provider: string
  readonly subject: string
  readonly reporter: string
  readonly category: string
  readonly result: ReportResult
  readonly receivedAtMs: number
  readonly messages: readonly Buffer[]
}

/**
 * Puts a stored report into its case, and answers the case's id; undefined where there is no such report.
 * A report joins the case that waits for a decision on the same subject in the same room; else the decided
 * case about the very messages, whose outcome is then its own; else it opens one. The same report again
 * changes nothing. Throws `store-unavailable`.
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
      // The case was opened in the meantime, or the report joined: look again.
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
  const { isolated, severity, queue } = triage(reported.category)
  const waiting = store.get(WAITING, [reported.room, reported.subject, isolated ? 1 : 0])
  const decided = waiting === undefined ? decidedCase(store, reported, isolated) : undefined
  const target = waiting ?? decided
  const id =
    target === undefined ? newSortedId('case', nowMs, randomness) : textColumn(target, 'id')
  const weight = weightOf(store, reported)
  const opening: readonly Statement[] =
    target === undefined
      ? [
          [INSERT_CASE, openedCase(id, { reported, weight, nowMs })],
          eventStatement(id, 1, { kind: 'opened', atMs: nowMs, by: 'gateway' }),
        ]
      : []
  const tally = { id, weight, nowMs, isolated, severity, queue }
  await store.writeAll([...opening, ...joinStatements(reported, tally)])
  if (
    decided !== undefined &&
    decided['outcome'] === 'not-verified' &&
    reported.result === 'verified'
  )
    await append(store, id, () => ({
      event: { kind: 'reopened', report: reported.report, atMs: nowMs, by: 'gateway' },
    }))
  return id
}

/** The decided case that all messages of the report belong to: nobody has to look at them twice. */
function decidedCase(store: Store, { room, messages }: Reported, isolated: boolean) {
  const rows = messages.map((message) => store.get(OF_MESSAGE, [room, message, isolated ? 1 : 0]))
  const [first] = rows
  if (first === undefined) return undefined
  return rows.every((row) => row?.['id'] === first['id']) ? first : undefined
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
const WAITING = `SELECT id, outcome FROM cases
  WHERE room = ? AND subject = ? AND isolated = ? AND stage = 'waiting' ORDER BY id LIMIT 1`
const OF_MESSAGE = `SELECT id, outcome FROM cases
  WHERE id = (SELECT case_id FROM case_messages WHERE room = ? AND message_id = ? AND isolated = ?)`
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
