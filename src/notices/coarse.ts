import { createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import type { ReporterBucket } from './messages.ts'

// What a notice shows is made so coarse that it names neither rooms nor reporters.

/** Distinct reporters, at least one. */
export function reporterBucket(reporters: number): ReporterBucket {
  if (reporters >= 10) return '10+'
  if (reporters >= 5) return '5-9'
  return reporters >= 2 ? '2-4' : '1'
}

/** The hour, or the day where fewer than five people could have reported: UTC. */
export function timeBucket(atMs: number, anonymitySet: number): string {
  const text = new Date(atMs).toISOString()
  return text.slice(0, anonymitySet < anonymityMin ? DAY_CHARACTERS : HOUR_CHARACTERS)
}

/** From this many people on a report does not name its reporter. */
export const anonymityMin = 5

/**
 * Stands for a room towards one provider: the same room, the same digest, so that it can group notices;
 * two providers cannot compare theirs. HMAC-SHA-256, base64url.
 */
export function roomDigest(key: KeyObject, peer: string, room: string): string {
  const pairKey = Buffer.from(hkdfSync('sha256', key, '', `postern notice rooms ${peer}`, 32))
  return createHmac('sha256', pairKey).update(room).digest('base64url')
}

const DAY_CHARACTERS = 10
const HOUR_CHARACTERS = 13
