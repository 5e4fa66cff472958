import { GatewayError } from '../../model/errors.ts'
import type { Operation } from '../../model/exchange.ts'
import { bodyBytesMax, treeBytesMax } from '../../wire/mimi/bounds.ts'

/** Octets of the body of a request: bodies with a ratchet tree are larger than all others. */
export function requestBytesMax(operation: Operation): number {
  return operation === 'update' || operation === 'notify'
    ? treeBytesMax + bodyBytesMax
    : bodyBytesMax
}

/** Throws `body-too-large`. */
export function checkRequestBytes(operation: Operation, bytes: Buffer): void {
  const limit = requestBytesMax(operation)
  if (bytes.length > limit) throw new GatewayError('body-too-large', { facts: { limit } })
}
