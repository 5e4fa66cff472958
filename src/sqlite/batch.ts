import type { StoreValue } from './row.ts'

/** One statement of a unit: the number of its text, then its parameters. */
export interface BatchStatement {
  readonly text: number
  readonly parameters: readonly StoreValue[]
}

/**
 * Packs units of statements into one transferable buffer. A structured clone of the same values costs
 * several times as much, and copies the whole pool behind every small Buffer. A short text that comes
 * again, as most of an event's do, is written once.
 */
export class BatchWriter {
  private bytes: Buffer<ArrayBuffer>
  private length = 0
  private readonly texts = new Map<string, number>()
  private textCount = 0
  units = 0

  constructor(bytes: ArrayBuffer) {
    this.bytes = Buffer.from(bytes)
  }

  get bytesUsed(): number {
    return this.length
  }

  /** Adds one unit, or nothing at all where a parameter is no `StoreValue` (TypeError). */
  add(statements: readonly BatchStatement[]): void {
    const start = this.length
    const textsBefore = this.textCount
    try {
      this.uint32(statements.length)
      for (const statement of statements) this.statement(statement)
    } catch (error) {
      this.length = start
      this.forgetTexts(textsBefore)
      throw error
    }
    this.units++
  }

  /** The batch, to be transferred; the writer must not be used after it. */
  take(): { readonly bytes: ArrayBuffer; readonly units: number } {
    return { bytes: this.bytes.buffer, units: this.units }
  }

  private statement({ text, parameters }: BatchStatement): void {
    this.uint32(text)
    this.uint32(parameters.length)
    for (const parameter of parameters) this.value(parameter)
  }

  private value(value: StoreValue): void {
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'bigint') this.integer(value)
    else if (value instanceof Uint8Array) this.blob(value)
    else if (value === null) this.nothing()
    else throw new TypeError('no value that the store can hold')
  }

  private text(value: string): void {
    const known = this.texts.get(value)
    if (known !== undefined) {
      this.grow(5)
      this.bytes[this.length] = TAG.again
      this.length = this.bytes.writeUInt32LE(known, this.length + 1)
      return
    }
    if (value.length <= AGAIN_CHARACTERS_MAX) this.texts.set(value, this.textCount)
    this.textCount += 1
    this.grow(5 + value.length * UTF8_BYTES_MAX)
    this.bytes[this.length] = TAG.text
    const written = this.bytes.write(value, this.length + 5)
    this.bytes.writeUInt32LE(written, this.length + 1)
    this.length += 5 + written
  }

  private forgetTexts(from: number): void {
    for (const [text, number] of this.texts) if (number >= from) this.texts.delete(text)
    this.textCount = from
  }

  private number(value: number): void {
    this.grow(9)
    this.bytes[this.length] = TAG.number
    this.bytes.writeDoubleLE(value, this.length + 1)
    this.length += 9
  }

  private integer(value: bigint): void {
    this.grow(9)
    this.bytes[this.length] = TAG.integer
    this.bytes.writeBigInt64LE(value, this.length + 1)
    this.length += 9
  }

  private nothing(): void {
    this.grow(1)
    this.bytes[this.length++] = TAG.nothing
  }

  private blob(value: Uint8Array): void {
    this.grow(5 + value.length)
    this.bytes[this.length] = TAG.blob
    this.bytes.writeUInt32LE(value.length, this.length + 1)
    this.bytes.set(value, this.length + 5)
    this.length += 5 + value.length
  }

  private uint32(value: number): void {
    this.grow(4)
    this.length = this.bytes.writeUInt32LE(value, this.length)
  }

  private grow(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.bytes.length) return
    const larger = Buffer.from(new ArrayBuffer(Math.max(needed, this.bytes.length * 2)))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}

/** The units of a batch in their order. Blobs are views of it. */
export function readBatch(batch: ArrayBuffer, units: number): BatchStatement[][] {
  const reader = new BatchReader(batch)
  const read: BatchStatement[][] = []
  for (let unit = 0; unit < units; unit++) read.push(reader.unit())
  return read
}

class BatchReader {
  private readonly bytes: Buffer
  /** In the order in which the writer numbered them. */
  private readonly texts: string[] = []
  private position = 0

  constructor(batch: ArrayBuffer) {
    this.bytes = Buffer.from(batch)
  }

  unit(): BatchStatement[] {
    const count = this.uint32()
    const statements: BatchStatement[] = []
    for (let index = 0; index < count; index++) statements.push(this.statement())
    return statements
  }

  private statement(): BatchStatement {
    const text = this.uint32()
    const count = this.uint32()
    const parameters: StoreValue[] = []
    for (let index = 0; index < count; index++) parameters.push(this.value())
    return { text, parameters }
  }

  private uint32(): number {
    this.position += 4
    return this.bytes.readUInt32LE(this.position - 4)
  }

  private value(): StoreValue {
    const tag = this.bytes[this.position++]
    if (tag === TAG.nothing) return null
    if (tag === TAG.text) return this.text()
    if (tag === TAG.again) return this.texts[this.uint32()] ?? ''
    if (tag === TAG.blob) return this.span()
    this.position += 8
    return tag === TAG.number
      ? this.bytes.readDoubleLE(this.position - 8)
      : this.bytes.readBigInt64LE(this.position - 8)
  }

  private text(): string {
    const length = this.uint32()
    this.position += length
    const value = this.bytes.toString('utf8', this.position - length, this.position)
    this.texts.push(value)
    return value
  }

  private span(): Buffer {
    const length = this.uint32()
    this.position += length
    return this.bytes.subarray(this.position - length, this.position)
  }
}

const TAG = { nothing: 0, number: 1, integer: 2, text: 3, blob: 4, again: 5 } as const
const UTF8_BYTES_MAX = 3
const AGAIN_CHARACTERS_MAX = 128
