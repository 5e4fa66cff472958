import type { RawRequest, RawResponse } from '../../src/model/adapter.ts'
import { GatewayError } from '../../src/model/errors.ts'
import type { ConsentExchange, Exchange, Operation } from '../../src/model/exchange.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { mimiAdapter } from '../../src/protocols/mimi/adapter.ts'

/** A request of peer b.example. */
export function requestOf(operation: Operation, target: string, bytes: Buffer): RawRequest {
  const origin = { kind: 'peer', domain: parseProviderDomain('b.example') } as const
  return { operation, direction: 'ingress', origin, target, bytes }
}

export function response(bytes: Buffer, status = 200): RawResponse {
  return { status, bytes }
}

/** The member of the union that this operation has; the consent operations share one. */
export type ExchangeOf<O extends Exchange['operation']> = O extends ConsentExchange['operation']
  ? ConsentExchange
  : Extract<Exchange, { readonly operation: O }>

/** The exchange, which must be of this operation. */
export function parsed<O extends Exchange['operation']>(
  operation: O,
  target: string,
  bytes: Buffer,
): ExchangeOf<O> {
  const exchange = mimiAdapter.parse(requestOf(operation, target, bytes))
  if (exchange.operation !== operation) throw new Error('another operation')
  return exchange as ExchangeOf<O>
}

/** The code of the GatewayError that `attempt` throws, or `accepted`. */
export function codeOf(attempt: () => unknown): string {
  try {
    attempt()
    return 'accepted'
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}
