import { WireError } from '../errors.ts'

/** Takes typed items from the front of a CBOR array; anything unexpected is `invalid-cbor`. */
export class Items {
  private readonly values: readonly unknown[]
  private position = 0

  constructor(value: unknown) {
    if (!Array.isArray(value)) throw new WireError('invalid-cbor', 0)
    this.values = value
  }

  uint(max: number): number {
    const value = this.next()
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
      return this.fail()
    return value
  }

  text(): string {
    const value = this.next()
    return typeof value === 'string' ? value : this.fail()
  }

  /** A view of the document; with `length`, exactly so many octets. */
  bytes(length?: number): Buffer {
    const value = this.next()
    if (!(value instanceof Uint8Array)) return this.fail()
    if (length !== undefined && value.length !== length) return this.fail()
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }

  array(): readonly unknown[] {
    const value = this.next()
    return Array.isArray(value) ? value : this.fail()
  }

  map(): ReadonlyMap<unknown, unknown> {
    const value = this.next()
    return value instanceof Map ? value : this.fail()
  }

  boolean(): boolean {
    const value = this.next()
    return typeof value === 'boolean' ? value : this.fail()
  }

  /** Skips a `null`; false where something else stands. */
  skipNull(): boolean {
    const isNull = this.values[this.position] === null
    if (isNull) this.position += 1
    return isNull
  }

  /** An item of any type. */
  any(): unknown {
    return this.next()
  }

  /** `value`, once nothing is left over. */
  end<T>(value: T): T {
    return this.position === this.values.length ? value : this.fail()
  }

  private next(): unknown {
    return this.position < this.values.length ? this.values[this.position++] : this.fail()
  }

  private fail(): never {
    throw new WireError('invalid-cbor', 0)
  }
}
