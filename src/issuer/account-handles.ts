import { createHmac, type KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import { untilNextDayMs } from './token-class.ts'

/** 16 octets that stand for an account. Whoever has not the key cannot find them for a name. */
export type AccountHandle = Buffer

/** A key under which accounts have handles, and when its time began and ended. */
export interface HandleKey {
  readonly key: KeyObject
  readonly activeFromMs: number
  readonly expiresAtMs: number | undefined
}

/** The handles of accounts; the name of an account is kept nowhere. */
export interface AccountHandles {
  /** The handle that counts for all of this day, also where the key changes in it. Throws `key-unavailable`. */
  current(account: string, nowMs: number): AccountHandle
  /** It, and those that counted in the last 30 days: what was recorded under them still holds. */
  recent(account: string, nowMs: number): readonly AccountHandle[]
}

/** HMAC-SHA-256 under a key, cut to 16 octets. `keys`: the newest first. */
export function createAccountHandles(keys: () => readonly HandleKey[]): AccountHandles {
  return {
    current: (account, nowMs) => {
      const beginMs = nowMs + untilNextDayMs(nowMs) - DAY_MS
      const ofDay = keys().find(({ activeFromMs }) => activeFromMs <= beginMs) ?? keys().at(-1)
      if (ofDay === undefined) throw new GatewayError('key-unavailable')
      return handleOf(ofDay.key, account)
    },
    recent: (account, nowMs) =>
      keys()
        .filter(({ activeFromMs }) => activeFromMs <= nowMs)
        .filter(({ expiresAtMs = Infinity }) => expiresAtMs > nowMs - REMEMBERED_MS)
        .map(({ key }) => handleOf(key, account)),
  }
}

function handleOf(key: KeyObject, account: string): AccountHandle {
  const mac = createHmac('sha256', key).update(LABEL).update(account, 'utf8')
  return mac.digest().subarray(0, HANDLE_BYTES)
}

const LABEL = 'postern account handle\0'
const HANDLE_BYTES = 16
const DAY_MS = 86_400_000
const REMEMBERED_MS = 30 * DAY_MS
