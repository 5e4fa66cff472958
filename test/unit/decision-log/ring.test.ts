import { expect, test } from 'vitest'
import { createRing } from '../../../src/decision-log/ring.ts'

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ number: from + index }))

test('what is put comes out in its order, also round the end', () => {
  const ring = createRing<{ number: number }>(4)
  const taken: unknown[] = []
  for (const value of numbered(1, 11)) {
    expect(ring.put(value)).toBe(true)
    if (value.number % 3 === 0) taken.push(...ring.take(8))
  }
  taken.push(...ring.take(8))
  expect(taken).toEqual(numbered(1, 11))
})

test('a full ring takes nothing more and keeps what it has', () => {
  const ring = createRing<{ number: number }>(4)
  expect(numbered(1, 6).map((value) => ring.put(value))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ])
  expect(ring.take(3)).toEqual(numbered(1, 3))
  expect(ring.put({ number: 7 })).toBe(true)
  expect(ring.take(9)).toEqual([{ number: 4 }, { number: 7 }])
  expect(ring.take(9)).toEqual([])
})
