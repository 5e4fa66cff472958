import { expect, test } from 'vitest'
import { FingerprintSet } from '../../../src/privacypass/spent-set.ts'

/** Words that look random and never repeat: a bijection of the number. */
function wordOf(number: number): number {
  let word = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return word ^ (word >>> 16)
}

const fill = (set: FingerprintSet, count: number) => {
  for (let number = 0; number < count; number += 1) set.add(wordOf(number), wordOf(~number))
}

test('a set holds what was added, through many splits, and nothing else', () => {
  const set = new FingerprintSet()
  fill(set, 200_000)
  expect(set.size).toBe(200_000)
  let missing = 0
  let invented = 0
  for (let number = 0; number < 200_000; number += 1) {
    if (!set.has(wordOf(number), wordOf(~number))) missing += 1
    if (set.has(wordOf(number), wordOf(~number) ^ 1)) invented += 1
    if (set.has(wordOf(number + 200_000), wordOf(~(number + 200_000)))) invented += 1
  }
  expect({ missing, invented }).toEqual({ missing: 0, invented: 0 })
})

test('what is there is not added again', () => {
  const set = new FingerprintSet()
  expect([set.add(1, 2), set.add(1, 2), set.add(2, 1), set.add(1, 2)]).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect(set.size).toBe(2)
})

test('zeros and the ends of the range are words like others', () => {
  const set = new FingerprintSet()
  const words = [0, 2, -1, 0x7fff_ffff, -0x8000_0000]
  const pairs = words.flatMap((first) => words.map((second) => [first, second] as const))
  for (const [first, second] of pairs) expect(set.has(first, second)).toBe(false)
  for (const [first, second] of pairs) expect(set.add(first, second)).toBe(true)
  for (const [first, second] of pairs) expect(set.has(first, second)).toBe(true)
})

test('fingerprints that all belong to one place are told apart', () => {
  const set = new FingerprintSet()
  for (let number = 0; number < 2_000; number += 1) expect(set.add(7 << 20, number)).toBe(true)
  for (let number = 0; number < 2_000; number += 1) expect(set.has(7 << 20, number)).toBe(true)
  expect(set.has(7 << 20, 2_000)).toBe(false)
})

test.each([1, 12_289, 100_000, 1_000_000])(
  'a set that expects %i holds as many others',
  (expected) => {
    const set = new FingerprintSet(expected)
    fill(set, 50_000)
    expect(set.size).toBe(50_000)
    expect(set.has(wordOf(49_999), wordOf(~49_999))).toBe(true)
    expect(set.has(wordOf(50_000), wordOf(~50_000))).toBe(false)
  },
)
