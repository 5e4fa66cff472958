import type { Refusal } from '../model/adapter.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { recordRefusal } from './record.ts'

/** What becomes of a fault. */
export interface Refusing {
  /** The code that may be kept of it. */
  readonly kept: ErrorCode
  /** Undefined where the protocol has no code of its own: an RFC 9457 problem says it then. */
  readonly response: ListenerResponse | undefined
}

/** Every way out that is no answer: recorded, and charged to the peer's attempts. */
export function refuse(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: Exchange; readonly context: RequestContext },
  error: unknown,
): Refusing {
  const kind = exchange.operation === 'submitMessage' ? 'message.refused' : 'exchange.refused'
  const other = originDomain(exchange)
  const kept = recordRefusal(parts, { exchange, context, other, kind, error })
  if (!(error instanceof GatewayError)) return { kept, response: undefined }
  if (costsAttempt(error)) parts.limiter.refused(exchange.origin, parts.clock())
  const refusal = exchange.direction === 'ingress' ? refusalOf(error) : undefined
  const response = refusal === undefined ? undefined : parts.adapter.refuse(exchange, refusal)
  return { kept, response }
}

/**
 * Whether a refusal is charged to the peer's attempts: what fails on our side costs nobody one, and
 * neither does an answer of which an honest sender gets as many as it has budget for.
 */
export function costsAttempt({ code, facts }: GatewayError): boolean {
  // A report that takes the process that reads it with it, alone and twice.
  if (code === 'verifier-unavailable') return facts['reason'] === 'killed'
  return !BUDGETED.has(code) && !OURS.has(code)
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

/** INVARIANT: what the exchange costs was taken from the ladder before any of these. */
const BUDGETED: ReadonlySet<ErrorCode> = new Set([
  'rate-limited',
  'sender-token-required',
  'pseudonyms-exhausted',
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
  'epoch-closed',
  'internal',
])
