import type { Codec } from '../../wire/codec.ts'

/** `T x[n]`: exactly `count` values, no length on the wire. */
export function repeated<T>(element: Codec<T>, count: number): Codec<readonly T[]> {
  return {
    read: (reader) => Array.from({ length: count }, () => element.read(reader)),
    write: (writer, values) => {
      if (values.length !== count) throw new RangeError(`expected ${count} values`)
      for (const value of values) element.write(writer, value)
    },
  }
}
