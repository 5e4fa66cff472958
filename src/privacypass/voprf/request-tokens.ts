import type { Randomness } from '../../model/clock.ts'
import { GatewayError } from '../../model/errors.ts'
import type { AmortizedBatchRequest, AmortizedBatchResponse } from '../batch-issuance.ts'
import type { PendingToken } from '../blind-rsa/request-token.ts'
import { ownBytes } from '../own-bytes.ts'
import { challengeDigest } from '../token-challenge.ts'
import { tokenInputBytes, type Token, type TokenInput } from '../token.ts'
import { verifyEvaluations } from './dleq.ts'
import type { OprfGroup } from './group.ts'
import { voprfKeyId } from './issuer-key.ts'
import { elementOfInput, oprfSuite, outputOf, type OprfSuite } from './suite.ts'

/** A token that is wanted. */
export interface WantedToken {
  /** The octets of the TokenChallenge. */
  readonly challenge: Uint8Array
  /** 32 octets. */
  readonly nonce: Uint8Array
}

interface VoprfRequest {
  readonly group: OprfGroup
  /** The issuer's public key. */
  readonly publicKey: Uint8Array
  readonly randomness: Randomness
}

/**
 * The client's half of types 0x0001 and 0x0005, for one token with a nonce of 32 octets. Throws
 * `key-unavailable` for a public key that is none of the group. RFC 9578 §5.1, §5.3
 */
export function requestVoprfToken(options: VoprfRequest & WantedToken): PendingToken {
  const { tokenType } = options.group
  const { keyId, blindedMessages, finalize } = blindTokens(options, [options])
  const [blindedMessage] = blindedMessages
  if (blindedMessage === undefined) throw new GatewayError('internal')
  return {
    request: { tokenType, truncatedTokenKeyId: keyId[31] ?? 0, blindedMessage },
    finalize: (response) => {
      if (response.tokenType !== tokenType) return undefined
      const { evaluatedMessage, evaluatedProof } = response
      const [token] = finalize([evaluatedMessage], evaluatedProof) ?? []
      return token
    },
  }
}

/** Tokens that were asked for at once. */
export interface PendingBatch {
  readonly request: AmortizedBatchRequest
  /** The tokens in their order; undefined where the answer is not what the issuer's key would have made. */
  readonly finalize: (response: AmortizedBatchResponse) => readonly Token[] | undefined
}

/**
 * The client's half of an amortized batch of type 0x0005. Throws `key-unavailable`
 * for a group or a key of another type. draft-ietf-privacypass-batched-tokens §5.1, §5.3
 */
export function requestAmortizedTokens(
  options: VoprfRequest & { tokens: readonly WantedToken[] },
): PendingBatch {
  const { tokenType } = options.group
  if (tokenType !== 'voprfRistretto255') throw new GatewayError('key-unavailable')
  const { keyId, blindedMessages, finalize } = blindTokens(options, options.tokens)
  return {
    request: { tokenType, truncatedTokenKeyId: keyId[31] ?? 0, blindedMessages },
    finalize: ({ evaluatedMessages, evaluatedProof }) =>
      finalize(evaluatedMessages, evaluatedProof),
  }
}

function blindTokens(options: VoprfRequest, tokens: readonly WantedToken[]) {
  const { group, randomness } = options
  const publicKey = ownBytes(options.publicKey)
  if (!group.isElement(publicKey)) throw new GatewayError('key-unavailable')
  const suite = oprfSuite(group, 'voprf')
  const keyId = voprfKeyId(publicKey)
  const { tokenType } = group
  const blinded = tokens.map(({ challenge, nonce }) => {
    const bound = { tokenType, challengeDigest: challengeDigest(challenge), tokenKeyId: keyId }
    return blindToken(suite, { ...bound, nonce: ownBytes(nonce) }, randomness)
  })
  const blindedMessages = blinded.map((each) => each.blinded)
  return {
    keyId,
    blindedMessages,
    finalize: (evaluated: readonly Buffer[], proof: Buffer): readonly Token[] | undefined => {
      if (evaluated.length !== blinded.length) return undefined
      if (!evaluated.every((element) => group.isElement(element))) return undefined
      const answers = blinded.map((each, index) => ({
        ...each,
        evaluated: evaluated[index] ?? each.blinded,
      }))
      if (!verifyEvaluations(suite, { publicKey, evaluations: answers, proof })) return undefined
      return answers.map((answer) => answer.unblind(answer.evaluated))
    },
  }
}

/** `Blind` and `Finalize`, RFC 9497 §3.3.1. */
function blindToken(
  suite: OprfSuite,
  token: TokenInput & { tokenType: OprfGroup['tokenType'] },
  randomness: Randomness,
) {
  const { group } = suite
  const input = tokenInputBytes(token)
  const blind = group.randomScalar(randomness)
  return {
    blinded: group.multiplier(blind).multiply(elementOfInput(suite, input)),
    unblind: (evaluated: Buffer): Token => {
      const element = group.multiplier(group.invert(blind)).multiply(evaluated)
      return { ...token, authenticator: outputOf(suite, input, element) }
    },
  }
}
