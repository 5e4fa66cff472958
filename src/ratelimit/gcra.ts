/** A generic cell rate: so many per second, and so many at once. */
export interface Rate {
  /** Above 0. */
  readonly perSecond: number
  /** What a full bucket holds, in the same unit as costs; at least 1. */
  readonly burst: number
}

export type GcraOutcome =
  /** `tatMs` is the bucket's new state; to be kept in both cases, since a clock may be set back. */
  | { readonly kind: 'taken'; readonly tatMs: number }
  | { readonly kind: 'limited'; readonly tatMs: number; readonly retryAfterMs: number }

/**
 * The generic cell rate algorithm (ITU-T I.371): the state of a bucket is one theoretical arrival
 * time (TAT); a bucket without state, or with one in the past, is full.
 */
export function takeFromBucket(
  rate: Rate,
  bucket: { readonly tatMs: number | undefined; readonly nowMs: number },
  cost = 1,
): GcraOutcome {
  const { nowMs } = bucket
  const intervalMs = emissionIntervalMs(rate)
  const start = startOf(rate, bucket)
  const next = start + cost * intervalMs
  const waitMs = next - fillTimeMs(rate) - nowMs
  return waitMs <= Math.min(ROUNDING * intervalMs, ROUNDING_MS_MAX)
    ? { kind: 'taken', tatMs: next }
    : { kind: 'limited', tatMs: start, retryAfterMs: Math.ceil(waitMs) }
}

/** The state after a cost that nobody can refuse: the bucket is emptied at most, it never owes. */
export function chargeBucket(
  rate: Rate,
  bucket: { readonly tatMs: number | undefined; readonly nowMs: number },
  cost = 1,
): number {
  const next = startOf(rate, bucket) + cost * emissionIntervalMs(rate)
  return Math.min(next, bucket.nowMs + fillTimeMs(rate))
}

/** How long an empty bucket takes to be full again. */
export function fillTimeMs(rate: Rate): number {
  return rate.burst * emissionIntervalMs(rate)
}

/** A clock that was set back must not lock anybody out for longer than a full bucket takes. */
function startOf(
  rate: Rate,
  { tatMs, nowMs }: { readonly tatMs: number | undefined; readonly nowMs: number },
): number {
  return Math.min(Math.max(tatMs ?? nowMs, nowMs), nowMs + fillTimeMs(rate))
}

function emissionIntervalMs(rate: Rate): number {
  return 1_000 / rate.perSecond
}

/** What sums of floating-point intervals may be off before a unit counts as missing: part of a unit. */
const ROUNDING = 0.05
const ROUNDING_MS_MAX = 0.5
