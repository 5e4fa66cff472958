import type { Randomness } from '../model/clock.ts'

/**
 * Takes one in `oneIn`, 0 for none, at distances that nobody can foresee: what comes in a rhythm is
 * sampled like everything else.
 */
export function createSampler(oneIn: number, randomness: Randomness): () => boolean {
  if (oneIn < 2) return () => oneIn === 1
  const next = (): number => randomness(4).readUInt32BE() % (2 * oneIn - 1)
  let passedOver = next()
  return () => {
    passedOver -= 1
    if (passedOver >= 0) return false
    passedOver = next()
    return true
  }
}
