import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { requestBlindRsaToken } from '../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaIssuerKey } from '../../src/privacypass/blind-rsa/token-key.ts'
import type { IssuerKey } from '../../src/privacypass/token-scheme.ts'
import type { Token } from '../../src/privacypass/token.ts'
import { voprfIssuerKey } from '../../src/privacypass/voprf/issuer-key.ts'
import { requestVoprfToken } from '../../src/privacypass/voprf/request-tokens.ts'
import { oprfGroups } from './oprf-groups.ts'

/** A new key of type 0x0002 for an issuer of this name. */
export function testIssuerKey(issuer: string): IssuerKey {
  return blindRsaIssuerKey(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey, issuer)
}

/** The same of type 0x0001 or 0x0005. */
export function testVoprfKey(tokenType: keyof typeof oprfGroups, issuer: string): IssuerKey {
  const group = oprfGroups[tokenType]
  const secretKey = group.randomScalar(randomBytes)
  return voprfIssuerKey({ group, secretKey, issuer, randomness: randomBytes })
}

/** A token of the key's type for this challenge, asked for and issued as on the wire. */
export function issueToken(
  key: IssuerKey,
  challenge: Uint8Array,
  nonce: Uint8Array = randomBytes(32),
): Token {
  const { tokenKey } = key
  const { tokenType, publicKey } = tokenKey
  const asked = { challenge, nonce, randomness: randomBytes }
  const pending =
    tokenType === 'blindRsa2048'
      ? requestBlindRsaToken({ ...asked, tokenKey })
      : requestVoprfToken({ ...asked, group: oprfGroups[tokenType], publicKey })
  const response = key.evaluate(pending.request)
  const token = response && pending.finalize(response)
  if (token === undefined) throw new Error('no token was issued')
  return token
}
