import { epochPseudonymUri } from '../../src/model/epoch-pseudonym.ts'
import type { MimiUri, ProviderDomain } from '../../src/model/ids.ts'
import { pseudonymChallenge, type Admission } from '../../src/privacypass/pseudonym-certificate.ts'
import type { MembershipProof } from '../../src/privacypass/membership-proof.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
} from '../../src/privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../../src/privacypass/sender-proof.ts'
import { challengeBytes } from '../../src/privacypass/token-challenge.ts'
import type { IssuerKey } from '../../src/privacypass/token-scheme.ts'
import { tokenBytes } from '../../src/privacypass/token.ts'
import { issueToken } from './issuer-key.ts'

export interface CertifiedScope {
  readonly hub: ProviderDomain
  readonly room: MimiUri
  readonly issuer: ProviderDomain
  readonly epochStart: number
}

export interface CertifiedSender {
  readonly uri: MimiUri
  readonly pseudonymId: Buffer
  readonly admission: Admission
  /** The header for a message; without `bare` the certificate goes along. */
  prove(
    messageHash: Buffer,
    options?: {
      readonly bare?: boolean
      readonly sequence?: number
      /** That it is of a member. */
      readonly membership?: MembershipProof
      /** Where the message goes, if not where the certificate is for. */
      readonly to?: Pick<CertifiedScope, 'hub' | 'room'>
    },
  ): string
}

/** A pseudonym with a real token, blindly signed by `key`, as a client gets it. */
export function certifiedSender(key: IssuerKey, scope: CertifiedScope): CertifiedSender {
  const { privateKey, publicKey } = generatePseudonymKey()
  const nonce = pseudonymNonce(publicKey)
  const pseudonymId = pseudonymIdOf(nonce)
  const { tokenType } = key.tokenKey
  const challenge = challengeBytes(pseudonymChallenge(scope, scope.epochStart, tokenType))
  const admission = { token: tokenBytes(issueToken(key, challenge, nonce)), publicKey }
  return {
    uri: epochPseudonymUri(scope.issuer, pseudonymId),
    pseudonymId,
    admission,
    prove: (messageHash, { bare = false, sequence = 0, to = scope, membership } = {}) =>
      writeSenderProof(
        signSenderProof(
          { privateKey, pseudonymId, admission: bare ? undefined : admission, membership },
          { ...to, messageHash },
          { epochStart: scope.epochStart, sequence },
        ),
      ),
  }
}
