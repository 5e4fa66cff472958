import { GatewayError } from '../../model/errors.ts'
import { numberColumn, textColumn } from '../../sqlite/row.ts'
import type { Access } from './access.ts'
import { append, caseOf } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import type { Actor } from './team.ts'

/** Evidence of a report that was given to an authority; without what it says. */
export interface Disclosure extends NewDisclosure {
  readonly case: string
  readonly by: string
  readonly atMs: number
}

export interface NewDisclosure {
  readonly report: string
  readonly authority: string
  /** `confirmed`, or what names the order, in plain text. */
  readonly basis: string
  /** The policies that let it go. */
  readonly policies: readonly string[]
}

/** Who gave what of a case to which authority. The record outlives the case. */
export interface Disclosures {
  /** Whether the actor may take the report's case out. Throws `not-found`, `moderator-unknown`, `moderation-denied`. */
  admit(actor: Actor, report: string): void
  /** In the case's log and apart from it; durable when it resolves. Throws as `admit`, and `store-unavailable`. */
  record(actor: Actor, disclosure: NewDisclosure): Promise<Disclosure>
  /** The newest first, at most 1,000. */
  list(limit: number): readonly Disclosure[]
  deleteBefore(atMs: number): Promise<number>
}

export function createDisclosures(
  { store, clock }: Pick<CaseParts, 'store' | 'clock'>,
  access: Pick<Access, 'demand'>,
): Disclosures {
  const caseIdOf = (report: string): string => {
    const row = store.get(CASE, [report])
    if (row === undefined) throw new GatewayError('not-found')
    return textColumn(row, 'case_id')
  }
  return {
    admit: (actor, report) => {
      access.demand(actor, 'exportCase', caseOf(store, caseIdOf(report)))
    },
    record: async (actor, { report, authority, basis, policies }) => {
      const id = caseIdOf(report)
      const [by, atMs] = [actor.name, clock()]
      await append(store, id, (known) => {
        access.demand(actor, 'exportCase', known)
        const values = [id, report, authority, basis, JSON.stringify(policies), by, atMs]
        return {
          event: { kind: 'disclosed', report, authority, basis, policies, by, atMs },
          statements: [[INSERT, values]],
        }
      })
      return { case: id, report, authority, basis, policies, by, atMs }
    },
    list: (limit) =>
      store.all(LIST, [Math.min(limit, LIST_MAX)]).map((row) => ({
        case: textColumn(row, 'case_id'),
        report: textColumn(row, 'report'),
        authority: textColumn(row, 'authority'),
        basis: textColumn(row, 'basis'),
        policies: wordsOf(textColumn(row, 'policies')),
        by: textColumn(row, 'actor'),
        atMs: numberColumn(row, 'at_ms'),
      })),
    deleteBefore: (atMs) => store.change(DELETE, [atMs]),
  }
}

/** How long the record is kept, in ms: three years. */
export const DISCLOSURES_KEPT_MS = 1_096 * 86_400_000

function wordsOf(json: string): readonly string[] {
  const words: unknown = JSON.parse(json)
  return Array.isArray(words) ? words.map(String) : []
}

const LIST_MAX = 1_000
const CASE = 'SELECT case_id FROM case_reports WHERE report = ?'
const INSERT = `INSERT INTO evidence_disclosures (case_id, report, authority, basis, policies, actor, at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?)`
const LIST = `SELECT case_id, report, authority, basis, policies, actor, at_ms
  FROM evidence_disclosures ORDER BY rowid DESC LIMIT ?`
const DELETE = 'DELETE FROM evidence_disclosures WHERE at_ms < ?'
