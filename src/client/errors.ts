import { CryptoError, type CryptoErrorCode } from '../mls-crypto/errors.ts'

/** Why the client layer refuses bytes, a message or a change. Stable: callers branch on it. */
export type ClientErrorCode =
  // cryptography
  | 'invalid-signature'
  | 'invalid-membership-tag'
  | 'invalid-confirmation-tag'
  // groups
  | 'wrong-group'
  | 'wrong-epoch'
  | 'unknown-sender'
  | 'wrong-message-kind'
  | 'invalid-tree'
  | 'invalid-leaf'
  | 'invalid-key-package'
  | 'invalid-group-info'
  | 'invalid-welcome'
  | 'welcome-not-for-us'
  | 'invalid-commit'
  | 'invalid-proposal'
  | 'unknown-proposal'
  | 'path-required'
  | 'commit-pending'
  | 'no-commit-pending'
  | 'removed'
  // messages
  | 'generation-consumed'
  | 'generation-too-far'
  | 'invalid-padding'
  // rooms
  | 'invalid-participant-list'
  | 'not-a-participant'
  | 'invalid-pseudonym'
  | 'no-connection'
  | 'mixed-report'
  | 'unknown-room'
  | 'suite-not-accepted'
  // senders that the hub cannot name
  | 'foreign-challenge'
  | 'issuer-key-mismatch'
  | 'unpinned-key'
  | 'no-issuer'
  // the provider
  | 'invalid-answer'
  | 'refused'
  | 'unreachable'
  | 'timed-out'

export interface ClientErrorDetails {
  readonly cause?: unknown
  /** HTTP status and problem code of a refusal. */
  readonly status?: number
  readonly problem?: string
  readonly retryAfterMs?: number
  /** What the hub of a room wants to see, `WWW-Authenticate`, and in which tier. */
  readonly challenge?: string
  readonly tier?: string
  /** The MLS epoch that a room is in. */
  readonly currentEpoch?: bigint
}

/** A refusal of the client layer. Its message is the code: nothing that was received is part of it. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  readonly status: number | undefined
  readonly problem: string | undefined
  readonly retryAfterMs: number | undefined
  readonly challenge: string | undefined
  readonly tier: string | undefined
  readonly currentEpoch: bigint | undefined

  constructor(code: ClientErrorCode, details: ClientErrorDetails = {}) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = details.status
    this.problem = details.problem
    this.retryAfterMs = details.retryAfterMs
    this.challenge = details.challenge
    this.tier = details.tier
    this.currentEpoch = details.currentEpoch
  }
}

export type RefusalCode = ClientErrorCode | CryptoErrorCode

/** A refusal, be it of the layer or of its cryptography; both have a `code`. */
export function isRefusal(error: unknown): error is ClientError | CryptoError {
  return error instanceof ClientError || error instanceof CryptoError
}

/** Throws `code` unless `condition` holds. */
export function demand(condition: boolean, code: ClientErrorCode): asserts condition {
  if (!condition) throw new ClientError(code)
}
