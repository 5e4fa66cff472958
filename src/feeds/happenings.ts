import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import { triage, type Triage } from '../reports/cases/triage.ts'

/** What a webhook can be told of, by name. */
export const webhookEvents = [
  'report.received',
  'case.opened',
  'case.claimed',
  'case.released',
  'case.proposed',
  'case.rejected',
  'case.decided',
  'case.undone',
  'case.appealed',
  'appeal.decided',
  'case.closed',
  'case.reopened',
  'sanction.state',
  'notice.answered',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]

/** Who looked at what, and took it out: for those who watch the moderators, and for nobody else. */
export const accessEvents = [
  'evidence.opened',
  'reporters.viewed',
  'case.exported',
  'case.disclosed',
] as const
export type AccessEvent = (typeof accessEvents)[number]

/** `test` is asked for by an operator and about no case. */
export type HappeningName = WebhookEvent | AccessEvent | 'test'

/** Something that happened to a case, as it was then. INVARIANT: no person, no room and no free text. */
export interface Happening {
  /** Grows with each; never leaves the gateway, as its gaps would tell of others. */
  readonly seq: number
  /** 32 hexadecimal digits, the same whenever it is told. */
  readonly id: string
  readonly atMs: number
  readonly name: HappeningName
  readonly case: string
  readonly category: string
  /** Of the case, of the sanction, or what the other provider answered. */
  readonly state: string | undefined
  /** While the case waits for a decision. */
  readonly deadlineMs: number | undefined
  readonly outcome: string | undefined
  /** What verification says of the report. */
  readonly result: string | undefined
  readonly report: string | undefined
  /** Of a sanction. */
  readonly kind: string | undefined
  /** The name of a member of the team. INVARIANT: leaves the gateway as a handle only. */
  readonly by: string | undefined
}

/** With its number in one feed: the first is 1, and none is left out. */
export type Numbered = Happening & { readonly number: number }

/** Queue and severity follow from the category. */
export function triageOf({ category }: Pick<Happening, 'category'>): Triage {
  return triage(category)
}

export function happeningOf(row: Row): Happening {
  const text = (name: string) => (row[name] === null ? undefined : textColumn(row, name))
  const known = textColumn(row, 'name')
  return {
    seq: numberColumn(row, 'seq'),
    id: textColumn(row, 'id'),
    atMs: numberColumn(row, 'at_ms'),
    name: [...webhookEvents, ...accessEvents].find((name) => name === known) ?? 'test',
    case: textColumn(row, 'case_id'),
    category: textColumn(row, 'category'),
    state: text('state'),
    deadlineMs: row['due_ms'] === null ? undefined : numberColumn(row, 'due_ms'),
    outcome: text('outcome'),
    result: text('result'),
    report: text('report'),
    kind: text('kind'),
    by: text('actor'),
  }
}

/** What is sent when an operator asks whether anything arrives. */
export function testHappening(id: string, atMs: number): Numbered {
  return {
    seq: 0,
    number: 0,
    id,
    atMs,
    name: 'test',
    case: '',
    category: 'other',
    state: undefined,
    deadlineMs: undefined,
    outcome: undefined,
    result: undefined,
    report: undefined,
    kind: undefined,
    by: undefined,
  }
}
