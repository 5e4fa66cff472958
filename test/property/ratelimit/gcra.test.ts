import fc from 'fast-check'
import { test } from 'vitest'
import { chargeBucket, fillTimeMs, takeFromBucket } from '../../../src/ratelimit/gcra.ts'

const rate = fc.record({
  perSecond: fc.double({ min: 0.001, max: 5_000, noNaN: true }),
  burst: fc.integer({ min: 1, max: 100 }),
})
const pauses = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 300 })
const START = 1_760_000_000_000

/** The times at which a take was allowed. */
function takenTimes(limit: { perSecond: number; burst: number }, waits: readonly number[]) {
  const times: number[] = []
  let tatMs: number | undefined
  let nowMs = START
  for (const wait of waits) {
    nowMs += wait
    const outcome = takeFromBucket(limit, { tatMs, nowMs })
    if (outcome.kind === 'limited') continue
    tatMs = outcome.tatMs
    times.push(nowMs)
  }
  return times
}

test('no span of time ever gives more than a burst and what its rate refills', () => {
  fc.assert(
    fc.property(rate, pauses, (limit, waits) => {
      const times = takenTimes(limit, waits)
      return times.every((start, first) =>
        times.slice(first).every((end, count) => {
          const most = limit.burst + ((end - start) * limit.perSecond) / 1_000
          return count + 1 <= most + 0.06
        }),
      )
    }),
  )
})

test('a full bucket gives exactly its burst at once', () => {
  fc.assert(
    fc.property(
      rate,
      (limit) => takenTimes(limit, Array<number>(limit.burst + 10).fill(0)).length === limit.burst,
    ),
  )
})

test('whoever waits as long as told is let in, and not one millisecond of it is spare', () => {
  fc.assert(
    fc.property(rate, pauses, (limit, waits) => {
      let tatMs: number | undefined
      let nowMs = START
      return waits.every((wait) => {
        nowMs += wait
        const outcome = takeFromBucket(limit, { tatMs, nowMs })
        if (outcome.kind === 'taken') {
          tatMs = outcome.tatMs
          return true
        }
        const later = nowMs + outcome.retryAfterMs
        const interval = 1_000 / limit.perSecond
        const early = takeFromBucket(limit, { tatMs, nowMs: later - 1 - interval * 0.06 })
        return (
          takeFromBucket(limit, { tatMs, nowMs: later }).kind === 'taken' &&
          early.kind === 'limited'
        )
      })
    }),
  )
})

test('the state never lies further ahead than a bucket takes to fill, whatever the clock does', () => {
  const jumps = fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 100 })
  fc.assert(
    fc.property(rate, jumps, fc.boolean(), (limit, waits, charged) => {
      let tatMs: number | undefined
      let nowMs = START
      return waits.every((wait) => {
        nowMs += wait
        if (charged) {
          tatMs = chargeBucket(limit, { tatMs, nowMs })
        } else {
          const outcome = takeFromBucket(limit, { tatMs, nowMs })
          if (outcome.kind === 'limited') return outcome.retryAfterMs <= fillTimeMs(limit) + 1
          tatMs = outcome.tatMs
        }
        return tatMs <= nowMs + fillTimeMs(limit) * 1.06 + 1
      })
    }),
  )
})
