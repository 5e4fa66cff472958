import { anonymityMin } from '../notices/coarse.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import { documentOf, refused } from './refusal.ts'

/** What was counted over whole months that are over. */
export interface Transparency {
  readonly schema: 1
  /** `YYYY-MM`, both included. */
  readonly from: string
  readonly to: string
  /** The first month of which anything was counted; undefined where nothing was. */
  readonly countedFrom: string | undefined
  /** Providers with fewer are counted together, as `others`. */
  readonly providersFrom: number
  readonly rows: readonly CountRow[]
}

/** One number: of what, told apart by what, with which value. */
export interface CountRow {
  readonly measure: string
  readonly dimension: string
  readonly value: string
  readonly number: number
}

export interface MonthRange {
  readonly from: string
  readonly to: string
}

/**
 * Adds up months. Only whole ones that are over: whoever could ask for a day would see a case that is
 * kept from them as the difference of two answers. Throws `export-refused`.
 */
export function transparency(store: Store, { from, to }: MonthRange, nowMs: number): Transparency {
  if (from > to || to >= monthOf(nowMs)) documentOf(refused('period'))
  const rows = store.all(SUMS, [from, to]).map((row) => ({
    measure: textColumn(row, 'measure'),
    dimension: textColumn(row, 'dimension'),
    value: textColumn(row, 'value'),
    number: numberColumn(row, 'number'),
  }))
  const first = store.get(FIRST)?.['month']
  return {
    schema: 1,
    from,
    to,
    countedFrom: typeof first === 'string' ? first : undefined,
    providersFrom: anonymityMin,
    rows: [...withZeros(rows.filter(isPlain)), ...medians(rows), ...providers(rows)].toSorted(
      byName,
    ),
  }
}

/** `YYYY-MM` in UTC. */
function monthOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, MONTH_CHARACTERS)
}

/** RFC 4180, with the names of the columns. Values are names of ours and domains: nothing is quoted. */
export function transparencyCsv({ rows }: Pick<Transparency, 'rows'>): string {
  const lines = rows.map(
    ({ measure, dimension, value, number }) => `${measure},${dimension},${value},${number}`,
  )
  return ['measure,dimension,value,number', ...lines].map((line) => `${line}\r\n`).join('')
}

/** Resolves to how many numbers are gone. */
export function deleteCountsBefore(store: Store, atMs: number): Promise<number> {
  return store.change(DELETE, [monthOf(atMs)])
}

function isPlain({ dimension }: CountRow): boolean {
  return dimension !== 'minutes' && dimension !== 'provider'
}

/** What a reader looks for is there, also where it never happened. */
function withZeros(rows: readonly CountRow[]): readonly CountRow[] {
  const missing = ALWAYS.filter(
    (each) =>
      !rows.some(
        ({ measure, dimension, value }) =>
          measure === each.measure && dimension === each.dimension && value === each.value,
      ),
  )
  return [...rows, ...missing.map((each) => ({ ...each, number: 0 }))]
}

/** To ten minutes; none where nothing was decided. */
function medians(rows: readonly CountRow[]): readonly CountRow[] {
  return byMeasure(rows, 'minutes').map(([measure, times]) => ({
    measure,
    dimension: 'median-minutes',
    value: '',
    number: median(times.map(({ value, number }) => ({ minutes: Number(value), number }))),
  }))
}

function median(times: readonly { readonly minutes: number; readonly number: number }[]): number {
  const sorted = times.toSorted((a, b) => a.minutes - b.minutes)
  let left = sorted.reduce((sum, { number }) => sum + number, 0) / 2
  for (const { minutes, number } of sorted) {
    left -= number
    if (left <= 0) return minutes
  }
  return 0
}

function providers(rows: readonly CountRow[]): readonly CountRow[] {
  return byMeasure(rows, 'provider').flatMap(([, ofProviders]) => coarseProviders(ofProviders))
}

function byMeasure(rows: readonly CountRow[], dimension: string) {
  const chosen = rows.filter((row) => row.dimension === dimension)
  return [...Map.groupBy(chosen, ({ measure }) => measure)]
}

/**
 * Small ones are counted together. The total is known, so that one alone, or few together, would be
 * known as well: then the next smallest joins them.
 */
function coarseProviders(rows: readonly CountRow[]): readonly CountRow[] {
  const named = rows.toSorted((a, b) => b.number - a.number)
  const others: CountRow[] = []
  const sum = () => others.reduce((all, { number }) => all + number, 0)
  for (let last = named.at(-1); last !== undefined; last = named.at(-1)) {
    const isHidden = others.length === 0 || (others.length > 1 && sum() >= anonymityMin)
    if (last.number >= anonymityMin && isHidden) break
    others.push(last)
    named.pop()
  }
  const [one] = others
  return one === undefined ? named : [...named, { ...one, value: 'others', number: sum() }]
}

function byName(a: CountRow, b: CountRow): number {
  const [one, other] = [a, b].map(({ measure, dimension, value }) => [measure, dimension, value])
  return String(one) < String(other) ? -1 : 1
}

const ALWAYS = (
  [
    ['reports', 'total', ''],
    ['decisions', 'total', ''],
    ['decisions', 'taken-back', ''],
    ['decisions', 'found-by', 'program'],
    ['decisions', 'automation', 'partly'],
    ['decisions', 'automation', 'fully'],
    ['actions', 'total', ''],
    ['appeals', 'total', ''],
    ['appeals', 'outcome', 'upheld'],
    ['appeals', 'outcome', 'reversed'],
    ['legal-holds', 'total', ''],
    ['notices-sent', 'total', ''],
    ['notices-received', 'total', ''],
  ] as const
).map(([measure, dimension, value]) => ({ measure, dimension, value }))
const MONTH_CHARACTERS = 7
const SUMS = `SELECT measure, dimension, value, sum(number) AS number FROM monthly_counts
  WHERE month BETWEEN ? AND ? GROUP BY measure, dimension, value`
const FIRST = 'SELECT month FROM monthly_counts ORDER BY month LIMIT 1'
const DELETE = 'DELETE FROM monthly_counts WHERE month < ?'
