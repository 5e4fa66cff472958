import type { Codec } from '../wire/codec.ts'
import type { Reader } from '../wire/reader.ts'

/** Octets that a vector of the presentation language may have. */
export interface Bounds {
  readonly bytesMin?: number
  readonly bytesMax: number
}

/** `opaque x<a..b>` with b below 2^8, RFC 8446 §3.4: one octet of length. A view of the input. */
export function opaque8(bounds: Bounds): Codec<Buffer> {
  return {
    read: (reader) => bounded(reader, reader.uint8(), bounds),
    write: (writer, value) => {
      checkLength(value.length, bounds)
      writer.uint8(value.length)
      writer.fixed(value)
    },
  }
}

/** `opaque x<a..b>` with b below 2^16, as its text in printable ASCII: two octets of length. */
export function ascii16(bounds: Bounds): Codec<string> {
  return {
    read: (reader) => {
      const text = bounded(reader, reader.uint16(), bounds).toString('latin1')
      return PRINTABLE.test(text) ? text : reader.fail('invalid-value')
    },
    write: (writer, value) => {
      checkLength(value.length, bounds)
      if (!PRINTABLE.test(value)) throw new RangeError('expected printable ASCII')
      writer.uint16(value.length)
      writer.fixed(Buffer.from(value, 'latin1'))
    },
  }
}

function bounded(reader: Reader, length: number, { bytesMin = 0, bytesMax }: Bounds): Buffer {
  if (length > bytesMax) reader.fail('limit-exceeded')
  if (length < bytesMin) reader.fail('invalid-value')
  return reader.fixed(length)
}

function checkLength(length: number, { bytesMin = 0, bytesMax }: Bounds): void {
  if (length < bytesMin || length > bytesMax)
    throw new RangeError(`expected ${bytesMin} to ${bytesMax} octets`)
}

const PRINTABLE = /^[\x20-\x7e]*$/
