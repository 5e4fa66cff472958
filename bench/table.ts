import { cpus } from 'node:os'
import { isFanout, median, type Measured, type Measurements } from './measure.ts'
import type { RowName } from './options.ts'
import type { Section } from './sections/section.ts'

export interface Bar {
  readonly what: string
  /** At the same rate, which decides. */
  readonly value: number
  readonly atFullLoad: number
  /** `>= 0.45` */
  readonly bar: string
  readonly met: boolean
}

export interface Report {
  readonly machine: string
  readonly node: string
  readonly proxies: ProxyReport | undefined
  readonly sections: readonly Section[]
  readonly notes: readonly string[]
}

export interface ProxyReport {
  readonly requestsPerSecond: number | undefined
  readonly fanoutsPerSecond: number | undefined
  readonly rows: readonly ReportRow[]
  readonly bars: readonly Bar[]
}

export interface ReportRow {
  readonly name: RowName
  readonly what: string
  /** At the fixed rate. */
  readonly cpuMicros: number
  /** CPU of row b (of row e0 for fan-outs) over the CPU of this row, within the same rounds. */
  readonly shareOfBare: number | undefined
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly fullLoad: {
    readonly cpuMicros: number
    readonly perSecond: number
    readonly shareOfBare: number | undefined
  }
}

interface Findings {
  readonly proxies: Measurements | undefined
  readonly sections: readonly Section[]
  readonly notes: readonly string[]
}

export function reportOf({ proxies, sections, notes }: Findings): Report {
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    node: process.version,
    proxies: proxies && proxyReport(proxies),
    sections,
    notes,
  }
}

/** Medians over the rounds; ratios are medians of the ratios within each round. */
function proxyReport({ rows, requestsPerSecond, fanoutsPerSecond }: Measurements): ProxyReport {
  const byName = new Map(rows.map((row) => [row.name, row]))
  return {
    requestsPerSecond,
    fanoutsPerSecond,
    rows: rows.map((row) => reportRow(row, byName.get(isFanout(row.name) ? 'e0' : 'b'))),
    bars: BARS.flatMap((bar) => {
      const sides = [byName.get(bar.over), byName.get(bar.under)] as const
      const value = ratio('fixed', ...sides)
      const atFullLoad = ratio('full', ...sides)
      if (value === undefined || atFullLoad === undefined) return []
      const met = bar.most === undefined ? value >= bar.least : value <= bar.most
      const text = bar.most === undefined ? `>= ${bar.least}` : `<= ${bar.most}`
      return [{ what: bar.what, value, atFullLoad, bar: text, met }]
    }),
  }
}

/** The tables in Markdown. */
export function printReport({ machine, node, proxies, sections, notes }: Report): string {
  const lines = [
    `${machine}, Node ${node}.`,
    ...(proxies === undefined ? [] : proxyTables(proxies)),
    ...sections.flatMap(sectionTables),
    ...notes.flatMap((note) => ['', `Note: ${note}.`]),
  ]
  return `${lines.join('\n')}\n`
}

function sectionTables({ title, rows, bars, notes = [] }: Section): string[] {
  const cells = rows.map(({ what, unit, median: middle, p99 }) => [
    what,
    `${figure(middle)} ${unit}`,
    p99 === undefined ? '' : `${figure(p99)} ${unit}`,
  ])
  const barCells = bars.map(({ what, value, bar, met }) => [
    what,
    figure(value),
    bar,
    met ? 'met' : 'missed',
  ])
  return [
    '',
    `${title}.`,
    '',
    ...markdown(['what', 'median', 'p99'], cells),
    '',
    ...markdown(['ratio or figure', 'measured', 'bar', ''], barCells),
    ...notes.flatMap((note) => ['', `Note: ${note}.`]),
  ]
}

/** With three significant digits. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function proxyTables(report: ProxyReport): string[] {
  const { rows, bars } = report
  const head = ['', 'what', 'CPU µs', 'bare : row', 'p50 ms', 'p99 ms']
  head.push('full load: CPU µs', 'bare : row', 'per second')
  const cells = rows.map(({ fullLoad, ...row }) => [
    row.name,
    row.what,
    row.cpuMicros.toFixed(0),
    row.shareOfBare?.toFixed(2) ?? '',
    row.p50Ms?.toFixed(1) ?? '',
    row.p99Ms?.toFixed(1) ?? '',
    fullLoad.cpuMicros.toFixed(0),
    fullLoad.shareOfBare?.toFixed(2) ?? '',
    fullLoad.perSecond.toFixed(0),
  ])
  const barCells = bars.map(({ what, value, atFullLoad, bar, met }) => [
    what,
    value.toFixed(2),
    bar,
    met ? 'met' : 'missed',
    atFullLoad.toFixed(2),
  ])
  const barHead = ['ratio of CPU', 'at the same rate', 'bar', '', 'at full load']
  return [
    '',
    ratesOf(report),
    '',
    ...markdown(head, cells),
    ...(bars.length === 0 ? [] : ['', ...markdown(barHead, barCells)]),
  ]
}

function ratesOf({ requestsPerSecond, fanoutsPerSecond }: ProxyReport): string {
  const rates = [
    ...(requestsPerSecond === undefined ? [] : [`${requestsPerSecond} requests per second`]),
    ...(fanoutsPerSecond === undefined ? [] : [`${fanoutsPerSecond} fan-outs per second`]),
  ]
  return `The fixed rate: ${rates.join(', ')}.`
}

function reportRow(row: Measured, bare: Measured | undefined): ReportRow {
  const { name, full, fixed, latency } = row
  return {
    name,
    what: LABELS[name],
    cpuMicros: median(fixed.map((round) => round.cpuMicros)),
    shareOfBare: ratio('fixed', bare, row),
    p50Ms: latency?.p50Ms,
    p99Ms: latency?.p99Ms,
    fullLoad: {
      cpuMicros: median(full.map((round) => round.cpuMicros)),
      perSecond: median(full.map((round) => round.perSecond)),
      shareOfBare: ratio('full', bare, row),
    },
  }
}

function ratio(
  at: 'full' | 'fixed',
  over: Measured | undefined,
  under: Measured | undefined,
): number | undefined {
  if (over === undefined || under === undefined) return undefined
  return median(
    over[at].map((round, index) => round.cpuMicros / (under[at][index]?.cpuMicros ?? NaN)),
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
  t: 'the same of a sender that nobody can name: its proof checked',
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
  { what: 'CPU of c : t', over: 'c', under: 't', least: 0.6 },
  { what: 'CPU of b : d', over: 'b', under: 'd', least: 0.6 },
  { what: 'CPU of e : e0', over: 'e', under: 'e0', least: 0, most: 1.2 },
]
