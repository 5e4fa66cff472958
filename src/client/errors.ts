/** Why the client layer refuses bytes, a message or a change. Stable: callers branch on it. */
export type ClientErrorCode =
  // cryptography
  | 'unsupported-suite'
  | 'invalid-key'
  | 'decryption-failed'
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
  | 'invalid-answer'
  | 'refused'
  | 'unreachable'

/** A refusal of the client layer. Its message is the code: nothing that was received is part of it. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** Throws `code` unless `condition` holds. */
export function demand(condition: boolean, code: ClientErrorCode): asserts condition {
  if (!condition) throw new ClientError(code)
}
