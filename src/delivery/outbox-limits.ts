import type { Backoff } from './outbox-verdict.ts'

/** Every bound of the outbox. */
export interface OutboxLimits {
  /** Deliveries that wait, over all peers. */
  readonly deliveriesMax: number
  readonly deliveriesPerPeerMax: number
  /** Bytes of bodies that wait, each counted once. */
  readonly bytesMax: number
  /** How many of these bytes are also held in memory. */
  readonly memoryBytesMax: number
  readonly inFlightPerPeerMax: number
  /** Attempts that the peer answered with something to be tried again, or not in time. */
  readonly attemptsMax: number
  readonly ageMsMax: number
  readonly backoff: Backoff
  readonly deadMax: number
  readonly deadAgeMsMax: number
  /** How long deliveries may be done before that is written down; a crash in between repeats them. */
  readonly flushMs: number
  readonly flushCountMax: number
}

/** Runs something later, and returns how to call it off. */
export type Schedule = (run: () => void, delayMs: number) => () => void

/** Real time, without keeping the process alive. */
export const scheduleByTimer: Schedule = (run, delayMs) => {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

export const outboxLimitDefaults: OutboxLimits = {
  deliveriesMax: 1_000_000,
  deliveriesPerPeerMax: 100_000,
  bytesMax: 1_073_741_824,
  memoryBytesMax: 67_108_864,
  inFlightPerPeerMax: 16,
  attemptsMax: 32,
  ageMsMax: 259_200_000,
  backoff: { baseMs: 500, maxMs: 300_000 },
  deadMax: 10_000,
  deadAgeMsMax: 2_592_000_000,
  flushMs: 50,
  flushCountMax: 4_096,
}
