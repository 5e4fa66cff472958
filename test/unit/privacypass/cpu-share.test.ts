import { expect, test } from 'vitest'
import { createCpuShare } from '../../../src/privacypass/cpu-share.ts'

/** A share of 5 % with 50 ms at once, and work that takes what it says. */
function shareOfFivePercent() {
  let nowMs = 1_000_000
  let usedMs = 0
  const share = createCpuShare({
    share: 0.05,
    burstMs: 50,
    clock: () => nowMs,
    cpuMs: () => usedMs,
  })
  return {
    pass: (ms: number) => {
      nowMs += ms
    },
    run: (costMs: number) =>
      share.run(() => {
        usedMs += costMs
        return { costMs }
      }),
    wait: () => share.waitMs(),
    fail: (costMs: number) =>
      share.run(() => {
        usedMs += costMs
        throw new RangeError('the work failed')
      }),
  }
}

test('work runs until the burst is used, then is refused without being run', () => {
  const { run } = shareOfFivePercent()
  expect([run(20), run(20), run(20), run(20)]).toEqual([
    { costMs: 20 },
    { costMs: 20 },
    { costMs: 20 },
    undefined,
  ])
})

test('what was owed is paid back first, at a twentieth of the time that passes', () => {
  const { run, pass } = shareOfFivePercent()
  run(60)
  pass(200)
  expect(run(1)).toBeUndefined()
  pass(1)
  expect(run(1)).toEqual({ costMs: 1 })
})

test('a rest is worth one burst and no more', () => {
  const { run, pass } = shareOfFivePercent()
  run(10)
  pass(86_400_000)
  run(50)
  expect(run(1)).toBeUndefined()
})

test('work that fails is paid for', () => {
  const { run, fail } = shareOfFivePercent()
  expect(() => fail(50)).toThrow(RangeError)
  expect(run(1)).toBeUndefined()
})

test('a clock that is set back fills nothing, and goes on filling afterwards', () => {
  const { run, pass } = shareOfFivePercent()
  run(50)
  pass(-3_600_000)
  expect(run(1)).toBeUndefined()
  pass(20)
  expect(run(1)).toEqual({ costMs: 1 })
})

test('it says how long until it runs again, and then it does', () => {
  const { run, wait, pass } = shareOfFivePercent()
  expect(wait()).toBe(0)
  run(60)
  const ms = wait()
  expect(ms).toBe(201)
  pass(ms - 1)
  expect(run(1)).toBeUndefined()
  pass(1)
  expect(wait()).toBe(0)
  expect(run(1)).toEqual({ costMs: 1 })
})
