/** A growing buffer. `take` hands out a view of what was written; the writer must not be used after it. */
export class Writer {
  private buffer: Buffer
  private length = 0

  constructor(bytesExpected = 256) {
    this.buffer = Buffer.allocUnsafe(bytesExpected)
  }

  take(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  uint8(value: number): void {
    this.grow(1)
    this.length = this.buffer.writeUInt8(value, this.length)
  }

  uint16(value: number): void {
    this.grow(2)
    this.length = this.buffer.writeUInt16BE(value, this.length)
  }

  uint32(value: number): void {
    this.grow(4)
    this.length = this.buffer.writeUInt32BE(value, this.length)
  }

  uint64(value: bigint): void {
    this.grow(8)
    this.length = this.buffer.writeBigUInt64BE(value, this.length)
  }

  fixed(bytes: Uint8Array): void {
    this.grow(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  opaque(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.fixed(bytes)
  }

  /** Writes a `<V>` vector whose length is known only once `body` has written it. */
  vector(body: () => void): void {
    const start = this.length
    body()
    const bodyBytes = this.length - start
    const prefixBytes = varintBytes(bodyBytes)
    this.grow(prefixBytes)
    this.buffer.copyWithin(start + prefixBytes, start, this.length)
    this.length = start
    this.varint(bodyBytes)
    this.length += bodyBytes
  }

  private varint(value: number): void {
    switch (varintBytes(value)) {
      case 1:
        return this.uint8(value)
      case 2:
        return this.uint16(0x4000 | value)
      case 4:
        return this.uint32(0x8000_0000 + value)
    }
  }

  private grow(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

const VARINT_MAX = 0x3fff_ffff

function varintBytes(value: number): 1 | 2 | 4 {
  if (value < 0x40) return 1
  if (value < 0x4000) return 2
  if (value <= VARINT_MAX) return 4
  throw new RangeError('a vector is longer than 2^30 - 1 bytes')
}
