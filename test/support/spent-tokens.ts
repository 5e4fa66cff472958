import { createHash } from 'node:crypto'
import type { Spend } from '../../src/privacypass/spent-tokens.ts'

/** A day that begins an epoch, in seconds and in milliseconds. */
export const DAY = 1_760_054_400
export const DAY_MS = DAY * 1_000

/** A token by its name, spent on a request by its name. */
export function spendOf(token: string, request = 'request', facts: Partial<Spend> = {}): Spend {
  return {
    epoch: DAY,
    keyId: hash('key'),
    spendKey: hash(`token ${token}`),
    requestHash: hash(`request ${request}`).subarray(0, 8),
    ...facts,
  }
}

export function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
