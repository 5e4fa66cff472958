import type { Refusal } from '../model/adapter.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { recordRefusal } from './record.ts'

/**
 * Every way out that is no answer: recorded, charged to the peer's attempts, and said in the
 * protocol's own codes where it has one for it. Else throws `error` on, for an RFC 9457 problem.
 */
export function refuse(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: Exchange; readonly context: RequestContext },
  error: unknown,
): ListenerResponse {
  const code = error instanceof GatewayError ? error.code : 'internal'
  const kind = exchange.operation === 'submitMessage' ? 'message.refused' : 'exchange.refused'
  recordRefusal(parts, { exchange, context, other: originDomain(exchange), kind, code })
  if (!(error instanceof GatewayError)) throw error
  if (isTheirs(code)) parts.limiter.refused(exchange.origin, parts.clock())
  const refusal = exchange.direction === 'ingress' ? refusalOf(error) : undefined
  const response = refusal === undefined ? undefined : parts.adapter.refuse(exchange, refusal)
  if (response === undefined) throw error
  return response
}

/** Whether the other side is the cause; what fails on our side costs nobody an attempt. */
function isTheirs(code: ErrorCode): boolean {
  return code !== 'rate-limited' && !OURS.has(code)
}

function refusalOf(error: GatewayError): Refusal | undefined {
  if (error.code === 'wrong-epoch')
    return { kind: 'wrong-epoch', currentEpoch: BigInt(error.facts['currentEpoch'] ?? 0) }
  if (error.code === 'invalid-proposal') {
    const reference = error.facts['proposalRef']
    const proposals = typeof reference === 'string' ? [Buffer.from(reference, 'hex')] : []
    return { kind: 'invalid-proposal', proposals }
  }
  if (error.code === 'room-unknown') return { kind: 'no-such-room' }
  return NOT_ALLOWED.has(error.code) ? { kind: 'not-allowed' } : undefined
}

const NOT_ALLOWED: ReadonlySet<ErrorCode> = new Set([
  'not-admitted',
  'not-a-participant',
  'not-permitted',
  'suite-not-met',
  'disclosure-refused',
  'frank-required',
  'suite-unavailable',
  'invalid-commit',
  'invalid-group-info',
  'invalid-signature',
  'invalid-tree',
  'group-info-mismatch',
])

const OURS: ReadonlySet<ErrorCode> = new Set([
  'upstream-unreachable',
  'upstream-unavailable',
  'upstream-timeout',
  'upstream-invalid',
  'peer-unreachable',
  'peer-timeout',
  'peer-invalid',
  'directory-invalid',
  'queue-full',
  'draining',
  'store-unavailable',
  'key-unavailable',
  'internal',
])
