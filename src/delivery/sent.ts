import { GatewayError, type ErrorCode } from '../model/errors.ts'

/** Whether any octet of a call to a peer that ended with this may have left us. */
export function isSent(error: unknown): boolean {
  return !(error instanceof GatewayError && KEPT.has(error.code))
}

/** Decided before there is a connection, or by an operation that the peer does not offer. */
const KEPT: ReadonlySet<ErrorCode> = new Set([
  'queue-full',
  'directory-invalid',
  'unsupported-operation',
])
