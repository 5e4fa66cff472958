import type { Form } from '../src/model/metadata.ts'
import { mostExposing } from './eye.ts'
import type { Row } from './who-saw-what.ts'

/** Gives a piece of text the colour of a form; the text itself stays. */
export type Paint = (form: Form | 'head' | 'faint', text: string) => string

/**
 * The table for people: per operation a block, per provider and role a column, per field a line. A dot
 * where nothing of this kind was sent to that provider.
 */
export function renderTable(rows: readonly Row[], paint: Paint): string {
  const operations = [...new Set(rows.map(({ operation }) => operation))]
  return operations
    .map((operation) =>
      block(
        operation,
        rows.filter((row) => row.operation === operation),
        paint,
      ),
    )
    .join('\n')
}

interface Column {
  readonly suite: string
  readonly observer: string
  readonly role: string
}

function block(operation: string, rows: readonly Row[], paint: Paint): string {
  const columns = columnsOf(rows)
  const lines = [...Map.groupBy(rows, ({ field, of }) => lineName(field, of))]
  return [
    headLine(paint('head', operation.padEnd(NAME_WIDTH)), suiteCells(columns), paint),
    headLine(
      ' '.repeat(NAME_WIDTH),
      columns.map(({ observer }) => observer),
      paint,
    ),
    headLine(
      ' '.repeat(NAME_WIDTH),
      columns.map(({ role }) => role),
      paint,
    ),
    ...lines.map(([name, seen]) => {
      const cells = columns.map((column) =>
        cell(
          seen.filter((row) => isIn(row, column)),
          paint,
        ),
      )
      return `  ${name.padEnd(NAME_WIDTH - 2)}${cells.join('')}`.trimEnd()
    }),
    '',
  ].join('\n')
}

function cell(rows: readonly Row[], paint: Paint): string {
  if (rows.length === 0) return paint('faint', '.'.padEnd(CELL_WIDTH))
  const form = mostExposing(rows.map((row) => row.form))
  const isMixed = rows.some((row) => row.form !== form || Object.keys(row.forms).length > 1)
  return paint(form, `${shortForm(form)}${isMixed ? '*' : ''}`.padEnd(CELL_WIDTH))
}

/** The suite stands over the first of its columns only. */
function suiteCells(columns: readonly Column[]): string[] {
  return columns.map(({ suite }, index) => (columns[index - 1]?.suite === suite ? '' : suite))
}

/** A long suite name runs on over the columns that follow. */
function headLine(name: string, cells: readonly string[], paint: Paint): string {
  let text = ''
  for (const [index, part] of cells.entries()) text = `${text.padEnd(index * CELL_WIDTH)}${part}`
  return `${name}${paint('faint', text)}`.trimEnd()
}

function columnsOf(rows: readonly Row[]): readonly Column[] {
  const columns = new Map<string, Column>()
  for (const { suite, observer, role } of rows)
    columns.set(JSON.stringify([suite, observer, role]), { suite, observer, role })
  return [...columns.values()].toSorted(
    (one, other) =>
      SUITES.indexOf(one.suite) - SUITES.indexOf(other.suite) ||
      ROLES.indexOf(one.role) - ROLES.indexOf(other.role) ||
      one.observer.localeCompare(other.observer),
  )
}

function isIn(row: Row, { suite, observer, role }: Column): boolean {
  return row.suite === suite && row.observer === observer && row.role === role
}

function lineName(field: string, of: string | undefined): string {
  return of === undefined ? field : `${field} (${of})`
}

/** The only pseudonyms there are, as long as nothing goes wrong, are those of rooms. */
function shortForm(form: Form): string {
  if (form === 'pseudonym-room') return 'pseudonym'
  return form === 'pseudonym-peer' ? 'LINKABLE' : form
}

const SUITES: readonly string[] = [
  'moderated-pseudonyms',
  'identified',
  'compliance',
  'outside rooms',
]
const ROLES: readonly string[] = ['hub', 'follower', 'target', 'asker']
const NAME_WIDTH = 46
const CELL_WIDTH = 12
