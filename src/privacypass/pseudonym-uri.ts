import { parseMimiUri, uriParts, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import { readBase64url } from './base64url.ts'

/** Octets of a pseudonym's id: the first of its spend key. */
export const pseudonymIdBytes = 16

/** What a URI of an epoch pseudonym says. */
export interface EpochPseudonym {
  readonly home: ProviderDomain
  /** 16 octets. */
  readonly pseudonymId: Buffer
}

/** The URI of an epoch pseudonym: `mimi://<home>/u/e~<22 characters>`. Throws `invalid-uri`. */
export function pseudonymUri({ home, pseudonymId }: EpochPseudonym): MimiUri {
  return parseMimiUri(`mimi://${home}/u/${PREFIX}${pseudonymId.toString('base64url')}`, 'user')
}

/**
 * Reads the URI of an epoch pseudonym. Undefined for any other URI, and for another spelling of the
 * same one: it must be the one that `pseudonymUri` writes.
 */
export function readPseudonymUri(uri: MimiUri): EpochPseudonym | undefined {
  const { domain, kind, id } = uriParts(uri)
  if (kind !== 'user' || !id.startsWith(PREFIX)) return undefined
  const pseudonymId = readBase64url(id.slice(PREFIX.length), pseudonymIdBytes)
  if (pseudonymId?.length !== pseudonymIdBytes) return undefined
  const pseudonym = { home: domain, pseudonymId }
  return pseudonymUri(pseudonym) === uri ? pseudonym : undefined
}

const PREFIX = 'e~'
