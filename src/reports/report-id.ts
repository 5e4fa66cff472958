import type { Randomness } from '../model/clock.ts'

/** `rep-` and a ULID. Later reports sort after earlier ones. */
export function newReportId(nowMs: number, randomness: Randomness): string {
  return newSortedId('rep', nowMs, randomness)
}

/** `spm-` and a ULID: of a report without content, of which nothing is kept under this id. */
export function newSpamId(nowMs: number, randomness: Randomness): string {
  return newSortedId(SPAM, nowMs, randomness)
}

export function isSpamId(id: string): boolean {
  return id.startsWith(`${SPAM}-`)
}

/** `<prefix>-` and a ULID: 48 bits of time, 80 random bits. Later ones sort after earlier ones. */
export function newSortedId(prefix: string, nowMs: number, randomness: Randomness): string {
  const random = BigInt(`0x${randomness(RANDOM_BYTES).toString('hex')}`)
  let rest = (BigInt(nowMs) << RANDOM_BITS) | random
  let digits = ''
  for (let count = 0; count < DIGITS; count++) {
    digits = ALPHABET.charAt(Number(rest & 31n)) + digits
    rest >>= 5n
  }
  return `${prefix}-${digits}`
}

const SPAM = 'spm'
const RANDOM_BYTES = 10
const RANDOM_BITS = 80n
const DIGITS = 26
/** Crockford's base 32. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
