import { GatewayError } from '../model/errors.ts'
import { Recent } from '../model/recent.ts'

/** A URI template with one variable, ready to be filled; both parts are of the path. */
export interface PathTemplate {
  readonly before: string
  readonly after: string
}

export interface TemplateHome {
  /** The only host that a template may name. */
  readonly host: string
  /** The port that it may name beside 443; undefined where the address is configured and any port is inert. */
  readonly port: number | undefined
}

/**
 * An `https` template of the directory with exactly one `{variable}`, in its path. Throws
 * `directory-invalid` where it leaves the peer's host. `draft-ietf-mimi-protocol-06 §5.1`
 */
export function parsePathTemplate(template: string, home: TemplateHome): PathTemplate {
  const match = TEMPLATE.exec(template)
  const [, authority, before, after] = match ?? []
  if (authority === undefined || before === undefined || after === undefined)
    throw new GatewayError('directory-invalid')
  const [host, port] = authority.toLowerCase().split(':')
  if (host !== home.host) throw new GatewayError('directory-invalid')
  if (port !== undefined && home.port !== undefined && Number(port) !== home.port)
    throw new GatewayError('directory-invalid')
  const path = `${before}${after}`
  if (DOT_SEGMENT.test(path)) throw new GatewayError('directory-invalid')
  return { before, after }
}

/** The path of `target`, percent-encoded as one segment (RFC 6570 §3.2.2). */
export function fillPath(template: PathTemplate, target: string): string {
  return `${template.before}${encodeSegment(target)}${template.after}`
}

/** Percent-encodes all but RFC 3986's unreserved characters. Throws `invalid-uri` on lone surrogates. */
export function encodeSegment(text: string): string {
  const known = recent.get(text)
  if (known !== undefined) return known
  if (!text.isWellFormed()) throw new GatewayError('invalid-uri')
  const encoded = encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  })
  recent.set(text, encoded)
  return encoded
}

/** The same few rooms come again and again. */
const recent = new Recent<string>(4_096)

const PATH_CHARACTERS = String.raw`(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})`
const TEMPLATE = new RegExp(
  String.raw`^https://([A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)(/${PATH_CHARACTERS}{0,512})\{[A-Za-z][A-Za-z0-9_]{0,63}\}(${PATH_CHARACTERS}{0,512})$`,
)
const DOT_SEGMENT = /(^|\/)(\.|%2e){1,2}(\/|$)/i
