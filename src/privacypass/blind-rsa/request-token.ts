import type { Randomness } from '../../model/clock.ts'
import { GatewayError } from '../../model/errors.ts'
import type { TokenRequest, TokenResponse } from '../issuance.ts'
import { ownBytes } from '../own-bytes.ts'
import { challengeDigest } from '../token-challenge.ts'
import type { TokenKey } from '../token-scheme.ts'
import { tokenInputBytes, type Token, type TokenInput } from '../token.ts'
import { blindMessage, randomBlind, rsaPublicKey, unblindSignature } from './blind-signature.ts'
import { blindRsaPublicKey, pssSaltBytes } from './token-key.ts'

/** A token that was asked for. It holds the blinding, so it stays with the client. */
export interface PendingToken {
  readonly request: TokenRequest
  /** The token; undefined where the answer is not what the issuer's key would have made. */
  readonly finalize: (response: TokenResponse) => Token | undefined
}

export interface BlindRsaRequest {
  /** The octets of the TokenChallenge. */
  readonly challenge: Uint8Array
  /** 32 octets: random, or bound to a key as in a pseudonym certificate. */
  readonly nonce: Uint8Array
  readonly tokenKey: TokenKey
  readonly randomness: Randomness
}

/**
 * The client's half of type 0x0002: blinds a token for the issuer, who learns nothing of it, and takes
 * the blinding off the answer. Throws `key-unavailable` for a key of another type. RFC 9578 §6.1, §6.3
 */
export function requestBlindRsaToken(options: BlindRsaRequest): PendingToken {
  const { tokenKey, randomness } = options
  const publicKey = rsaPublicKey(blindRsaPublicKey(tokenKey))
  const input: TokenInput = {
    tokenType: 'blindRsa2048',
    nonce: ownBytes(options.nonce),
    challengeDigest: challengeDigest(options.challenge),
    tokenKeyId: tokenKey.keyId,
  }
  const message = tokenInputBytes(input)
  const salt = randomness(pssSaltBytes)
  const blind = randomBlind(publicKey, randomness)
  const blinded = blindMessage(publicKey, { message, salt, blind })
  if (blinded === undefined) throw new GatewayError('key-unavailable')
  const { blindedMessage, inverse } = blinded
  return {
    request: {
      tokenType: 'blindRsa2048',
      truncatedTokenKeyId: tokenKey.keyId[31] ?? 0,
      blindedMessage,
    },
    finalize: (response) => {
      if (response.tokenType !== 'blindRsa2048') return undefined
      const { blindSignature } = response
      const signature = unblindSignature(publicKey, {
        message,
        inverse,
        blindSignature,
        saltBytes: pssSaltBytes,
      })
      return signature && { ...input, tokenType: 'blindRsa2048', authenticator: signature }
    },
  }
}
