import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions, RowName } from './options.ts'
import type { Throughput } from './load.ts'
import { cpuMicros } from './processes.ts'
import type { Row } from './rows.ts'

export interface Round {
  readonly cpuMicros: number
  readonly perSecond: number
}

export interface Measured {
  readonly name: RowName
  /** At full load, one per round; the same index is the same round in every row. */
  readonly full: readonly Round[]
  /** At the fixed rate, likewise. */
  readonly fixed: readonly Round[]
  /** Of all requests at the fixed rate; undefined for fan-outs. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined
}

export interface Measurements {
  readonly rows: readonly Measured[]
  /** The fixed rate of single requests, and of fan-outs. */
  readonly requestsPerSecond: number | undefined
  readonly fanoutsPerSecond: number | undefined
}

/**
 * Warms every row up, then measures one after the other, round by round: first each at full load, then
 * all at the same rate, half of what the slowest of them reached.
 */
export async function measure(
  rows: readonly Row[],
  { rounds, roundMs, warmUpMs }: BenchOptions,
  progress: (text: string) => void,
): Promise<Measurements> {
  progress('warming up')
  for (const row of rows) await runRound(row, () => row.round(warmUpMs))
  const full = new Map<Row, Round[]>(rows.map((row) => [row, []]))
  for (let round = 1; round <= rounds; round++) {
    progress(`full load, round ${round} of ${rounds}`)
    for (const row of rows) full.get(row)?.push(await runRound(row, () => row.round(roundMs)))
  }
  const requestsPerSecond = halfOfSlowest(full, ({ name }) => !isFanout(name))
  const fanoutsPerSecond = halfOfSlowest(full, ({ name }) => isFanout(name))
  const fixed = new Map<Row, Round[]>(rows.map((row) => [row, []]))
  const times = new Map<Row, number[]>(rows.map((row) => [row, []]))
  for (let round = 1; round <= rounds; round++) {
    progress(`fixed rate, round ${round} of ${rounds}`)
    for (const row of rows) {
      const perSecond = (isFanout(row.name) ? fanoutsPerSecond : requestsPerSecond) ?? 0
      const paced = await runRound(row, async () => {
        const { requests, timesMs } = await row.openLoop(perSecond, roundMs)
        times.get(row)?.push(...timesMs)
        return { requests, elapsedMs: roundMs }
      })
      fixed.get(row)?.push(paced)
    }
  }
  return {
    requestsPerSecond,
    fanoutsPerSecond,
    rows: rows.map((row) => ({
      name: row.name,
      full: full.get(row) ?? [],
      fixed: fixed.get(row) ?? [],
      latency: latencyOf(times.get(row) ?? []),
    })),
  }
}

export function isFanout(name: RowName): boolean {
  return name === 'e' || name === 'e0'
}

function latencyOf(times: readonly number[]): Measured['latency'] {
  if (times.length === 0) return undefined
  const sorted = times.toSorted((a, b) => a - b)
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) }
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** CPU is counted until what a request left behind, such as a commit in a group, is done too. */
async function runRound(row: Row, load: () => Promise<Throughput>): Promise<Round> {
  await row.prepare?.()
  await sleep(SETTLE_MS)
  const before = cpuMicros(row.pid)
  const { requests, elapsedMs } = await load()
  await sleep(SETTLE_MS)
  return {
    cpuMicros: (cpuMicros(row.pid) - before) / requests,
    perSecond: (requests * 1_000) / elapsedMs,
  }
}

function halfOfSlowest(
  measured: ReadonlyMap<Row, readonly Round[]>,
  isOfKind: (row: Row) => boolean,
): number | undefined {
  const rates = [...measured]
    .filter(([row]) => isOfKind(row))
    .map(([, rounds]) => median(rounds.map(({ perSecond }) => perSecond)))
  return rates.length === 0 ? undefined : Math.ceil(Math.min(...rates) / 20) * 10
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

const SETTLE_MS = 120
