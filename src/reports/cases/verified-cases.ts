import { numberColumn } from '../../sqlite/row.ts'
import type { Store } from '../../sqlite/store.ts'

/** From `fromMs` to before `untilMs`. */
export interface TimeSpan {
  readonly fromMs: number
  readonly untilMs: number
}

/** Cases about participants of a provider that were opened in the time and have a verified report. */
export function countVerifiedCases(
  store: Store,
  provider: string,
  { fromMs, untilMs }: TimeSpan,
): number {
  // All that begins so: '0' follows '/'.
  const uris = [`mimi://${provider}/`, `mimi://${provider}0`] as const
  const row = store.get(COUNT, [...uris, fromMs, untilMs])
  return row === undefined ? 0 : numberColumn(row, 'cases')
}

const COUNT = `SELECT count(*) AS cases FROM cases
  WHERE subject >= ? AND subject < ? AND opened_ms >= ? AND opened_ms < ? AND verified > 0`
