import type { Clock } from '../model/clock.ts'

/** `Retry-After` as a delay in ms, at most one day; undefined where it is absent or malformed. `RFC 9110 §10.2.3` */
export function retryAfterMs(
  value: string | string[] | undefined,
  clock: Clock,
): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1_000, DELAY_MS_MAX)
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value))
    return undefined
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(0, atMs - clock()), DELAY_MS_MAX)
}

const DELAY_MS_MAX = 86_400_000
