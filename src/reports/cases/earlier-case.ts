import { textColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'
import { decisionsOf } from '../decisions/decisions.ts'
import type { ReportResult } from '../intake.ts'
import { caseOf, type KnownCase } from './case-log.ts'
import { triage } from './triage.ts'

/** A stored report, as far as cases need it. */
export interface Reported {
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
 * What a report is to a case that was decided about the same messages. `shared`: nobody has to look twice.
 * `reopened`: it proves what nothing proved before. `apart`: it is about something worse, which nobody has
 * looked for, or a decision that did something stands and stays open to an appeal.
 */
type Bearing = 'shared' | 'reopened' | 'apart'

interface EarlierCase {
  readonly known: KnownCase
  readonly bearing: Bearing
}

/** The decided case that all messages of a report belong to. */
export function earlierCase(store: Store, reported: Reported): EarlierCase | undefined {
  const { room, messages, category } = reported
  const isolated = triage(category).isolated ? 1 : 0
  const rows = messages.map((message) => store.get(OF_MESSAGE, [room, message, isolated]))
  const [first] = rows
  if (first === undefined || rows.some((row) => row?.['case_id'] !== first['case_id']))
    return undefined
  const known = caseOf(store, textColumn(first, 'case_id'))
  return { known, bearing: bearingOf(store, known, reported) }
}

function bearingOf(store: Store, known: KnownCase, reported: Reported): Bearing {
  if (isWorse(store, known, reported)) return 'apart'
  if (reported.result !== 'verified' || wasVerified(store, known, reported)) return 'shared'
  return known.state.decision?.outcome === 'action' ? 'apart' : 'reopened'
}

/** Whether more is said than was reported and decided before, or something that needs other people. */
function isWorse(store: Store, { row, state }: KnownCase, { category }: Reported): boolean {
  const decision = decisionsOf(store, row.id).find(({ id }) => id === state.decision?.id)
  const found = decision === undefined ? [] : [triage(decision.form.category)]
  const { severity, queue } = triage(category)
  const looked = [row, ...found]
  if (severity < Math.min(...looked.map((each) => each.severity))) return true
  return queue === 'child-safety' && !looked.some((each) => each.queue === queue)
}

/** Whether each message was proven by a report before. */
function wasVerified(store: Store, { row }: KnownCase, { room, messages }: Reported): boolean {
  return messages.every((message) => store.get(PROVEN, [room, message, row.id]) !== undefined)
}

const OF_MESSAGE = `SELECT case_id FROM case_messages
  WHERE room = ? AND message_id = ? AND isolated = ?`
/** A report is as good as its weakest message. */
const PROVEN = `SELECT 1 FROM report_messages JOIN case_reports USING (report)
  WHERE room = ? AND message_id = ? AND case_id = ? AND case_reports.result = 'verified' LIMIT 1`
