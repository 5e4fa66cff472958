import { GatewayError } from '../model/errors.ts'
import { Recent } from '../model/recent.ts'

/**
 * The path variable after `prefix` and its slash, from the request line as it came. One segment is
 * percent-decoded once; the short form `<domain>/<kind>/<id>` is the URI without its scheme and is taken
 * as it stands, so `a.example/r/x%20y` and `mimi%3A%2F%2Fa.example%2Fr%2Fx%2520y` are the same URI.
 * Throws `malformed-request`; whether the result is a URI or a domain is for the adapter to say.
 */
export function pathTarget(url: string, prefix: string): string {
  const known = recent.get(url)
  if (known?.prefix === prefix) return known.target
  const target = readTarget(url, prefix)
  recent.set(url, { prefix, target })
  return target
}

function readTarget(url: string, prefix: string): string {
  const rest = url.slice(prefix.length + 1)
  if (!url.startsWith(`${prefix}/`) || !PATH_PATTERN.test(rest))
    throw new GatewayError('malformed-request', { facts: { part: 'path' } })
  const target = rest.includes('/') ? `mimi://${shortForm(rest)}` : decodeOnce(rest)
  if (DOT_SEGMENT.test(target))
    throw new GatewayError('malformed-request', { facts: { part: 'path' } })
  return target
}

function shortForm(rest: string): string {
  if (SHORT_PATTERN.test(rest)) return rest
  throw new GatewayError('malformed-request', { facts: { part: 'path' } })
}

function decodeOnce(segment: string): string {
  try {
    const text = decodeURIComponent(segment)
    if (!UNSAFE.test(text)) return text
  } catch {
    // Truncated or no UTF-8: the same refusal.
  }
  throw new GatewayError('malformed-request', { facts: { part: 'path' } })
}

/** No query, no fragment, no bare `%`, at most 4,096 characters (a URI is at most 1,024 octets). */
const PATH_PATTERN = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}){1,4096}$/
const SHORT_PATTERN = /^[A-Za-z0-9.-]{1,253}\/[udrg]\/[^/]+$/
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u0000-\u0020\u007f-\u009f\\]/
/** The same few rooms come again and again. */
const recent = new Recent<{ readonly prefix: string; readonly target: string }>(2_048)
