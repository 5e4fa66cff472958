import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  liveKeys,
  planKeys,
  planReplacement,
  planSuccessor,
  type KeyPlan,
  type TimedKey,
} from '../../../src/issuer/key-plan.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START_MS = Date.UTC(2026, 0, 1)

/** Files of one class, and a process that carries out plans and may be killed at any step. */
class KeyDirectory {
  keys: TimedKey[] = []
  private made = 0

  carryOut(plan: KeyPlan, stepsBeforeCrash: number, afterEach: () => void): void {
    let steps = 0
    for (const { id, atMs } of plan.expire) {
      if (steps++ === stepsBeforeCrash) return
      this.keys = this.keys.map((key) => (key.id === id ? { ...key, expiresAtMs: atMs } : key))
      afterEach()
    }
    if (plan.create === undefined || steps === stepsBeforeCrash) return
    this.made += 1
    this.keys.push({ id: `k${this.made}`, ...plan.create })
    afterEach()
  }

  unexpired(nowMs: number): number {
    return this.keys.filter(({ expiresAtMs }) => expiresAtMs > nowMs).length
  }
}

const plans = { tick: planKeys, soon: planSuccessor, now: planReplacement } as const

const steps = fc.array(
  fc.record({
    /** What the clock does before: mostly on, sometimes far, sometimes back. */
    deltaMs: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 * DAY_MS }) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 400 * DAY_MS }) },
      { weight: 2, arbitrary: fc.integer({ min: -200 * DAY_MS, max: 0 }) },
    ),
    what: fc.oneof(
      { weight: 8, arbitrary: fc.constant('tick' as const) },
      { weight: 1, arbitrary: fc.constant('soon' as const) },
      { weight: 1, arbitrary: fc.constant('now' as const) },
    ),
    stepsBeforeCrash: fc.oneof(
      { weight: 5, arbitrary: fc.constant(Infinity) },
      { weight: 2, arbitrary: fc.nat(3) },
    ),
  }),
  { maxLength: 60 },
)

test('whatever the clock does and wherever it crashes, two keys live at most and one signs', () => {
  fc.assert(
    fc.property(steps, (walk) => {
      const directory = new KeyDirectory()
      let nowMs = START_MS
      for (const { deltaMs, what, stepsBeforeCrash } of walk) {
        nowMs = Math.max(0, nowMs + deltaMs)
        const before = Math.max(2, directory.unexpired(nowMs))
        directory.carryOut(plans[what](directory.keys, nowMs), stepsBeforeCrash, () => {
          // A clock that went back can have revived keys; nothing ever adds to more than two.
          expect(directory.unexpired(nowMs)).toBeLessThanOrEqual(before)
        })
        // Whoever starts again, or goes on, plans until there is nothing to do.
        for (let left = 3; left > 0; left--)
          directory.carryOut(planKeys(directory.keys, nowMs), Infinity, () => {})
        expect(planKeys(directory.keys, nowMs)).toEqual({ expire: [], create: undefined })
        expect(directory.unexpired(nowMs)).toBeLessThanOrEqual(2)
        const { signing } = liveKeys(directory.keys, nowMs)
        expect(signing).toBeDefined()
      }
    }),
    { numRuns: 1_000 },
  )
})

test('with a clock that only goes on, a key that signs outlives its tokens, and is known a day before', () => {
  const deltas = fc.array(fc.integer({ min: 1, max: 12 * HOUR_MS }), {
    minLength: 200,
    maxLength: 600,
  })
  fc.assert(
    fc.property(deltas, fc.integer({ min: 0, max: DAY_MS }), (walk, offsetMs) => {
      const directory = new KeyDirectory()
      const firstSeenMs = new Map<string, number>()
      let nowMs = START_MS + offsetMs
      for (const deltaMs of walk) {
        directory.carryOut(planKeys(directory.keys, nowMs), Infinity, () => {})
        for (const { id } of directory.keys) if (!firstSeenMs.has(id)) firstSeenMs.set(id, nowMs)
        const { expiresAtMs = 0 } = liveKeys(directory.keys, nowMs).signing ?? {}
        expect(expiresAtMs - nowMs).toBeGreaterThan(2 * DAY_MS + 600_000)
        nowMs += deltaMs
      }
      const [, ...successors] = directory.keys
      for (const { id, activeFromMs } of successors) {
        expect(activeFromMs % DAY_MS).toBe(0)
        expect(activeFromMs - (firstSeenMs.get(id) ?? 0)).toBeGreaterThanOrEqual(DAY_MS)
      }
      // A year of at most 300 days: a key each 81 to 90 days.
      const days = (nowMs - START_MS) / DAY_MS
      expect(directory.keys.length).toBeLessThanOrEqual(2 + days / 81)
    }),
    { numRuns: 200 },
  )
})

test('tokens of two keys are taken for at least seven days after a takeover', () => {
  const directory = new KeyDirectory()
  for (let nowMs = START_MS; nowMs < START_MS + 400 * DAY_MS; nowMs += HOUR_MS)
    directory.carryOut(planKeys(directory.keys, nowMs), Infinity, () => {})
  const pairs = directory.keys.slice(1).map((key, at) => [directory.keys[at], key] as const)
  expect(pairs.length).toBeGreaterThanOrEqual(4)
  for (const [before, after] of pairs) {
    const overlapMs = (before?.expiresAtMs ?? 0) - after.activeFromMs
    expect(overlapMs).toBeGreaterThanOrEqual(7 * DAY_MS)
    expect(overlapMs).toBeLessThanOrEqual(8 * DAY_MS)
  }
})
