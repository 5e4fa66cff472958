import { EXTENSION_ERROR } from './evaluation-error.ts'
import { LONG_MAX, LONG_MIN, longOf } from './longs.ts'
import type { Quantity } from './values.ts'

/** `1.2345`: one to four digits after the point. Throws `EXTENSION_ERROR`. */
export function parseDecimal(text: string): Quantity {
  const match = /^(-?)(\d+)\.(\d{1,4})$/.exec(text)
  if (match === null) throw EXTENSION_ERROR
  const [, sign, whole = '', fraction = ''] = match
  const amount = BigInt(whole) * TEN_THOUSAND + BigInt(fraction.padEnd(4, '0'))
  return quantity('decimal', sign === '-' ? -amount : amount)
}

/** `-1d2h3m4s5ms`, any of the parts. Throws `EXTENSION_ERROR`. */
export function parseDuration(text: string): Quantity {
  const match = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text)
  if (match === null || text === '' || text === '-') throw EXTENSION_ERROR
  let amount = 0n
  for (const [index, unitMs] of UNITS_MS.entries()) {
    const digits = match[index + 2]
    if (digits === undefined) continue
    const count = BigInt(digits)
    if (count > LONG_MAX + 1n) throw EXTENSION_ERROR
    amount += count * unitMs
  }
  return quantity('duration', match[1] === '-' ? -amount : amount)
}

/** `2026-11-23`, or with `T10:00:00`, `.123`, and `Z` or `+0100`. Throws `EXTENSION_ERROR`. */
export function parseDatetime(text: string): Quantity {
  const match = DATETIME.exec(text)
  if (match === null) throw EXTENSION_ERROR
  const part = (index: number): number => Number(match[index] ?? 0)
  const [year, month, day] = [part(1), part(2), part(3)]
  const [hours, minutes, seconds] = [part(4), part(5), part(6)]
  const [offsetHours, offsetMinutes] = [part(9), part(10)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) throw EXTENSION_ERROR
  if (hours > 23 || minutes > 59 || seconds > 59) throw EXTENSION_ERROR
  if (offsetHours > 23 || offsetMinutes > 59) throw EXTENSION_ERROR
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hours, minutes, seconds, part(7))
  const offsetMs = offsetHours * 3_600_000 + offsetMinutes * 60_000
  return { kind: 'datetime', amount: date.getTime() + (match[8] === '-' ? offsetMs : -offsetMs) }
}

function quantity(kind: Quantity['kind'], amount: bigint): Quantity {
  if (amount < LONG_MIN || amount > LONG_MAX) throw EXTENSION_ERROR
  return { kind, amount: longOf(amount) }
}

function daysIn(year: number, month: number): number {
  // Day 0 of the next month; the year 2000 and its like stand for years that Date takes for 19xx.
  return new Date(Date.UTC((year % 400) + 2000, month, 0)).getUTCDate()
}

const TEN_THOUSAND = 10_000n
const UNITS_MS = [86_400_000n, 3_600_000n, 60_000n, 1_000n, 1n]
const DATETIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?$/
