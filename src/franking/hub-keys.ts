import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** The period of one hub key; the accepted time of a message selects it. */
export const hubKeyPeriodMs = 7 * 24 * 60 * 60 * 1_000

/** Gives the `hub_key` of a point in time: HKDF-SHA256 of the master by the number of the week. */
export type HubKeys = (timestampMs: number) => KeyObject

/**
 * The draft names no key id, so the timestamp has to select the key; whoever destroys a master ends
 * the verifiability of its weeks. draft-ietf-mimi-protocol-06 §5.4.1
 */
export function createHubKeys(master: KeyObject): HubKeys {
  const derived = new Map<number, KeyObject>()
  return (timestampMs) => {
    const week = Math.floor(timestampMs / hubKeyPeriodMs)
    const known = derived.get(week)
    if (known !== undefined) return known
    const bytes = hkdfSync('sha256', master, NO_SALT, `hub_key|${week}`, HUB_KEY_BYTES)
    // An HMAC with a KeyObject costs a sixth of one with a Buffer.
    const key = createSecretKey(Buffer.from(bytes))
    if (derived.size === WEEKS_MAX) derived.delete(derived.keys().next().value ?? 0)
    derived.set(week, key)
    return key
  }
}

const NO_SALT = Buffer.alloc(0)
const HUB_KEY_BYTES = 32
const WEEKS_MAX = 64
