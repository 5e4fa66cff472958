import type { Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'

/** What an attempt means for its delivery. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** The peer will never take it. */
  | { readonly kind: 'rejected'; readonly status: number }
  /** This body did not get through; `attempts` count. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly status: number | undefined }
  /** Nothing gets through to this peer now; only age counts. */
  | { readonly kind: 'peer-down'; readonly afterMs: number }
  /** Older than the outbox keeps; it was not sent. */
  | { readonly kind: 'expired' }
  /** It was withdrawn before it was sent. */
  | { readonly kind: 'withdrawn' }
  /** We stopped it. */
  | { readonly kind: 'interrupted' }

/**
 * `draft-ietf-mimi-protocol-06 §5.5`: 201 is delivered (so is any other 2xx); 408, 425, 429, 5xx and
 * broken answers are tried again; every other status is final.
 */
export function verdictOfStatus(status: number, retryAfterMs = 0): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 503) return { kind: 'peer-down', afterMs: retryAfterMs }
  if (status >= 500 || RETRIED.has(status)) return { kind: 'retry', afterMs: retryAfterMs, status }
  return { kind: 'rejected', status }
}

export function verdictOfFault(fault: unknown): Verdict {
  if (!(fault instanceof GatewayError)) return { kind: 'retry', afterMs: 0, status: undefined }
  const afterMs = fault.retryAfterMs ?? 0
  if (fault.code === 'draining') return { kind: 'interrupted' }
  if (DOWN.has(fault.code)) return { kind: 'peer-down', afterMs }
  return { kind: 'retry', afterMs, status: undefined }
}

export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/** Exponential with jitter over its upper half, and never sooner than the peer asked. */
export function backoffMs(
  failures: number,
  afterMs: number,
  { baseMs, maxMs, randomness }: Backoff & { readonly randomness: Randomness },
): number {
  const fullMs = Math.min(baseMs * 2 ** Math.min(failures - 1, EXPONENT_MAX), maxMs)
  const fraction = randomness(4).readUInt32BE() / 2 ** 32
  return Math.max(afterMs, Math.round(fullMs * (0.5 + fraction / 2)))
}

const EXPONENT_MAX = 30
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429])
const DOWN: ReadonlySet<string> = new Set(['peer-unreachable', 'directory-invalid', 'queue-full'])
