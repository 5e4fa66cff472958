import { randomBytes } from 'node:crypto'
import type { Randomness } from '../model/clock.ts'

/** Ids that are unique across processes and restarts: 64 random bits, then a counter. */
export function requestIds(randomness: Randomness = randomBytes): () => string {
  const prefix = randomness(PREFIX_BYTES).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count.toString(36)}`
  }
}

/** A `Postern-Request-Id` that our delivery service chose; undefined where it is absent or unusable. */
export function givenRequestId(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value) ? value : undefined
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/
const PREFIX_BYTES = 8
