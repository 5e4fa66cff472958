import { uriParts, type MimiUri, parseMimiUri } from '../model/ids.ts'
import { GatewayError } from '../model/errors.ts'
import type { Credential } from '../wire/mls/credential.ts'

/** Whom a leaf belongs to, as its credential says. */
export interface LeafIdentity {
  /** The participant: a user's URI, or the user pseudonym. */
  readonly user: string
  /** The client's pseudonym; a basic credential names the user only. */
  readonly client: string | undefined
  readonly pseudonymous: boolean
}

/**
 * The user of a leaf: `identity` of a basic credential, `user_pseudonym` of a pseudonymous one, octet
 * for octet. Undefined for other credentials and for what is no MIMI URI of a user.
 * draft-ietf-mimi-protocol-06 §6.1
 */
export function leafIdentity(credential: Credential): LeafIdentity | undefined {
  switch (credential.kind) {
    case 'basic': {
      const user = userUri(credential.identity.toString('utf8'))
      return user === undefined ? undefined : { user, client: undefined, pseudonymous: false }
    }
    case 'pseudonymous': {
      const user = userUri(credential.userPseudonym.toString('utf8'))
      if (user === undefined) return undefined
      return { user, client: credential.clientPseudonym.toString('utf8'), pseudonymous: true }
    }
    case 'x509':
    case 'other':
      return undefined
  }
}

/** The text as the URI of a user, or undefined. */
export function userUri(text: string): MimiUri | undefined {
  try {
    return parseMimiUri(text, 'user')
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** The distinct domains of users, in their order. */
export function domainsOf(users: readonly string[]): readonly string[] {
  const domains = users.flatMap((user) => {
    const uri = userUri(user)
    return uri === undefined ? [] : [uriParts(uri).domain]
  })
  return [...new Set(domains)]
}
