import { GatewayError } from '../../model/errors.ts'
import type { MimiUri } from '../../model/ids.ts'
import { parseMimiUri } from '../../model/ids.ts'
import type { Credential } from '../../wire/mls/credential.ts'

/**
 * The user whom a credential shows: the identity of a basic one, the user pseudonym of a pseudonymous
 * one. Undefined where it shows none that is a MIMI URI.
 */
export function credentialUser(credential: Credential): MimiUri | undefined {
  switch (credential.kind) {
    case 'basic':
      return userUri(credential.identity)
    case 'pseudonymous':
      return userUri(credential.userPseudonym)
    case 'x509':
    case 'other':
      return undefined
  }
}

/** Throws `actor-mismatch` where the credential shows another user than the one who is named. */
export function checkIdentity(credential: Credential, named: MimiUri): void {
  const shown = credentialUser(credential)
  if (credential.kind === 'pseudonymous' && shown !== named)
    throw new GatewayError('actor-mismatch')
  if (shown !== undefined && shown !== named) throw new GatewayError('actor-mismatch')
}

function userUri(bytes: Buffer): MimiUri | undefined {
  const text = bytes.toString('utf8')
  // Octets that are no UTF-8 must not look like a name that has U+FFFD in it.
  if (!Buffer.from(text).equals(bytes)) return undefined
  try {
    return parseMimiUri(text, 'user')
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
