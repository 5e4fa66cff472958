import fc from 'fast-check'
import { test } from 'vitest'
import { createMemoryBucketStore } from '../../../src/ratelimit/bucket-store-memory.ts'
import { randomKey, takeOf } from '../../support/bucket-store-suite.ts'

const START = 1_760_000_000_000
const keys = [randomKey(), randomKey(), randomKey(), randomKey()]
const rate = { perSecond: 2, burst: 5 }
const calls = fc.array(
  fc.record({
    waitMs: fc.integer({ min: 0, max: 1_500 }),
    keys: fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 200 },
)

test('whatever is taken together, no bucket ever gives more than its burst and its rate', () => {
  fc.assert(
    fc.property(calls, (drawn) => {
      const store = createMemoryBucketStore()
      const times = new Map<object, number[]>(keys.map((key) => [key, []]))
      let nowMs = START
      for (const call of drawn) {
        nowMs += call.waitMs
        const takes = call.keys.map((key) => takeOf(key, { rate }))
        if (store.take(takes, nowMs).kind === 'limited') continue
        for (const key of call.keys) times.get(key)?.push(nowMs)
      }
      return [...times.values()].every((taken) =>
        taken.every((start, first) =>
          taken
            .slice(first)
            .every(
              (end, count) => count + 1 <= rate.burst + ((end - start) * rate.perSecond) / 1_000,
            ),
        ),
      )
    }),
  )
})
