/** References in the order in which they came, in a place that never grows. */
export interface Ring<T> {
  /** False, and nothing else, where it is full. */
  put(value: T): boolean
  /** The oldest ones, at most `max`; it holds them no longer. */
  take(max: number): readonly T[]
}

/** `size` must be a power of two. */
export function createRing<T extends object>(size: number): Ring<T> {
  const places = Array.from<T | undefined>({ length: size }).fill(undefined)
  const mask = size - 1
  let written = 0
  let read = 0
  return {
    put: (value) => {
      if (written - read === size) return false
      places[written & mask] = value
      written += 1
      return true
    },
    take: (max) => {
      const taken: T[] = []
      for (; read < written && taken.length < max; read += 1) {
        const value = places[read & mask]
        places[read & mask] = undefined
        if (value !== undefined) taken.push(value)
      }
      return taken
    },
  }
}
