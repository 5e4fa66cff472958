import { expect, test } from 'vitest'
import { Recent } from '../../../src/model/recent.ts'

test('what came last is remembered, and the newest value counts', () => {
  const recent = new Recent<number>(4)
  for (const [index, key] of ['a', 'b', 'c'].entries()) recent.set(key, index)
  recent.set('b', 7)
  expect([recent.get('b'), recent.get('c')]).toEqual([7, 2])
})

test('more is forgotten than fits, the oldest first', () => {
  const recent = new Recent<number>(100)
  for (let index = 0; index < 10_000; index++) recent.set(String(index), index)
  const kept = Array.from({ length: 10_000 }, (_, index) => index).filter(
    (index) => recent.get(String(index)) !== undefined,
  )
  expect(kept.length).toBeLessThanOrEqual(100)
  expect(kept.slice(-50)).toEqual(Array.from({ length: 50 }, (_, index) => 9_950 + index))
})
