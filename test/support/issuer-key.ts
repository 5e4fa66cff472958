import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { requestBlindRsaToken } from '../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../src/privacypass/blind-rsa/scheme.ts'
import { blindRsaIssuerKey } from '../../src/privacypass/blind-rsa/token-key.ts'
import type { IssuerKey } from '../../src/privacypass/token-scheme.ts'
import type { Token } from '../../src/privacypass/token.ts'

/** A new key of type 0x0002 for an issuer of this name. */
export function testIssuerKey(issuer: string): IssuerKey {
  return blindRsaIssuerKey(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey, issuer)
}

/** A token of type 0x0002 for this challenge, asked for and issued as on the wire. */
export function issueToken(
  key: IssuerKey,
  challenge: Uint8Array,
  nonce: Uint8Array = randomBytes(32),
): Token {
  const { tokenKey } = key
  const pending = requestBlindRsaToken({ challenge, nonce, tokenKey, randomness: randomBytes })
  const verdict = blindRsaScheme.issue(pending.request, [key])
  const token = verdict.kind === 'issued' ? pending.finalize(verdict.response) : undefined
  if (token === undefined) throw new Error('no token was issued')
  return token
}
