/**
 * A `<V>` vector with its length prefix, given the inside of it as a view of `body`. Sound for what a
 * `Reader` has read: there the prefix is minimal and stands right before the content.
 */
export function withLengthPrefix(content: Buffer, body: Buffer): Buffer {
  const start = content.byteOffset - body.byteOffset
  return body.subarray(start - prefixBytes(content.length), start + content.length)
}

function prefixBytes(length: number): 1 | 2 | 4 {
  if (length < 0x40) return 1
  return length < 0x4000 ? 2 : 4
}
