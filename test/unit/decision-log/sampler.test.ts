import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSampler } from '../../../src/decision-log/sampler.ts'

const takenOf = (count: number, sampled: () => boolean) =>
  Array.from({ length: count }, sampled).filter(Boolean).length

test('0 takes none and 1 takes all', () => {
  expect(takenOf(100, createSampler(0, randomBytes))).toBe(0)
  expect(takenOf(100, createSampler(1, randomBytes))).toBe(100)
})

test('one in ten is taken of each of three that come in turn', () => {
  const sampled = createSampler(10, randomBytes)
  const taken = [0, 0, 0]
  for (let index = 0; index < 90_000; index += 1)
    if (sampled()) taken[index % 3] = (taken[index % 3] ?? 0) + 1
  // 3,000 each with a standard deviation of about 45; nine of them.
  for (const count of taken) expect(Math.abs(count - 3_000)).toBeLessThan(400)
})
