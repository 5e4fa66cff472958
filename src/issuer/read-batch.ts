import { createHash } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
  genericBatchRequestCodec,
  genericBatchResponseCodec,
  type AmortizedBatchRequest,
  type AmortizedBatchResponse,
} from '../privacypass/batch-issuance.ts'
import {
  tokenRequestCodec,
  tokenResponseBytes,
  type TokenRequest,
  type TokenResponse,
} from '../privacypass/issuance.ts'
import { mediaTypes } from '../privacypass/media-types.ts'
import type { TokenType } from '../privacypass/token-type.ts'
import { decode, encode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import type { LiveKey } from './issuer-keys.ts'

/** Signs under one key: a whole batch or nothing. */
export interface BatchSigner {
  /**
   * Throws `queue-full`, `key-unavailable`, and `rate-limited` where the type has used its share of the
   * CPU: the same octets may ask again.
   */
  sign(key: LiveKey, requests: readonly TokenRequest[]): Promise<readonly TokenResponse[]>
  /** The same with one proof for all. */
  signAmortized(key: LiveKey, request: AmortizedBatchRequest): Promise<AmortizedBatchResponse>
}

export interface IssuanceAnswer {
  readonly contentType: string
  readonly bytes: Buffer
}

/** What a request asks for: tokens of one type under one key, whatever its form. */
export interface ReadBatch {
  readonly tokenType: TokenType
  /** The last octet of the key's id. */
  readonly truncatedTokenKeyId: number
  readonly blindedMessages: readonly Buffer[]
  /** One request by itself may stand for a batch of any size. */
  readonly isSingle: boolean
  /** SHA-256 of the request. */
  readonly digest: Buffer
  /** Has it signed, and puts the answer into the form of the request. */
  readonly answer: (signer: BatchSigner, key: LiveKey) => Promise<IssuanceAnswer>
}

/**
 * Reads a request by its media type. Throws `malformed-request` for another one, `token-request-invalid`.
 * RFC 9578 §5.1, §6.1; draft-ietf-privacypass-batched-tokens §5.1, §6.1
 */
export function readBatch(contentType: string, bytes: Buffer): ReadBatch {
  const digest = createHash('sha256').update(bytes).digest()
  switch (contentType) {
    case mediaTypes.tokenRequest: {
      const requests = [decoded(() => decode(tokenRequestCodec, bytes))]
      return { ...askedFor(requests), isSingle: true, digest, answer: answerWith(requests, single) }
    }
    case mediaTypes.genericBatchRequest: {
      const { tokenRequests } = decoded(() => decode(genericBatchRequestCodec, bytes))
      const answer = answerWith(tokenRequests, generic)
      return { ...askedFor(tokenRequests), isSingle: false, digest, answer }
    }
    case mediaTypes.amortizedBatchRequest: {
      const request = decoded(() => decode(amortizedBatchRequestCodec, bytes))
      if (request.blindedMessages.length === 0) throw invalidRequest('count')
      return { ...request, isSingle: false, digest, answer: answerAmortized(request) }
    }
    default:
      throw new GatewayError('malformed-request', { facts: { part: 'content-type' } })
  }
}

export function invalidRequest(part: string): GatewayError {
  return new GatewayError('token-request-invalid', { facts: { part } })
}

function decoded<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof WireError)
      throw new GatewayError('token-request-invalid', { facts: { part: 'encoding' }, cause })
    throw cause
  }
}

/** All requests of a batch are of one type and key: it is of one class. */
function askedFor(requests: readonly TokenRequest[]) {
  const [first] = requests
  if (first === undefined) throw invalidRequest('count')
  const { tokenType, truncatedTokenKeyId } = first
  // Tokens of type 0x0005 come with one proof for all of them, and in no other form.
  const isOfOneType = requests.every((request) => request.tokenType === tokenType)
  if (!isOfOneType || tokenType === 'voprfRistretto255') throw invalidRequest('type')
  if (requests.some((request) => request.truncatedTokenKeyId !== truncatedTokenKeyId))
    throw invalidRequest('keys')
  const blindedMessages = requests.map(({ blindedMessage }) => blindedMessage)
  return { tokenType, truncatedTokenKeyId, blindedMessages }
}

function answerWith(
  requests: readonly TokenRequest[],
  form: (responses: readonly TokenResponse[]) => IssuanceAnswer,
): ReadBatch['answer'] {
  return async (signer, key) => form(await signer.sign(key, requests))
}

function single([response]: readonly TokenResponse[]): IssuanceAnswer {
  if (response === undefined) throw new GatewayError('internal')
  return { contentType: mediaTypes.tokenResponse, bytes: tokenResponseBytes(response) }
}

function generic(responses: readonly TokenResponse[]): IssuanceAnswer {
  const bytes = encode(genericBatchResponseCodec, { tokenResponses: [...responses] })
  return { contentType: mediaTypes.genericBatchResponse, bytes }
}

function answerAmortized(request: AmortizedBatchRequest): ReadBatch['answer'] {
  return async (signer, key) => {
    const bytes = encode(amortizedBatchResponseCodec, await signer.signAmortized(key, request))
    return { contentType: mediaTypes.amortizedBatchResponse, bytes }
  }
}
