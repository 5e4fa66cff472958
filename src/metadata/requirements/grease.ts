import type { Randomness } from '../../model/clock.ts'
import { isGrease } from '../suites.ts'

/**
 * A list of codes with one or two GREASE codes (0x?A?A) at places of their own, so that nobody comes
 * to rely on a list without unknown codes. The order of the others stays. RFC 8701
 */
export function withGrease(codes: readonly number[], randomness: Randomness): readonly number[] {
  const [howMany = 0, ...rest] = randomness(1 + GREASE_MAX * 2)
  let list = [...codes]
  for (let made = 0; made <= howMany % GREASE_MAX; made += 1) {
    const [shape = 0, place = 0] = rest.slice(made * 2)
    const code = 0x0a0a | ((shape & 0xf0) << 8) | ((shape & 0x0f) << 4)
    if (!list.includes(code)) list = list.toSpliced(place % (list.length + 1), 0, code)
  }
  return list
}

/** The list as it was meant. */
export function withoutGrease(codes: readonly number[]): readonly number[] {
  return codes.filter((code) => !isGrease(code))
}

const GREASE_MAX = 2
