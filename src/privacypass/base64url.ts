/** base64url with its padding, as RFC 9577 §2.1 and RFC 9578 §4 write it. */
export function paddedBase64url(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/**
 * base64url with or without padding, at most `bytesMax` octets. Undefined for anything else: other
 * alphabets, half a padding, and bits that no octet holds, so that octets have one spelling each way.
 */
export function readBase64url(text: string, bytesMax: number): Buffer | undefined {
  if (text.length > Math.ceil(bytesMax / 3) * 4) return undefined
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return undefined
  const padding = text.indexOf('=')
  if (padding !== -1 && text.length % 4 !== 0) return undefined
  const digits = padding === -1 ? text : text.slice(0, padding)
  const bytes = Buffer.from(digits, 'base64url')
  return bytes.length <= bytesMax && endsOnOctets(digits) ? bytes : undefined
}

/** Only behind the last group of four digits there can be bits that no octet holds. */
function endsOnOctets(digits: string): boolean {
  const rest = digits.slice(digits.length - (digits.length % 4))
  return Buffer.from(rest, 'base64url').toString('base64url') === rest
}
