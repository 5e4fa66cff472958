import { branded, type Brand } from './brand.ts'
import { GatewayError } from './errors.ts'
import { Recent } from './recent.ts'

/** A provider's domain: lower-case DNS name, at most 253 octets. */
export type ProviderDomain = Brand<'ProviderDomain'>

/** A MIMI URI, `mimi://<domain>/<u|d|r|g>/<id>`, in the exact spelling in which it arrived. */
export type MimiUri = Brand<'MimiUri'>

/** What a MIMI URI names: `u` a user, `d` a client (device), `r` a room, `g` a group. */
export type UriKind = 'user' | 'client' | 'room' | 'group'

export interface UriParts {
  readonly domain: ProviderDomain
  readonly kind: UriKind
  readonly id: string
}

const URI_BYTES_MAX = 1_024
const DOMAIN_PATTERN =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/
const URI_PATTERN = /^mimi:\/\/([^/?#]+)\/([udrg])\/([^/?#\s]+)$/
const KINDS: Readonly<Record<string, UriKind>> = { u: 'user', d: 'client', r: 'room', g: 'group' }

/** Throws `invalid-domain`. */
export function parseProviderDomain(text: string): ProviderDomain {
  const domain = text.toLowerCase()
  if (!DOMAIN_PATTERN.test(domain)) throw new GatewayError('invalid-domain')
  return branded<'ProviderDomain'>(domain)
}

/** At most 1,024 octets. Throws `invalid-uri`. `draft-ietf-mimi-protocol-06 §4` */
export function parseMimiUri(text: string, ...kinds: readonly UriKind[]): MimiUri {
  const parts = split(text)
  if (parts === undefined || (kinds.length > 0 && !kinds.includes(parts.kind)))
    throw new GatewayError('invalid-uri')
  return branded<'MimiUri'>(text)
}

export function uriParts(uri: MimiUri): UriParts {
  const parts = split(uri)
  if (parts === undefined) throw new GatewayError('invalid-uri')
  return parts
}

export function uriDomain(uri: MimiUri): ProviderDomain {
  return uriParts(uri).domain
}

/** The same few rooms and users come again and again, and each is asked for its domain many times. */
function split(text: string): UriParts | undefined {
  const known = recent.get(text)
  if (known !== undefined) return known
  const parts = splitAnew(text)
  if (parts !== undefined) recent.set(text, parts)
  return parts
}

function splitAnew(text: string): UriParts | undefined {
  if (text.length > URI_BYTES_MAX) return undefined
  const match = URI_PATTERN.exec(text)
  const [, host, letter, id] = match ?? []
  const kind = KINDS[letter ?? '']
  if (host === undefined || kind === undefined || id === undefined) return undefined
  const domain = host.toLowerCase()
  if (!DOMAIN_PATTERN.test(domain)) return undefined
  return { domain: branded<'ProviderDomain'>(domain), kind, id }
}

const recent = new Recent<UriParts>(8_192)
