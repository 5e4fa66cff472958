import { branded, type Brand } from './brand.ts'
import { GatewayError } from './errors.ts'

/** A host that keeps assets: lower-case DNS name, at most 253 octets, never an IP address. */
export type AssetHost = Brand<'AssetHost'>

/** Where an asset is. Only `parseAssetUrl` makes one. */
export interface AssetUrl {
  /** As it arrived. */
  readonly text: string
  readonly host: AssetHost
  /** Path and query as they arrived, `/` where there are none. */
  readonly path: string
}

/**
 * An `https` URL of at most 2,048 characters on port 443, of RFC 3986's characters only: no
 * credentials, no fragment, no IP address. Nothing of it is normalised, so what was checked is what is
 * asked for. Throws `invalid-uri`. `draft-ietf-mimi-protocol-06 §5.10.2`
 */
export function parseAssetUrl(text: string): AssetUrl {
  const [, authority, path] = (text.length <= URL_CHARACTERS_MAX && URL_PATTERN.exec(text)) || []
  if (authority === undefined || path === undefined) throw new GatewayError('invalid-uri')
  return { text, host: parseAssetHost(authority), path: path.startsWith('/') ? path : `/${path}` }
}

/** Throws `invalid-uri`. */
export function parseAssetHost(text: string): AssetHost {
  const host = text.toLowerCase()
  if (!HOST_PATTERN.test(host)) throw new GatewayError('invalid-uri')
  return branded<'AssetHost'>(host)
}

const URL_CHARACTERS_MAX = 2_048
const URL_PATTERN =
  /^https:\/\/([A-Za-z0-9.-]{1,253})(?::443)?((?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?)$/
/** The last label begins with a letter: a number there would make it an IPv4 address, in any notation. */
const HOST_PATTERN =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/
