import { WireError, type WireErrorCode } from './errors.ts'

/**
 * A cursor over bytes. Never copies and never allocates from a length that it has not checked
 * against the bytes that are there. Throws only `WireError`.
 */
export class Reader {
  readonly bytes: Buffer
  position: number
  end: number

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
    this.end = end
  }

  fail(code: WireErrorCode): never {
    throw new WireError(code, this.position)
  }

  uint8(): number {
    if (this.position >= this.end) this.fail('truncated')
    return this.bytes[this.position++] as number
  }

  uint16(): number {
    this.need(2)
    const value = this.bytes.readUInt16BE(this.position)
    this.position += 2
    return value
  }

  uint32(): number {
    this.need(4)
    const value = this.bytes.readUInt32BE(this.position)
    this.position += 4
    return value
  }

  uint64(): bigint {
    this.need(8)
    const value = this.bytes.readBigUInt64BE(this.position)
    this.position += 8
    return value
  }

  /** `opaque x[n]`: a view, not a copy. */
  fixed(length: number): Buffer {
    this.need(length)
    const start = this.position
    this.position += length
    return this.bytes.subarray(start, this.position)
  }

  /**
   * The length of a `<V>` vector in bytes, RFC 9420 §2.1.2: minimal QUIC varint of 1, 2 or 4 bytes.
   * INVARIANT: what it returns is at most `bytesMax` and is there.
   */
  length(bytesMax: number): number {
    const length = this.varint()
    if (length > bytesMax) this.fail('limit-exceeded')
    this.need(length)
    return length
  }

  /** `opaque x<V>`: a view, not a copy. */
  opaque(bytesMax: number): Buffer {
    const length = this.length(bytesMax)
    const start = this.position
    this.position += length
    return this.bytes.subarray(start, this.position)
  }

  /** The bytes from `start` to the cursor. */
  since(start: number): Buffer {
    return this.bytes.subarray(start, this.position)
  }

  /** Refuses bytes that are left over. */
  finish(): void {
    if (this.position !== this.end) this.fail('trailing-bytes')
  }

  private need(length: number): void {
    if (length > this.end - this.position) this.fail('truncated')
  }

  private varint(): number {
    const first = this.uint8()
    switch (first >> 6) {
      case 0:
        return first
      case 1: {
        const value = ((first & 0x3f) << 8) | this.uint8()
        if (value < 0x40) this.fail('non-minimal-varint')
        return value
      }
      case 2: {
        this.need(3)
        const value =
          ((first & 0x3f) << 24) | (this.uint8() << 16) | (this.uint8() << 8) | this.uint8()
        if (value < 0x4000) this.fail('non-minimal-varint')
        return value
      }
      default:
        return this.fail('varint-too-long')
    }
  }
}
