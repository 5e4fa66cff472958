import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions, RowName } from './options.ts'
import { cpuMicros } from './processes.ts'
import type { Row } from './rows.ts'

export interface Round {
  readonly cpuMicros: number
  readonly perSecond: number
}

export interface Measured {
  readonly name: RowName
  /** One per round; the same index is the same round in every row. */
  readonly rounds: readonly Round[]
  /** Of the open loop at the fixed rate. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined
}

export interface Measurements {
  readonly rows: readonly Measured[]
  /** Of the open loop. */
  readonly fixedPerSecond: number | undefined
}

/** Warms every row up, then measures one after the other, round by round, then each at the same fixed rate. */
export async function measure(
  rows: readonly Row[],
  { rounds, roundMs, warmUpMs, latencyMs }: BenchOptions,
  progress: (text: string) => void,
): Promise<Measurements> {
  progress('warming up')
  for (const row of rows) await runRound(row, warmUpMs)
  const measured = new Map<RowName, Round[]>(rows.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`)
    for (const row of rows) measured.get(row.name)?.push(await runRound(row, roundMs))
  }
  const fixedPerSecond = latencyMs === 0 ? undefined : fixedRate(rows, measured)
  const latencies = new Map<RowName, Measured['latency']>()
  if (fixedPerSecond !== undefined) {
    progress(`${fixedPerSecond} requests per second`)
    for (const { name, openLoop } of rows) {
      if (openLoop === undefined) continue
      const times = await openLoop(fixedPerSecond, latencyMs)
      latencies.set(name, { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) })
    }
  }
  return {
    fixedPerSecond,
    rows: rows.map(({ name }) => ({
      name,
      rounds: measured.get(name) ?? [],
      latency: latencies.get(name),
    })),
  }
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** CPU is counted until what a request left behind, such as a commit in a group, is done too. */
async function runRound(row: Row, durationMs: number): Promise<Round> {
  await row.prepare?.()
  await sleep(SETTLE_MS)
  const before = cpuMicros(row.pid)
  const { requests, elapsedMs } = await row.round(durationMs)
  await sleep(SETTLE_MS)
  return {
    cpuMicros: (cpuMicros(row.pid) - before) / requests,
    perSecond: (requests * 1_000) / elapsedMs,
  }
}

/** Half of what the slowest row reaches, so that none is beyond its limit. */
function fixedRate(
  rows: readonly Row[],
  measured: ReadonlyMap<RowName, readonly Round[]>,
): number | undefined {
  const rates = rows
    .filter(({ openLoop }) => openLoop !== undefined)
    .map(({ name }) => median((measured.get(name) ?? []).map(({ perSecond }) => perSecond)))
  if (rates.length === 0) return undefined
  return Math.max(100, Math.floor(Math.min(...rates) / 200) * 100)
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

const SETTLE_MS = 120
