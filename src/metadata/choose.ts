import type { Randomness } from '../model/clock.ts'

interface HasBytes {
  readonly bytes: Buffer
}

/**
 * A uniformly random order (Fisher-Yates, rejection sampling) that depends on which entries there are,
 * and not on the order in which they came; the input stays.
 */
export function inRandomOrder<T extends HasBytes>(
  entries: readonly T[],
  randomness: Randomness,
): readonly T[] {
  const order = entries.toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomBelow(last + 1, randomness)
    const moved = order[last]
    const swapped = order[other]
    if (moved === undefined || swapped === undefined) break
    order[last] = swapped
    order[other] = moved
  }
  return order
}

/** The first entries, as many as fill whole buckets of `width`; one where there is less than a bucket. */
export function wholeBuckets<T>(entries: readonly T[], width: number | undefined): readonly T[] {
  const size = Math.max(1, width ?? 1)
  return entries.slice(0, Math.max(1, entries.length - (entries.length % size)))
}

function randomBelow(bound: number, randomness: Randomness): number {
  const limit = UINT32_RANGE - (UINT32_RANGE % bound)
  for (let attempt = 0; attempt < SAMPLES_MAX; attempt += 1) {
    const sample = randomness(4).readUInt32BE(0)
    if (sample < limit) return sample % bound
  }
  return 0
}

const UINT32_RANGE = 2 ** 32
/** Each sample is rejected with a chance below one half: 64 rejections do not happen. */
const SAMPLES_MAX = 64
