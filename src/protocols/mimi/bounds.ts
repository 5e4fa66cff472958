import { GatewayError } from '../../model/errors.ts'
import type { Operation, OperationMethod } from '../../model/exchange.ts'
import { bodyBytesMax, treeBytesMax } from '../../wire/mimi/bounds.ts'

/** Octets of the body of a request: bodies with a ratchet tree are larger than all others, a GET has none. */
export function requestBytesMax(operation: Operation): number {
  if (methodOf(operation) === 'GET') return 0
  return operation === 'update' || operation === 'notify'
    ? treeBytesMax + bodyBytesMax
    : bodyBytesMax
}

/** draft-ietf-mimi-protocol-06 §5.2 to §5.10 */
export function methodOf(operation: Operation): OperationMethod {
  return operation === 'proxyDownload' ? 'GET' : 'POST'
}

/** Throws `body-too-large`. */
export function checkRequestBytes(operation: Operation, bytes: Buffer): void {
  const limit = requestBytesMax(operation)
  if (bytes.length > limit) throw new GatewayError('body-too-large', { facts: { limit } })
}
