import type { Codec } from './codec.ts'

/** The same list, each element of which comes before the next; any other order is `not-ascending`. */
export function ascending<T>(
  list: Codec<readonly T[]>,
  isBefore: (one: T, next: T) => boolean,
): Codec<readonly T[]> {
  return {
    read: (reader) => {
      const items = list.read(reader)
      for (const [index, item] of items.entries()) {
        const before = items[index - 1]
        if (before !== undefined && !isBefore(before, item)) reader.fail('not-ascending')
      }
      return items
    },
    write: list.write,
  }
}
