import { createHash } from 'node:crypto'
import type { Randomness } from '../model/clock.ts'

/** A fresh id of a message: 16 random octets. */
export function newNoticeId(randomness: Randomness): string {
  return `ntc-${randomness(ID_BYTES).toString('base64url')}`
}

/** What a penalty is kept under: one message of a hub counts once, however often it is struck. 32 octets. */
export function penaltyId(hub: string, frankingTag: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['postern strike', hub, frankingTag]))
    .digest()
}

const ID_BYTES = 16
