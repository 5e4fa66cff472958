import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** Turns whose budget it is into the opaque key of a bucket. */
export interface BucketKeys {
  /** 22 characters; another one each UTC day, so buckets of different days cannot be linked. */
  key(name: string, parts: readonly string[], nowMs: number): string
}

/**
 * Keys under a secret of the day, derived from `master` by HKDF-SHA-256, so that all nodes of a
 * cluster find the same buckets. At the change of the day every bucket starts full.
 * Recently used keys are remembered, at most 2 × 8,192, so that a message costs no HMAC at all.
 */
export function createBucketKeys(master: KeyObject): BucketKeys {
  let day = Number.NaN
  let secret: KeyObject | undefined
  let recent = new Map<string, string>()
  let older = new Map<string, string>()
  const secretOf = (today: number): KeyObject => {
    if (secret !== undefined && today === day) return secret
    day = today
    recent = new Map()
    older = new Map()
    secret = daySecret(master, today)
    return secret
  }
  return {
    key: (name, parts, nowMs) => {
      const todaysSecret = secretOf(Math.floor(nowMs / DAY_MS))
      const label = joined(name, parts)
      const known = recent.get(label)
      if (known !== undefined) return known
      const key = older.get(label) ?? hashed(todaysSecret, label)
      if (recent.size >= REMEMBERED_MAX) {
        older = recent
        recent = new Map()
      }
      recent.set(label, key)
      return key
    },
  }
}

function daySecret(master: KeyObject, day: number): KeyObject {
  const secret = hkdfSync('sha256', master, '', `postern limiter day ${day}`, SECRET_BYTES)
  return createSecretKey(Buffer.from(secret))
}

/** Each part goes in with its length, so that no two lists of parts make one label. */
function joined(name: string, parts: readonly string[]): string {
  let label = `${name.length}:${name}`
  for (const part of parts) label += `${part.length}:${part}`
  return label
}

function hashed(secret: KeyObject, label: string): string {
  const digest = createHmac('sha256', secret).update(label, 'utf8').digest()
  return digest.subarray(0, KEY_BYTES).toString('base64url')
}

const DAY_MS = 86_400_000
const SECRET_BYTES = 32
const KEY_BYTES = 16
const REMEMBERED_MAX = 8_192
