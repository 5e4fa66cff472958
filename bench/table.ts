import { cpus } from 'node:os'
import { median, type Measured, type Measurements } from './measure.ts'
import type { RowName } from './options.ts'

export interface Bar {
  readonly what: string
  readonly value: number
  /** `>= 0.45` */
  readonly bar: string
  readonly met: boolean
}

export interface Report {
  readonly machine: string
  readonly node: string
  readonly fixedPerSecond: number | undefined
  readonly rows: readonly ReportRow[]
  readonly bars: readonly Bar[]
  readonly notes: readonly string[]
}

export interface ReportRow {
  readonly name: RowName
  readonly what: string
  readonly cpuMicros: number
  readonly perSecond: number
  /** CPU of row b over the CPU of this row, within the same rounds. */
  readonly shareOfBare: number | undefined
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

/** Medians over the rounds; ratios are medians of the ratios within each round. */
export function reportOf({ rows, fixedPerSecond }: Measurements, notes: readonly string[]): Report {
  const byName = new Map(rows.map((row) => [row.name, row]))
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    node: process.version,
    fixedPerSecond,
    notes,
    rows: rows.map((row) => reportRow(row, byName.get('b'))),
    bars: BARS.flatMap((bar) => {
      const value = ratio(byName.get(bar.over), byName.get(bar.under))
      if (value === undefined) return []
      const met = bar.most === undefined ? value >= bar.least : value <= bar.most
      const text = bar.most === undefined ? `>= ${bar.least}` : `<= ${bar.most}`
      return [{ what: bar.what, value, bar: text, met }]
    }),
  }
}

/** The table in Markdown. */
export function printTable({ rows, bars, machine, node, fixedPerSecond, notes }: Report): string {
  const at = fixedPerSecond === undefined ? '' : ` at ${fixedPerSecond}/s`
  const head = ['', 'what', 'CPU µs', 'requests/s', 'b : row', `p50 ms${at}`, `p99 ms${at}`]
  const cells = rows.map((row) => [
    row.name,
    row.what,
    row.cpuMicros.toFixed(0),
    row.perSecond.toFixed(0),
    row.shareOfBare?.toFixed(2) ?? '',
    row.p50Ms?.toFixed(2) ?? '',
    row.p99Ms?.toFixed(2) ?? '',
  ])
  const barCells = bars.map(({ what, value, bar, met }) => [
    what,
    value.toFixed(2),
    bar,
    met ? 'met' : 'missed',
  ])
  return [
    `${machine}, Node ${node}`,
    '',
    ...markdown(head, cells),
    '',
    ...(bars.length === 0 ? [] : markdown(['ratio', 'value', 'bar', ''], barCells)),
    ...notes.map((note) => `\nnote: ${note}`),
    '',
  ].join('\n')
}

function reportRow(row: Measured, bare: Measured | undefined): ReportRow {
  const { name, rounds, latency } = row
  return {
    name,
    what: LABELS[name],
    cpuMicros: median(rounds.map((round) => round.cpuMicros)),
    perSecond: median(rounds.map((round) => round.perSecond)),
    shareOfBare: name.startsWith('e') ? undefined : ratio(bare, row),
    p50Ms: latency?.p50Ms,
    p99Ms: latency?.p99Ms,
  }
}

function ratio(over: Measured | undefined, under: Measured | undefined): number | undefined {
  if (over === undefined || under === undefined) return undefined
  return median(
    over.rounds.map((round, index) => round.cpuMicros / (under.rounds[index]?.cpuMicros ?? NaN)),
  )
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

const LABELS: Readonly<Record<RowName, string>> = {
  a: 'nginx, pass-through',
  b: 'bare undici, pass-through',
  b2: '@fastify/http-proxy, pass-through',
  c: 'Postern submitMessage: whole pipeline, frank, durable stamp',
  d: 'Postern notify',
  e: 'Postern, one message to 50 followers',
  e0: '50 bare undici sends of the same bytes',
}

interface BarDefinition {
  readonly what: string
  readonly over: RowName
  readonly under: RowName
  readonly least: number
  readonly most?: number
}

const BARS: readonly BarDefinition[] = [
  { what: 'CPU of b2 : c', over: 'b2', under: 'c', least: 1 },
  { what: 'CPU of b : c', over: 'b', under: 'c', least: 0.45 },
  { what: 'CPU of b : d', over: 'b', under: 'd', least: 0.6 },
  { what: 'CPU of e : e0', over: 'e', under: 'e0', least: 0, most: 1.2 },
]
