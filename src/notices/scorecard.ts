import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'

/** How a provider deals with what it is told, over 90 days. */
export interface Scorecard {
  readonly peer: string
  /** Notices and strikes that were not taken back. */
  readonly sent: number
  /** Answered with something final before the deadline. */
  readonly inTime: number
  readonly late: number
  /** The deadline is over, and nothing final came. */
  readonly unanswered: number
  /** The deadline is not over yet. */
  readonly open: number
  /** Its gateway did not take it. */
  readonly refused: number
  /** Undefined while nothing was answered. */
  readonly medianAnswerMs: number | undefined
  /** Of what was answered: from 0 to 1. */
  readonly actionedShare: number | undefined
  /** Strikes that it says it acted on; all that stand count against it, whatever it says. */
  readonly strikesUpheld: number
  /** Notices and strikes that it sent us. */
  readonly received: number
}

/** What is kept of every provider that was told something or told us something. */
export function scorecards(store: Store, nowMs: number): readonly Scorecard[] {
  const sinceMs = nowMs - WINDOW_MS
  const peers = new Set([
    ...store.all(PEERS_SENT, [sinceMs, PEERS_MAX]).map((row) => textColumn(row, 'peer')),
    ...store.all(PEERS_RECEIVED, [sinceMs, PEERS_MAX]).map((row) => textColumn(row, 'peer')),
  ])
  return [...peers].toSorted().map((peer) => scorecard(store, peer, { sinceMs, nowMs }))
}

function scorecard(
  store: Store,
  peer: string,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
): Scorecard {
  const rows = store.all(SENT, [peer, sinceMs, ROWS_MAX])
  const times: number[] = []
  const counts = { inTime: 0, late: 0, unanswered: 0, open: 0, refused: 0 }
  let [actioned, strikesUpheld] = [0, 0]
  for (const row of rows) {
    const untilMs = numberColumn(row, 'until_ms')
    if (row['answered_ms'] !== null) {
      const answeredMs = numberColumn(row, 'answered_ms')
      times.push(Math.max(0, answeredMs - numberColumn(row, 'created_ms')))
      const isActioned = row['state'] === 'actioned'
      actioned += Number(isActioned)
      strikesUpheld += Number(isActioned && row['type'] === 'strike')
      counts[answeredMs <= untilMs ? 'inTime' : 'late'] += 1
    } else if (row['refused_status'] !== null) counts.refused += 1
    else counts[nowMs >= untilMs ? 'unanswered' : 'open'] += 1
  }
  const received = store.get(RECEIVED, [peer, sinceMs])
  return {
    peer,
    sent: rows.length,
    ...counts,
    medianAnswerMs: median(times),
    actionedShare: times.length === 0 ? undefined : actioned / times.length,
    strikesUpheld,
    received: received === undefined ? 0 : numberColumn(received, 'count'),
  }
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

const WINDOW_MS = 90 * 86_400_000
const PEERS_MAX = 10_000
/** The newest count. */
const ROWS_MAX = 10_000
const PEERS_SENT = `SELECT DISTINCT peer FROM notices_sent
  WHERE created_ms >= ? AND type IN ('notice', 'strike') LIMIT ?`
const PEERS_RECEIVED = 'SELECT DISTINCT peer FROM notices_received WHERE received_ms >= ? LIMIT ?'
const SENT = `SELECT created_ms, until_ms, answered_ms, refused_status, state, type
  FROM notices_sent WHERE peer = ? AND created_ms >= ? AND type IN ('notice', 'strike')
  AND retracted_ms IS NULL ORDER BY created_ms DESC LIMIT ?`
const RECEIVED = `SELECT count(*) AS count FROM notices_received
  WHERE peer = ? AND received_ms >= ?`
