import type { Clock } from '../model/clock.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { AccountHandles } from './account-handles.ts'
import type { Attest, Attestation } from './attestation.ts'
import type { LiveKey } from './issuer-keys.ts'
import type { StandingPenalty } from './penalties.ts'
import type { Batch, QuotaStore } from './quota-store.ts'
import {
  invalidRequest,
  readBatch,
  type BatchSigner,
  type IssuanceAnswer,
  type ReadBatch,
} from './read-batch.ts'
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

/**
 * Answers a request for tokens: the whole batch or nothing. Throws `malformed-request`,
 * `token-request-invalid`, `token-key-unknown`, `account-not-authenticated`, `account-banned`,
 * `attester-unavailable`, `token-batch-size`, `quota-exhausted`, `store-unavailable`, `queue-full`,
 * `key-unavailable`, `rate-limited`.
 */
export type IssueTokens = (request: IssuanceRequest) => Promise<IssuanceAnswer>

export interface IssueOptions {
  readonly keys: () => readonly LiveKey[]
  readonly attest: Attest
  readonly handles: AccountHandles
  readonly quotas: QuotaStore
  readonly standingPenalty: StandingPenalty
  readonly signer: BatchSigner
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
  const keys = options.keys()
  const key = keyFor(keys, batch)
  if (authorization === undefined) throw new GatewayError('account-not-authenticated')
  const attestation = await options.attest(authorization, signal)
  const claimed = await claim(options, { key, keys, batch, attestation, nowMs })
  const answer = await answerOnce(options, { key, batch, claimed })
  options.onIssued?.(key.tokenClass, batch.blindedMessages.length)
  return answer
}

interface Claimed extends Pick<Claim, 'key' | 'batch'> {
  readonly claimed: Batch
}

/** Counted before it is signed, so that many at once are bounded; what was not answered is not counted. */
async function answerOnce(
  { quotas, signer }: IssueOptions,
  { key, batch, claimed }: Claimed,
): Promise<IssuanceAnswer> {
  try {
    return await batch.answer(signer, key)
  } catch (fault) {
    await quotas.giveBack(claimed)
    throw fault
  }
}

/** The key that a batch names: a batch is of one class. */
function keyFor(
  keys: readonly LiveKey[],
  { tokenType, truncatedTokenKeyId, blindedMessages }: ReadBatch,
): LiveKey {
  const ofType = keys.filter(({ issuerKey }) => issuerKey.tokenKey.tokenType === tokenType)
  if (ofType.length === 0) throw invalidRequest('type')
  const key = ofType.find(
    ({ signs, issuerKey }) => signs && issuerKey.tokenKey.keyId.at(-1) === truncatedTokenKeyId,
  )
  if (key === undefined) throw new GatewayError('token-key-unknown')
  // Before it costs the account its batch. A larger one is refused for its size.
  const isBounded = blindedMessages.length <= batchTokensMax
  if (isBounded && !blindedMessages.every((message) => key.issuerKey.accepts(message)))
    throw invalidRequest('message')
  return key
}

interface Claim {
  readonly key: LiveKey
  readonly keys: readonly LiveKey[]
  readonly batch: ReadBatch
  readonly attestation: Attestation
  readonly nowMs: number
}

/** Lets an account have its batches of the day; the same octets again are the same batch. */
async function claim(
  options: IssueOptions,
  { key, keys, batch, attestation, nowMs }: Claim,
): Promise<Batch> {
  const { handles, quotas } = options
  const { account, standing } = attestation
  if (standing === 'banned') throw new GatewayError('account-banned')
  const { tokenClass } = key
  const claimed = {
    day: dayOf(nowMs),
    handle: handles.current(account, nowMs),
    tokenClass,
    keyId: countedUnder(keys, key),
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
  return claimed
}

/** A class has one quota, whatever the types of its tokens: they count under its key of type 0x0002. */
function countedUnder(keys: readonly LiveKey[], { tokenClass, issuerKey }: LiveKey): Buffer {
  const first = keys.find((other) => other.tokenClass === tokenClass && other.signs)
  return (first?.issuerKey ?? issuerKey).tokenKey.keyId
}

function checkSize({ blindedMessages, isSingle }: ReadBatch, size: number, nowMs: number): void {
  if (size < 1) throw exhausted(nowMs)
  if (!isSingle && blindedMessages.length !== size)
    throw new GatewayError('token-batch-size', { facts: { size } })
}

/** Octets of the largest request: a full batch behind its length. */
export const requestBytesMax = 4 + batchTokensMax * 259

function exhausted(nowMs: number): GatewayError {
  return new GatewayError('quota-exhausted', { retryAfterMs: untilNextDayMs(nowMs) })
}
