/** A generic cell rate: so many per second, and so many at once. */
export interface Rate {
  /** Above 0. */
  readonly perSecond: number
  /** What a full bucket holds, in the same unit as costs; at least 1. */
  readonly burst: number
}

/** The state of a bucket: its theoretical arrival time; without one, or with one in the past, it is full. */
interface Bucket {
  readonly tatMs: number | undefined
  readonly nowMs: number
}

export type GcraOutcome =
  /** `tatMs` is the bucket's new state; to be kept in both cases, since a clock may be set back. */
  | { readonly kind: 'taken'; readonly tatMs: number }
  | { readonly kind: 'limited'; readonly tatMs: number; readonly retryAfterMs: number }

/**
 * The generic cell rate algorithm (ITU-T I.371). A cost above the burst empties a full bucket, so that
 * nothing costs more than anybody can ever have.
 */
export function takeFromBucket(rate: Rate, bucket: Bucket, cost = 1): GcraOutcome {
  const interval = intervalMs(rate)
  const start = startOf(rate, bucket)
  const next = start + Math.min(cost, rate.burst) * interval
  const waitMs = next - rate.burst * interval - bucket.nowMs
  return waitMs <= Math.min(ROUNDING * interval, ROUNDING_MS_MAX)
    ? { kind: 'taken', tatMs: next }
    : { kind: 'limited', tatMs: start, retryAfterMs: Math.ceil(waitMs) }
}

/** The state after a cost that nobody can refuse: the bucket is emptied at most, it never owes. */
export function chargeBucket(rate: Rate, bucket: Bucket, cost = 1): number {
  const next = startOf(rate, bucket) + cost * intervalMs(rate)
  return Math.min(next, bucket.nowMs + fillTimeMs(rate))
}

/** What a bucket holds, in units: from 0 to its burst. */
export function leftInBucket(rate: Rate, bucket: Bucket): number {
  const fullInMs = startOf(rate, bucket) - bucket.nowMs
  return Math.max(0, rate.burst - fullInMs / intervalMs(rate))
}

/** How long an empty bucket takes to be full again. */
export function fillTimeMs(rate: Rate): number {
  return rate.burst * intervalMs(rate)
}

/** How long one unit takes to come back. */
export function intervalMs(rate: Rate): number {
  return 1_000 / rate.perSecond
}

/** A clock that was set back must not lock anybody out for longer than a full bucket takes. */
function startOf(rate: Rate, { tatMs, nowMs }: Bucket): number {
  return Math.min(Math.max(tatMs ?? nowMs, nowMs), nowMs + fillTimeMs(rate))
}

/** What sums of floating-point intervals may be off before a unit counts as missing: part of a unit. */
const ROUNDING = 0.05
const ROUNDING_MS_MAX = 0.5
