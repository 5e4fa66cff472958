import type { Credential } from '../../wire/mls/credential.ts'

/**
 * The participant that a leaf belongs to: the user URI of a basic credential, the user pseudonym of a
 * pseudonymous one; undefined for credentials that name no user.
 */
export function userOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'basic':
      return credential.identity.toString('utf8')
    case 'pseudonymous':
      return credential.userPseudonym.toString('utf8')
    case 'x509':
    case 'other':
      return undefined
  }
}
