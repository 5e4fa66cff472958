import { GatewayError, type ErrorCode } from '../model/errors.ts'

/** RFC 9457: what a code means over HTTP. `docs/errors.md` is this table. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
}

export interface ProblemResponse {
  readonly status: number
  readonly bytes: Buffer
  readonly retryAfterSeconds: number | undefined
}

/**
 * The answer for a fault: `application/problem+json` with type, title, status, code and, below 500,
 * the fault's facts. Anything but a `GatewayError` becomes an opaque `internal`.
 */
export function problemResponse(fault: unknown): ProblemResponse {
  const error = fault instanceof GatewayError ? fault : new GatewayError('internal')
  const { status, title } = problems[error.code]
  const facts = status < 500 && Object.keys(error.facts).length > 0 ? { facts: error.facts } : {}
  const document = {
    type: `${TYPE_PREFIX}${error.code}`,
    title,
    status,
    code: error.code,
    ...facts,
  }
  return {
    status,
    bytes: Buffer.from(JSON.stringify(document)),
    retryAfterSeconds: retryAfterSeconds(error, status),
  }
}

function retryAfterSeconds(error: GatewayError, status: number): number | undefined {
  if (error.retryAfterMs !== undefined) return Math.max(1, Math.ceil(error.retryAfterMs / 1_000))
  return status === 429 || status === 503 ? RETRY_AFTER_SECONDS : undefined
}

/** Every code. A code that is missing here does not compile. */
export const problems: Readonly<Record<ErrorCode, ProblemKind>> = {
  'peer-not-authenticated': {
    status: 403,
    title: 'No client certificate proves a provider domain',
  },
  'from-mismatch': {
    status: 403,
    title: 'From names a domain that the certificate does not prove',
  },
  'peer-unknown': { status: 403, title: 'This provider is not known here' },
  'peer-denied': { status: 403, title: 'This provider is not served here' },
  'actor-mismatch': { status: 403, title: 'The acting user belongs to another provider' },
  'not-admitted': { status: 403, title: 'Policy does not admit this request' },
  'sender-token-required': { status: 401, title: 'A sender without a name needs a token' },
  'token-invalid': { status: 403, title: 'The token is not valid for this room and epoch' },
  'token-replayed': { status: 403, title: 'The token was spent on another certificate' },
  'sender-proof-invalid': { status: 403, title: 'The proof of the sender does not verify' },
  'membership-unproven': {
    status: 403,
    title: 'It is not proven that the sender is a member of the room',
  },
  'pseudonyms-exhausted': {
    status: 429,
    title: 'The provider has no further pseudonyms in this room and epoch',
  },
  'pseudonym-denied': {
    status: 403,
    title: 'The pseudonym is not served for the rest of the epoch',
  },
  'epoch-closed': { status: 503, title: 'No tokens of this epoch are taken any more' },
  'suite-unavailable': { status: 409, title: 'The metadata suite is not available' },
  'agreement-stale': { status: 409, title: 'The metadata agreement is not known here' },
  'agreement-pending': { status: 409, title: 'The metadata agreement waits for the operator' },
  'no-common-suite': { status: 409, title: 'The providers have no metadata suite in common' },
  'malformed-request': { status: 400, title: 'The request line or a header is malformed' },
  misdirected: { status: 421, title: 'Host names no provider that is served here' },
  'request-id-reused': { status: 409, title: 'The request id was used for another request' },
  'invalid-domain': { status: 400, title: 'A domain is malformed' },
  'invalid-uri': { status: 400, title: 'A URI is malformed' },
  'malformed-body': { status: 400, title: 'The body is malformed' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'path-body-mismatch': { status: 400, title: 'The path and the body name different things' },
  'wrong-message-kind': { status: 400, title: 'This kind of message does not belong here' },
  'unsupported-operation': { status: 501, title: 'The operation is not supported' },
  'not-found': { status: 404, title: 'There is nothing at this path' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed at this path' },
  'room-unknown': { status: 404, title: 'The room is not known here' },
  'room-exists': { status: 409, title: 'The room exists already' },
  'wrong-epoch': { status: 409, title: 'The message is of another epoch' },
  'invalid-commit': { status: 422, title: 'The commit is not valid in this room' },
  'group-info-mismatch': { status: 422, title: 'The GroupInfo does not match the room' },
  'invalid-group-info': { status: 422, title: 'The GroupInfo is not valid' },
  'invalid-tree': { status: 422, title: 'The ratchet tree is not valid' },
  'invalid-signature': { status: 422, title: 'A signature does not verify' },
  'invalid-proposal': { status: 422, title: 'A proposal is not valid in this room' },
  'not-a-participant': { status: 403, title: 'The sender does not participate in the room' },
  'not-permitted': { status: 403, title: 'The policy of the room does not permit this' },
  'suite-not-met': { status: 403, title: 'A client does not meet the metadata suite of the room' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'disclosure-refused': { status: 403, title: 'Policy does not permit what the request discloses' },
  'frank-required': { status: 422, title: 'The message carries no franking tag' },
  'asset-not-allowed': {
    status: 403,
    title: 'Assets of this host are not fetched here',
  },
  'upstream-unreachable': { status: 502, title: 'The delivery service cannot be reached' },
  'upstream-unavailable': { status: 503, title: 'The delivery service is down' },
  'upstream-timeout': { status: 504, title: 'The delivery service did not answer in time' },
  'upstream-invalid': { status: 502, title: 'The delivery service gave no valid answer' },
  'peer-unreachable': { status: 502, title: 'The other provider cannot be reached' },
  'peer-timeout': { status: 504, title: 'The other provider did not answer in time' },
  'peer-invalid': { status: 502, title: 'The other provider gave no valid answer' },
  'directory-invalid': { status: 502, title: 'The other provider has no valid directory' },
  'queue-full': { status: 503, title: 'A delivery queue is full' },
  draining: { status: 503, title: 'The gateway is shutting down' },
  'report-invalid': { status: 422, title: 'The report does not verify' },
  'verifier-unavailable': { status: 503, title: 'The report could not be verified now' },
  'receipt-unknown': { status: 404, title: 'The receipt is not known here' },
  'account-not-authenticated': { status: 401, title: 'The account is not authenticated' },
  'account-banned': { status: 403, title: 'This account gets no tokens' },
  'attester-unavailable': { status: 503, title: 'Accounts cannot be checked now' },
  'token-request-invalid': { status: 422, title: 'The token request is not valid' },
  'token-key-unknown': { status: 422, title: 'The token key is none that signs now' },
  'token-batch-size': { status: 422, title: 'The account gets another number of tokens' },
  'quota-exhausted': { status: 429, title: 'The account has had its tokens of this day' },
  'notice-invalid': { status: 422, title: 'The notice is not one that counts' },
  'notice-early': { status: 425, title: 'The notice is of a time that has not come yet' },
  'notice-reused': { status: 409, title: 'The id was used for another notice' },
  'notice-unknown': { status: 404, title: 'There is no such notice between the two providers' },
  'moderator-unknown': { status: 403, title: 'Nobody of this name is in the moderation team' },
  'moderation-denied': { status: 403, title: 'Policy does not let this moderator do that' },
  'claim-required': { status: 409, title: 'The case must be claimed first' },
  'case-claimed': { status: 409, title: 'Another moderator holds the case' },
  'lease-expired': { status: 409, title: 'The lease on the case has run out' },
  'case-state': { status: 409, title: 'The case is not in a state that allows this' },
  'decision-invalid': { status: 422, title: 'The decision is not complete' },
  'appeal-refused': { status: 409, title: 'The appeal cannot be taken' },
  'export-refused': { status: 422, title: 'This cannot be said in that form' },
  'attachment-not-verifiable': {
    status: 422,
    title: 'The message does not say which octets the attachment has',
  },
  'attachment-changed': { status: 422, title: 'The attachment is not the one that was sent' },
  'attachment-unreadable': {
    status: 422,
    title: 'The key of the message does not open the attachment',
  },
  'attachment-unavailable': { status: 422, title: 'The attachment cannot be fetched' },
  'store-unavailable': { status: 503, title: 'The store is not available' },
  'migration-mismatch': { status: 500, title: 'The store has another schema' },
  'configuration-invalid': { status: 500, title: 'The configuration is not valid' },
  'policy-invalid': { status: 500, title: 'The policy is not valid' },
  'key-unavailable': { status: 503, title: 'A key is not available' },
  internal: { status: 500, title: 'Internal error' },
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'
const TYPE_PREFIX = 'urn:postern:error:'
const RETRY_AFTER_SECONDS = 5
