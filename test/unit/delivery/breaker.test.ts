import { expect, test } from 'vitest'
import { Breaker } from '../../../src/delivery/breaker.ts'

function openBreaker() {
  let now = 0
  const breaker = new Breaker({ failuresMax: 3, openMs: 1_000, openMsMax: 4_000 }, () => now)
  const fail = (times = 1) => {
    for (let index = 0; index < times; index++) breaker.failed()
  }
  return { breaker, fail, pass: (ms: number) => (now += ms) }
}

test('it opens after so many failures in a row, and a success in between starts over', () => {
  const { breaker, fail } = openBreaker()
  fail(2)
  breaker.succeeded()
  fail(2)
  expect(breaker.refusedForMs()).toBe(0)
  fail()
  expect([breaker.open, breaker.refusedForMs()]).toEqual([true, 1_000])
})

test('after its time it lets one probe through, and others wait for its end', () => {
  const { breaker, fail, pass } = openBreaker()
  fail(3)
  pass(1_000)
  expect(breaker.refusedForMs()).toBe(0)
  expect(breaker.refusedForMs()).toBeGreaterThan(0)
  breaker.succeeded()
  expect([breaker.open, breaker.refusedForMs()]).toEqual([false, 0])
})

test('each failed probe doubles the time, up to its maximum; late failures of old calls do not', () => {
  const { breaker, fail, pass } = openBreaker()
  fail(3)
  fail(5)
  expect(breaker.refusedForMs()).toBe(1_000)
  for (const openMs of [2_000, 4_000, 4_000]) {
    pass(10_000)
    expect(breaker.refusedForMs()).toBe(0)
    fail()
    expect(breaker.refusedForMs()).toBe(openMs)
  }
})

test('a probe that told nothing makes room for another', () => {
  const { breaker, fail, pass } = openBreaker()
  fail(3)
  pass(1_000)
  breaker.refusedForMs()
  breaker.abandoned()
  expect(breaker.refusedForMs()).toBe(0)
})
