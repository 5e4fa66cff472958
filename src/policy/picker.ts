/** Picks one of several. */
export type Picker = <T>(items: readonly [T, ...T[]] | readonly T[]) => T

/** Spreads picks evenly enough; nothing secret hangs on them. The same seed gives the same picks. */
export function createPicker(seed: number): Picker {
  let state = seed
  return (items) => {
    // Marsaglia's xorshift of 32 bits.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const at = (state >>> 0) % items.length
    // Not by index: what is picked may be `undefined` itself.
    for (const picked of items.slice(at, at + 1)) return picked
    throw new RangeError('nothing to pick from')
  }
}
