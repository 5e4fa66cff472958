import canonicalize from 'canonicalize'

/** Why bytes are not the JSON that we take. */
export type JsonFault =
  'too-large' | 'not-utf8' | 'too-deep' | 'not-json' | 'forbidden-member' | 'not-canonical'

export type StrictJson =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly reason: JsonFault }

/**
 * Reads canonical JSON (RFC 8785) and nothing else: bounded in octets and depth before it is parsed,
 * no `__proto__`, no lone surrogates; a duplicate member, white space or another spelling of a number
 * or a string is not canonical.
 */
export function parseCanonicalJson(
  bytes: Buffer,
  { bytesMax, depthMax }: { readonly bytesMax: number; readonly depthMax: number },
): StrictJson {
  if (bytes.length > bytesMax) return refused('too-large')
  const text = decodeUtf8(bytes)
  if (text === undefined) return refused('not-utf8')
  if (depthOf(text) > depthMax) return refused('too-deep')
  const value = parseJson(text)
  if (value === undefined) return refused('not-json')
  if (holdsForbidden(value)) return refused('forbidden-member')
  if (canonicalJson(value) !== text) return refused('not-canonical')
  return { kind: 'json', value }
}

/** RFC 8785. Throws a `TypeError` for what is no JSON. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('no JSON value')
  return text
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/** A scan without recursion, so that no nesting can exhaust the stack. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at)
    if (inString) {
      if (character === BACKSLASH) at += 1
      else if (character === QUOTE) inString = false
    } else if (character === QUOTE) inString = true
    else if (character === BRACE || character === BRACKET) deepest = Math.max(deepest, (depth += 1))
    else if (character === BRACE_END || character === BRACKET_END) depth -= 1
  }
  return deepest
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** INVARIANT: the depth was bounded before. */
function holdsForbidden(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed()
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, inner]) => name === '__proto__' || !name.isWellFormed() || holdsForbidden(inner),
  )
}

function refused(reason: JsonFault): StrictJson {
  return { kind: 'refused', reason }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
]
