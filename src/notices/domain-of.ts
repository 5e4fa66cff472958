import { parseMimiUri, uriDomain, type ProviderDomain } from '../model/ids.ts'

/** The provider of a user; undefined where it is no user's URI, as a handle. */
export function domainOf(user: string): ProviderDomain | undefined {
  try {
    return uriDomain(parseMimiUri(user, 'user'))
  } catch {
    return undefined
  }
}
