import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { BucketKey } from './bucket-table.ts'

/** Turns whose budget it is into the opaque key of a bucket. */
export interface BucketKeys {
  /** Another one each UTC day, so buckets of different days cannot be linked. */
  key(name: string, parts: readonly string[], nowMs: number): BucketKey
}

/**
 * Keys under a secret of the day, derived from `master` by HKDF-SHA-256, so that all nodes of a
 * cluster find the same buckets. At the change of the day every bucket starts full.
 * Recently used keys are remembered, at most 2 × 16,384, so that a message costs no HMAC at all.
 */
export function createBucketKeys(master: KeyObject): BucketKeys {
  let day = Number.NaN
  let secret = master
  let recent = branch()
  let older = branch()
  let remembered = 0
  const turnDay = (today: number): void => {
    day = today
    secret = daySecret(master, today)
    recent = branch()
    older = branch()
    remembered = 0
  }
  return {
    key: (name, parts, nowMs) => {
      const today = Math.floor(nowMs / DAY_MS)
      if (today !== day) turnDay(today)
      const known = find(recent, name, parts)
      if (known !== undefined) return known
      const key = find(older, name, parts) ?? hashed(secret, name, parts)
      if (remembered >= REMEMBERED_MAX) {
        older = recent
        recent = branch()
        remembered = 0
      }
      remember(recent, [name, ...parts], key)
      remembered += 1
      return key
    },
  }
}

/** Keys by their names and parts: a tree, since joining the parts costs more than finding each. */
interface Branch {
  key: BucketKey | undefined
  below: Map<string, Branch> | undefined
}

function branch(): Branch {
  return { key: undefined, below: undefined }
}

function find(tree: Branch, name: string, parts: readonly string[]): BucketKey | undefined {
  let found = tree.below?.get(name)
  for (let at = 0; found !== undefined && at < parts.length; at += 1)
    found = found.below?.get(parts[at] ?? '')
  return found?.key
}

function remember(tree: Branch, path: readonly string[], key: BucketKey): void {
  let at = tree
  for (const step of path) {
    at.below ??= new Map()
    const next = at.below.get(step) ?? branch()
    at.below.set(step, next)
    at = next
  }
  at.key = key
}

function daySecret(master: KeyObject, day: number): KeyObject {
  const secret = hkdfSync('sha256', master, '', `postern limiter day ${day}`, SECRET_BYTES)
  return createSecretKey(Buffer.from(secret))
}

/** Each part goes in with its length, so that no two lists of parts make one key. */
function hashed(secret: KeyObject, name: string, parts: readonly string[]): BucketKey {
  let label = `${name.length}:${name}`
  for (const part of parts) label += `${part.length}:${part}`
  const digest = createHmac('sha256', secret).update(label, 'utf8').digest()
  return {
    a: digest.readInt32BE(0),
    b: digest.readInt32BE(4),
    c: digest.readInt32BE(8),
    d: digest.readInt32BE(12),
  }
}

const DAY_MS = 86_400_000
const SECRET_BYTES = 32
const REMEMBERED_MAX = 16_384
