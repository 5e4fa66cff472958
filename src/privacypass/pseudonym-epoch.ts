/**
 * How long a pseudonym lives: one UTC day. A constant of the protocol, since a length of its own would
 * mark a hub's rooms.
 */
export const epochSeconds = 86_400

/** When the epoch of `nowMs` began, in seconds since the Unix epoch. */
export function epochStartSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1_000 / epochSeconds) * epochSeconds
}

/**
 * The starts of the epochs whose pseudonyms are accepted at `nowMs`: the current one first, then the
 * next within ten minutes before it begins, or the last within ten minutes after it ended.
 */
export function acceptedEpochStarts(nowMs: number): readonly number[] {
  const current = epochStartSeconds(nowMs)
  const elapsedSeconds = nowMs / 1_000 - current
  if (elapsedSeconds < TOLERANCE_SECONDS) return [current, current - epochSeconds]
  if (elapsedSeconds >= epochSeconds - TOLERANCE_SECONDS) return [current, current + epochSeconds]
  return [current]
}

const TOLERANCE_SECONDS = 600
