import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'

export const pathAnomalyMigrations: readonly Migration[] = [
  {
    id: 'reports/0003-path-anomalies',
    sql: `CREATE TABLE report_path_anomalies (
      provider TEXT NOT NULL,
      anomaly TEXT NOT NULL,
      count INTEGER NOT NULL,
      newest_ms INTEGER NOT NULL,
      PRIMARY KEY (provider, anomaly)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** How often a follower handed on what had been tampered with on its way. */
export interface PathAnomaly {
  readonly provider: string
  readonly anomaly: string
  readonly count: number
  readonly newestMs: number
}

/** Charged to the provider that a message came through, never to who reports it. */
export function chargeStatement({
  provider,
  anomaly,
  atMs,
}: {
  readonly provider: string
  readonly anomaly: string
  readonly atMs: number
}): Statement {
  return [CHARGE, [provider, anomaly, atMs]]
}

/** The worst first, at most 1,000. */
export function listPathAnomalies(store: Pick<Store, 'all'>): readonly PathAnomaly[] {
  return store.all(LIST).map((row) => ({
    provider: textColumn(row, 'provider'),
    anomaly: textColumn(row, 'anomaly'),
    count: numberColumn(row, 'count'),
    newestMs: numberColumn(row, 'newest_ms'),
  }))
}

const CHARGE = `INSERT INTO report_path_anomalies (provider, anomaly, count, newest_ms)
  VALUES (?, ?, 1, ?) ON CONFLICT (provider, anomaly)
  DO UPDATE SET count = count + 1, newest_ms = max(newest_ms, excluded.newest_ms)`
const LIST = `SELECT provider, anomaly, count, newest_ms FROM report_path_anomalies
  ORDER BY count DESC, provider LIMIT 1000`
