import { createHash, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import { GatewayError } from '../../model/errors.ts'
import type { AmortizedBatchResponse } from '../batch-issuance.ts'
import { ownBytes } from '../own-bytes.ts'
import type { IssuerKey, KeyKind } from '../token-scheme.ts'
import { tokenInputBytes, type Token } from '../token.ts'
import { proveEvaluations, type ProvingKey } from './dleq.ts'
import type { OprfGroup } from './group.ts'
import { elementOfInput, oprfSuite, outputOf, type OprfSuite } from './suite.ts'

export interface VoprfKeyOptions {
  readonly group: OprfGroup
  /** A scalar of the group, such as `randomScalar` gives. */
  readonly secretKey: Uint8Array
  readonly issuer: string
  /** For proofs. */
  readonly randomness: Randomness
}

/**
 * A key of the group's token type. Only who has it can check its tokens, so issuer and token origin are
 * one. Throws `key-unavailable` for octets that are no scalar. RFC 9578 §5
 */
export function voprfIssuerKey(options: VoprfKeyOptions): IssuerKey {
  const { group, issuer, randomness } = options
  const { tokenType } = group
  const secretKey = ownBytes(options.secretKey)
  if (!group.isScalar(secretKey)) throw new GatewayError('key-unavailable')
  const suite = oprfSuite(group, 'voprf')
  const publicKey = group.multiplyGenerator(secretKey)
  const key: ProvingKey = { secretKey, publicKey, multiplier: group.multiplier(secretKey) }
  const evaluate = (blinded: readonly Buffer[]) => evaluateAll(suite, key, { blinded, randomness })
  return {
    tokenKey: {
      tokenType,
      issuer,
      publicKey,
      keyId: voprfKeyId(publicKey),
      authenticates: (token) => token.tokenType === tokenType && authenticates(suite, key, token),
    },
    accepts: (message) => group.isElement(message),
    evaluate: (request) => {
      if (request.tokenType !== tokenType) return undefined
      const answer = evaluate([request.blindedMessage])
      const [evaluatedMessage] = answer?.evaluatedMessages ?? []
      if (answer === undefined || evaluatedMessage === undefined) return undefined
      return { tokenType, evaluatedMessage, evaluatedProof: answer.evaluatedProof }
    },
    evaluateBatch: (request) =>
      request.tokenType === tokenType ? evaluate(request.blindedMessages) : undefined,
  }
}

/** Keys of a group; what is kept of one is its scalar. */
export function voprfKeyKind(group: OprfGroup, randomness: Randomness): KeyKind {
  const open = (secretKey: Uint8Array, issuer: string) =>
    voprfIssuerKey({ group, secretKey, issuer, randomness })
  return {
    generate: (live) => {
      const taken = new Set(live.map(({ keyId }) => keyId.at(-1)))
      for (let tries = 0; tries < KEY_TRIES_MAX; tries++) {
        const secretKey = group.randomScalar(randomness)
        const { keyId } = open(secretKey, '').tokenKey
        if (!taken.has(keyId.at(-1))) return Promise.resolve(createSecretKey(secretKey))
      }
      return Promise.reject(new GatewayError('key-unavailable'))
    },
    open: (key, issuer) => {
      if (key.type !== 'secret') throw new GatewayError('key-unavailable')
      return open(key.export(), issuer)
    },
  }
}

/** `token_key_id` of a public key, 32 octets. RFC 9578 §5.5 */
export function voprfKeyId(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(publicKey).digest()
}

/** Undefined without elements, or with one that is none of the group. RFC 9497 §3.3.2, `BlindEvaluate` */
function evaluateAll(
  suite: OprfSuite,
  key: ProvingKey,
  { blinded, randomness }: { blinded: readonly Buffer[]; randomness: Randomness },
): AmortizedBatchResponse | undefined {
  if (blinded.length === 0 || !blinded.every((element) => suite.group.isElement(element)))
    return undefined
  const evaluations = blinded.map((element) => ({
    blinded: element,
    evaluated: key.multiplier.multiply(element),
  }))
  return {
    evaluatedMessages: evaluations.map(({ evaluated }) => evaluated),
    evaluatedProof: proveEvaluations(suite, { key, evaluations, randomness }),
  }
}

/** RFC 9578 §5.4, RFC 9497 §3.3.1 `Evaluate` */
function authenticates(suite: OprfSuite, { multiplier }: ProvingKey, token: Token): boolean {
  const input = tokenInputBytes(token)
  return multiplier
    .candidates(elementOfInput(suite, input))
    .some((element) => timingSafeEqual(outputOf(suite, input, element), token.authenticator))
}

const KEY_TRIES_MAX = 64
