/** Bytes from hex digits; blanks between fields are for the reader. */
export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}
