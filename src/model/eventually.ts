/** At once where it can be, later where it must: whoever awaits the first kind pays a turn for nothing. */
export type Eventually<T> = T | Promise<T>

export function isPending<T>(value: Eventually<T>): value is Promise<T> {
  return value instanceof Promise
}
