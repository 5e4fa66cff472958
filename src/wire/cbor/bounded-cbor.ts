import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { WireError } from '../errors.ts'
import { Reader } from '../reader.ts'

/** Arrays and maps inside each other. */
export const nestingDepthMax = 16

/** Data items of one document. */
const itemCountMax = 32_768

/**
 * Decodes one CBOR document in deterministic encoding (RFC 8949 §4.2.1), without tags, indefinite
 * lengths or `undefined`. Maps are `Map`s. Bounds are checked before anything is built.
 * Throws `WireError`: `invalid-cbor`, `limit-exceeded`, `truncated`, `trailing-bytes`.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const value = decodeAnyOrder(bytes)
  if (!isEncodingOf(value, bytes)) throw new WireError('invalid-cbor', 0)
  return value
}

/** Encoding again finds what the lenient decoder passed: lengths, floats and the order of keys. */
function isEncodingOf(value: unknown, bytes: Uint8Array): boolean {
  try {
    return encodeCbor(value).equals(bytes)
  } catch {
    // It has no order for keys that are arrays or maps.
    return false
  }
}

/** The same, but not deterministic: for bytes that are read and never encoded again. */
export function decodeAnyOrder(bytes: Uint8Array): unknown {
  checkBounds(new Reader(bytes))
  try {
    return decode(bytes, decodeOptions)
  } catch {
    throw new WireError('invalid-cbor', 0)
  }
}

/** Deterministic CBOR. RFC 8949 §4.2.1 */
export function encodeCbor(value: unknown): Buffer {
  const bytes = encode(value, rfc8949EncodeOptions)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Walks the heads of all items without building a value. */
function checkBounds(reader: Reader): void {
  const open: number[] = []
  let items = 0
  do {
    if (++items > itemCountMax) reader.fail('limit-exceeded')
    const children = skipHead(reader)
    if (children > 0) {
      if (open.length === nestingDepthMax) reader.fail('limit-exceeded')
      open.push(children)
      continue
    }
    // The item is whole, and with it every container whose last item it was.
    while (open.length > 0) {
      const rest = (open.pop() ?? 0) - 1
      if (rest > 0) {
        open.push(rest)
        break
      }
    }
  } while (open.length > 0)
  reader.finish()
}

/** Passes one item's head, and the content of a string; returns how many items it has inside. */
function skipHead(reader: Reader): number {
  const first = reader.uint8()
  const argument = readArgument(reader, first & 0x1f)
  switch (first >> 5) {
    case 2:
    case 3:
      reader.fixed(countable(reader, argument))
      return 0
    case 4:
      return countable(reader, argument)
    case 5:
      return 2 * countable(reader, argument)
    case 6:
      return reader.fail('invalid-cbor')
    default:
      return 0
  }
}

function readArgument(reader: Reader, information: number): bigint {
  if (information < 24) return BigInt(information)
  switch (information) {
    case 24:
      return BigInt(reader.uint8())
    case 25:
      return BigInt(reader.uint16())
    case 26:
      return BigInt(reader.uint32())
    case 27:
      return reader.uint64()
    default:
      return reader.fail('invalid-cbor')
  }
}

/** A length or a count can be no larger than the bytes that are left. */
function countable(reader: Reader, argument: bigint): number {
  if (argument > BigInt(reader.end - reader.position)) reader.fail('truncated')
  return Number(argument)
}

const decodeOptions = {
  strict: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
} as const
