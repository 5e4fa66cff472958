/**
 * Every fault that a caller, a peer or an operator can meet, by its stable code.
 * `listener/problems.ts` maps each one to an RFC 9457 problem, `docs/errors.md` lists them.
 */
export type ErrorCode =
  // identity and admission
  | 'peer-not-authenticated'
  | 'from-mismatch'
  | 'peer-unknown'
  | 'peer-denied'
  | 'actor-mismatch'
  | 'not-admitted'
  | 'suite-unavailable'
  // senders that nobody names
  | 'sender-token-required'
  | 'token-invalid'
  | 'token-replayed'
  | 'sender-proof-invalid'
  | 'membership-unproven'
  | 'pseudonyms-exhausted'
  | 'pseudonym-denied'
  | 'epoch-closed'
  // agreements on metadata
  | 'agreement-stale'
  | 'agreement-pending'
  | 'no-common-suite'
  // input
  | 'malformed-request'
  | 'misdirected'
  | 'request-id-reused'
  | 'invalid-domain'
  | 'invalid-uri'
  | 'malformed-body'
  | 'body-too-large'
  | 'path-body-mismatch'
  | 'wrong-message-kind'
  | 'unsupported-operation'
  | 'not-found'
  | 'method-not-allowed'
  // rooms
  | 'room-unknown'
  | 'room-exists'
  | 'wrong-epoch'
  | 'invalid-commit'
  | 'group-info-mismatch'
  | 'invalid-group-info'
  | 'invalid-tree'
  | 'invalid-signature'
  | 'invalid-proposal'
  | 'not-a-participant'
  | 'not-permitted'
  | 'suite-not-met'
  // limits and disclosure
  | 'rate-limited'
  | 'disclosure-refused'
  | 'frank-required'
  | 'asset-not-allowed'
  // delivery
  | 'upstream-unreachable'
  | 'upstream-unavailable'
  | 'upstream-timeout'
  | 'upstream-invalid'
  | 'peer-unreachable'
  | 'peer-timeout'
  | 'peer-invalid'
  | 'directory-invalid'
  | 'queue-full'
  | 'draining'
  // reports
  | 'report-invalid'
  | 'verifier-unavailable'
  | 'receipt-unknown'
  // tokens
  | 'account-not-authenticated'
  | 'account-banned'
  | 'attester-unavailable'
  | 'token-request-invalid'
  | 'token-key-unknown'
  | 'token-batch-size'
  | 'quota-exhausted'
  // notices between gateways
  | 'notice-invalid'
  | 'notice-early'
  | 'notice-reused'
  | 'notice-unknown'
  // cases
  | 'moderator-unknown'
  | 'moderation-denied'
  | 'claim-required'
  | 'case-claimed'
  | 'lease-expired'
  | 'case-state'
  | 'decision-invalid'
  | 'appeal-refused'
  | 'export-refused'
  | 'attachment-not-verifiable'
  | 'attachment-changed'
  | 'attachment-unreadable'
  | 'attachment-unavailable'
  // storage, configuration, keys
  | 'store-unavailable'
  | 'migration-mismatch'
  | 'configuration-invalid'
  | 'policy-invalid'
  | 'key-unavailable'
  | 'internal'

export interface ErrorDetails {
  /** Plain facts that are safe to log and to show: codes, counts, limits. Never user-supplied text. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>
  readonly retryAfterMs?: number
  /** What would be accepted, as `WWW-Authenticate` says it. RFC 9577 §2.1 */
  readonly challenge?: string | undefined
  readonly cause?: unknown
}

/** A fault with a code. Its message is the code: nothing user-supplied can reach a log through it. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly facts: Readonly<Record<string, string | number | boolean>>
  readonly retryAfterMs: number | undefined
  readonly challenge: string | undefined

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.facts = details.facts ?? {}
    this.retryAfterMs = details.retryAfterMs
    this.challenge = details.challenge
  }
}
