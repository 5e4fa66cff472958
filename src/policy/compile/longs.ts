import { OVERFLOW, TYPE_ERROR } from './evaluation-error.ts'
import { isLong, type CedarValue, type Long } from './values.ts'

/** The one spelling of a 64-bit integer. Throws `OVERFLOW` beyond 64 bits. */
export function longOf(value: bigint): Long {
  if (value < LONG_MIN || value > LONG_MAX) throw OVERFLOW
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

export function add(left: CedarValue, right: CedarValue): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return sum
  }
  const [a, b] = exact(left, right)
  return longOf(a + b)
}

export function subtract(left: CedarValue, right: CedarValue): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right
    if (Number.isSafeInteger(difference)) return difference
  }
  const [a, b] = exact(left, right)
  return longOf(a - b)
}

export function multiply(left: CedarValue, right: CedarValue): Long {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right
    if (Number.isSafeInteger(product)) return product
  }
  const [a, b] = exact(left, right)
  return longOf(a * b)
}

export function negate(value: CedarValue): Long {
  if (!isLong(value)) throw TYPE_ERROR
  return typeof value === 'number' ? 0 - value : longOf(-value)
}

/** Below zero, zero, above zero; also for two datetimes and two durations. */
export function compare(left: CedarValue, right: CedarValue): number {
  if (isLong(left) && isLong(right)) return order(left, right)
  if (typeof left !== 'object' || typeof right !== 'object') throw TYPE_ERROR
  if (left.kind !== 'datetime' && left.kind !== 'duration') throw TYPE_ERROR
  if (right.kind !== left.kind) throw TYPE_ERROR
  return order(left.amount, right.amount)
}

/** JavaScript compares numbers with bigints by value. */
function order(left: Long, right: Long): number {
  if (left < right) return -1
  return left > right ? 1 : 0
}

function exact(left: CedarValue, right: CedarValue): readonly [bigint, bigint] {
  if (!isLong(left) || !isLong(right)) throw TYPE_ERROR
  return [BigInt(left), BigInt(right)]
}

export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n
