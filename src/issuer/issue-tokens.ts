import { createHash } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../privacypass/batch-issuance.ts'
import {
  tokenRequestCodec,
  tokenResponseCodecs,
  type TokenRequest,
  type TokenResponse,
} from '../privacypass/issuance.ts'
import { mediaTypes } from '../privacypass/media-types.ts'
import { decode, encode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import type { AccountHandles } from './account-handles.ts'
import type { Attest, Attestation } from './attestation.ts'
import type { LiveKey } from './issuer-keys.ts'
import type { StandingPenalty } from './penalties.ts'
import type { QuotaStore } from './quota-store.ts'
import {
  allowanceOf,
  batchTokensMax,
  dayOf,
  untilNextDayMs,
  type TokenClass,
} from './token-class.ts'

/** A `POST /token-request`. */
export interface IssuanceRequest {
  /** Media type, without parameters. */
  readonly contentType: string
  /** The `Authorization` value: goes to the attester and nowhere else. */
  readonly authorization: string | undefined
  readonly bytes: Buffer
  readonly signal: AbortSignal
}

export interface IssuanceAnswer {
  readonly contentType: string
  readonly bytes: Buffer
}

/**
 * Answers a request for tokens: the whole batch or nothing. Throws `malformed-request`,
 * `token-request-invalid`, `token-key-unknown`, `account-not-authenticated`, `account-banned`,
 * `attester-unavailable`, `token-batch-size`, `quota-exhausted`, `store-unavailable`, `queue-full`,
 * `key-unavailable`.
 */
export type IssueTokens = (request: IssuanceRequest) => Promise<IssuanceAnswer>

/** Signs every message of a batch under one key. Throws `queue-full`, `key-unavailable`. */
export type SignBatch = (
  key: LiveKey,
  requests: readonly TokenRequest[],
) => Promise<readonly TokenResponse[]>

export interface IssueOptions {
  readonly keys: () => readonly LiveKey[]
  readonly attest: Attest
  readonly handles: AccountHandles
  readonly quotas: QuotaStore
  readonly standingPenalty: StandingPenalty
  readonly sign: SignBatch
  readonly onIssued?: ((tokenClass: TokenClass, count: number) => void) | undefined
  readonly onRefused?: ((code: ErrorCode) => void) | undefined
  readonly clock: Clock
}

/** RFC 9578 §6.2 and draft-ietf-privacypass-batched-tokens §6: what is cheap to refuse is refused first. */
export function createIssueTokens(options: IssueOptions): IssueTokens {
  return async (request) => {
    try {
      return await issueTokens(options, request)
    } catch (fault) {
      options.onRefused?.(fault instanceof GatewayError ? fault.code : 'internal')
      throw fault
    }
  }
}

async function issueTokens(
  options: IssueOptions,
  { contentType, authorization, bytes, signal }: IssuanceRequest,
): Promise<IssuanceAnswer> {
  const batch = readBatch(contentType, bytes)
  // The day of the key is the day of the quota, however long the attester thinks.
  const nowMs = options.clock()
  const key = keyFor(options.keys(), batch.requests)
  if (authorization === undefined) throw new GatewayError('account-not-authenticated')
  const attestation = await options.attest(authorization, signal)
  await claim(options, { key, batch, attestation, nowMs })
  const responses = await options.sign(key, batch.requests)
  options.onIssued?.(key.tokenClass, responses.length)
  return batch.answer(responses)
}

interface ReadBatch {
  readonly requests: readonly TokenRequest[]
  /** One request by itself may stand for a batch of any size. */
  readonly isSingle: boolean
  readonly digest: Buffer
  readonly answer: (responses: readonly TokenResponse[]) => IssuanceAnswer
}

function readBatch(contentType: string, bytes: Buffer): ReadBatch {
  const digest = createHash('sha256').update(bytes).digest()
  switch (contentType) {
    case mediaTypes.tokenRequest: {
      const requests = [decoded(() => decode(tokenRequestCodec, bytes))]
      return { requests, isSingle: true, digest, answer: singleAnswer }
    }
    case mediaTypes.genericBatchRequest: {
      const { tokenRequests } = decoded(() => decode(genericBatchRequestCodec, bytes))
      return { requests: tokenRequests, isSingle: false, digest, answer: batchAnswer }
    }
    default:
      throw new GatewayError('malformed-request', { facts: { part: 'content-type' } })
  }
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

function singleAnswer([response]: readonly TokenResponse[]): IssuanceAnswer {
  if (response?.tokenType !== 'blindRsa2048') throw new GatewayError('internal')
  const bytes = encode(tokenResponseCodecs.blindRsa2048, response)
  return { contentType: mediaTypes.tokenResponse, bytes }
}

function batchAnswer(responses: readonly TokenResponse[]): IssuanceAnswer {
  const bytes = encode(genericBatchResponseCodec, { tokenResponses: [...responses] })
  return { contentType: mediaTypes.genericBatchResponse, bytes }
}

/** The key that all requests of a batch name: a batch is of one class. */
function keyFor(keys: readonly LiveKey[], requests: readonly TokenRequest[]): LiveKey {
  const [first] = requests
  if (first === undefined) throw invalid('count')
  for (const { tokenType, truncatedTokenKeyId } of requests)
    if (tokenType !== 'blindRsa2048') throw invalid('type')
    else if (truncatedTokenKeyId !== first.truncatedTokenKeyId) throw invalid('keys')
  const key = keys.find(
    ({ signs, issuerKey }) =>
      signs && issuerKey.tokenKey.keyId.at(-1) === first.truncatedTokenKeyId,
  )
  if (key === undefined) throw new GatewayError('token-key-unknown')
  // Before it costs the account its batch. Octets in their order compare as the integers do.
  for (const { blindedMessage } of requests)
    if (blindedMessage.compare(key.modulus) >= 0) throw invalid('message')
  return key
}

interface Claim {
  readonly key: LiveKey
  readonly batch: ReadBatch
  readonly attestation: Attestation
  readonly nowMs: number
}

/** Lets an account have its batches of the day; the same octets again are the same batch. */
async function claim(
  options: IssueOptions,
  { key, batch, attestation, nowMs }: Claim,
): Promise<void> {
  const { handles, quotas } = options
  const { account, standing } = attestation
  if (standing === 'banned') throw new GatewayError('account-banned')
  const { tokenClass } = key
  const claimed = {
    day: dayOf(nowMs),
    handle: handles.current(account, nowMs),
    tokenClass,
    keyId: key.issuerKey.tokenKey.keyId,
    digest: batch.digest,
  }
  const factor = handles
    .recent(account, nowMs)
    .reduce((product, handle) => product * options.standingPenalty(handle, claimed.day), 1)
  const { size, batches } = allowanceOf(tokenClass, standing, factor)
  // What was granted stays granted when the standing has fallen since.
  if (!quotas.has(claimed)) checkSize(batch, size, nowMs)
  const outcome = await quotas.claim(claimed, batches)
  if (outcome === 'taken' || outcome === 'too-many-repeats') throw exhausted(nowMs)
}

function checkSize({ requests, isSingle }: ReadBatch, size: number, nowMs: number): void {
  if (size < 1) throw exhausted(nowMs)
  if (!isSingle && requests.length !== size)
    throw new GatewayError('token-batch-size', { facts: { size } })
}

/** Octets of the largest request: a full batch behind its length. */
export const requestBytesMax = 4 + batchTokensMax * 259

function exhausted(nowMs: number): GatewayError {
  return new GatewayError('quota-exhausted', { retryAfterMs: untilNextDayMs(nowMs) })
}

function invalid(part: string): GatewayError {
  return new GatewayError('token-request-invalid', { facts: { part } })
}
