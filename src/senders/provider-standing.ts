import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'

export const standingMigrations: readonly Migration[] = [
  {
    id: 'senders/0002-standing',
    sql: `CREATE TABLE sender_standing (
      day INTEGER NOT NULL,
      provider TEXT NOT NULL,
      admissions INTEGER NOT NULL,
      strikes INTEGER NOT NULL,
      PRIMARY KEY (day, provider)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** How far a provider's budget is cut. */
export type StandingFactor = 1 | 0.5 | 0.1

export interface StandingView {
  readonly provider: string
  /** Over the last 30 days. */
  readonly admissions: number
  readonly strikes: number
  readonly factor: StandingFactor
}

/** A strike that a hub decided, or with -1 one that it took back. */
export interface StrikeChange {
  readonly provider: string
  /** When it was decided, in both cases. */
  readonly atMs: number
  readonly change: 1 | -1
}

/**
 * What a provider's anonymous senders were admitted to, and how often that was abused, over 30 days.
 * Strikes that stand for each thousand admissions, of which at least a thousand count, cut its budget:
 * from 0.1 on to a half, above 1 to a tenth.
 */
export interface ProviderStanding {
  admitted(provider: string, nowMs: number): void
  /**
   * With what has to be written in the same step. What is taken back is taken from the strike's own day,
   * so that it leaves the window with it. Durable once it resolves.
   */
  struck(strike: StrikeChange, also?: readonly Statement[]): Promise<void>
  factor(provider: string): StandingFactor
  list(): readonly StandingView[]
  /** Forgets days that are over 30 days old. */
  deleteBefore(nowMs: number): Promise<void>
}

interface Totals {
  admissions: number
  strikes: number
}

export function createProviderStanding(store: Store, nowMs: number): ProviderStanding {
  let sinceDay = dayOf(nowMs) - WINDOW_DAYS
  let totals = readTotals(store, sinceDay)
  const change = (provider: string, to: (known: Totals) => Totals): void => {
    totals.set(provider, to(totals.get(provider) ?? { admissions: 0, strikes: 0 }))
  }
  return {
    admitted: (provider, atMs) => {
      change(provider, (known) => ({ ...known, admissions: known.admissions + 1 }))
      void store.writeSoon(ADD, [dayOf(atMs), provider, 1, 0])
    },
    struck: async ({ provider, atMs, change: by }, also = []) => {
      const day = dayOf(atMs)
      const counting: Statement =
        by === 1 ? [ADD, [day, provider, 0, 1]] : [TAKE_BACK, [day, provider]]
      await store.writeAll([...also, counting])
      const strikes = readStrikes(store, provider, sinceDay)
      change(provider, (known) => ({ ...known, strikes }))
    },
    factor: (provider) => factorOf(totals.get(provider)),
    list: () =>
      [...totals].map(([provider, total]) => ({ provider, ...total, factor: factorOf(total) })),
    deleteBefore: async (atMs) => {
      sinceDay = dayOf(atMs) - WINDOW_DAYS
      await store.write(DELETE, [sinceDay])
      totals = readTotals(store, sinceDay)
    },
  }
}

function factorOf(total: Totals | undefined): StandingFactor {
  if (total === undefined) return 1
  const perThousand = (total.strikes * 1_000) / Math.max(total.admissions, ADMISSIONS_MIN)
  if (perThousand > TENTH_ABOVE) return 0.1
  return perThousand >= HALF_FROM ? 0.5 : 1
}

function readStrikes(store: Store, provider: string, sinceDay: number): number {
  const row = store.get(STRIKES, [sinceDay, provider])
  return row === undefined ? 0 : Math.max(0, numberColumn(row, 'strikes'))
}

function readTotals(store: Store, sinceDay: number): Map<string, Totals> {
  const rows = store.all(TOTALS, [sinceDay, PROVIDERS_MAX])
  return new Map(
    rows.map((row) => [
      textColumn(row, 'provider'),
      {
        admissions: numberColumn(row, 'admissions'),
        strikes: Math.max(0, numberColumn(row, 'strikes')),
      },
    ]),
  )
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

const DAY_MS = 86_400_000
const WINDOW_DAYS = 30
/** A single strike must not weigh more with a small provider than with one of a thousand admissions. */
const ADMISSIONS_MIN = 1_000
const HALF_FROM = 0.1
const TENTH_ABOVE = 1
const PROVIDERS_MAX = 100_000
const ADD = `INSERT INTO sender_standing (day, provider, admissions, strikes) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET admissions = admissions + excluded.admissions,
    strikes = strikes + excluded.strikes`
const TAKE_BACK = `UPDATE sender_standing SET strikes = strikes - 1
  WHERE day = ? AND provider = ? AND strikes > 0`
const STRIKES = `SELECT coalesce(sum(strikes), 0) AS strikes FROM sender_standing
  WHERE day >= ? AND provider = ?`
const TOTALS = `SELECT provider, sum(admissions) AS admissions, sum(strikes) AS strikes
  FROM sender_standing WHERE day >= ? GROUP BY provider LIMIT ?`
const DELETE = 'DELETE FROM sender_standing WHERE day < ?'
