import type { Readable } from 'node:stream'
import type { RawRequest, RawResponse } from './adapter.ts'
import type { ProviderDomain } from './ids.ts'

/** What a listener knows of a request beside its bytes. Header values are checked, never trusted. */
export interface RequestContext {
  /** Our own id of the request: printable ASCII, at most 64 characters. */
  readonly requestId: string
  readonly receivedAtMs: number
  /** `Mimi-Metadata-Suite`: the suite that the requester names, at most 64 characters. */
  readonly suite: string | undefined
  /** `Mimi-Metadata-Agreement`, at most 256 characters. */
  readonly agreement: string | undefined
  /** `Mimi-Compliance-Metadata`, at most 512 characters. */
  readonly compliance?: string | undefined
  /** `Mimi-Sender-Proof`, at most 2,048 characters. */
  readonly senderProof?: string | undefined
  /** `Postern-Account`: for whom our own delivery service submits; at most 1,024 characters. */
  readonly account?: string | undefined
  /**
   * Aborts when the listener gives up on what is in flight (end of a drain). A peer that hangs up does
   * not abort: what the delivery service accepted must still be stamped and recorded.
   */
  readonly signal: AbortSignal
  /** Told, while the request is limited, of the requester's own budgets that are low. */
  readonly tellBudgets?: TellBudgets | undefined
}

/** At most once per stage that limits; what is told later is told instead. */
export type TellBudgets = (standings: readonly BudgetStanding[]) => void

/** A budget that nobody but the requester moves, for the headers of an answer. */
export interface BudgetStanding {
  /** Its name in postern.yaml. */
  readonly limit: string
  /** What a full one holds, in whole units. */
  readonly quota: number
  /** How long an empty one takes to be full. */
  readonly windowSeconds: number
  /** In whole units. */
  readonly left: number
  /** Until there is one unit more. */
  readonly nextSeconds: number
}

/** An answer with the headers that a listener may add; every other header is dropped. */
export interface ListenerResponse extends RawResponse {
  readonly headers?: ResponseHeaders
  /** Instead of `bytes`, which are empty then. */
  readonly body?: StreamedBody
}

/**
 * A body that is passed on as it arrives, never held as a whole. Whoever gets it reads `stream` to its
 * end or destroys it; it fails rather than end early.
 */
export interface StreamedBody {
  /** Octets, where they are known in advance. */
  readonly length: number | undefined
  readonly stream: Readable
}

export interface ResponseHeaders {
  readonly contentType?: string
  readonly suite?: string
  readonly agreement?: string
  readonly compliance?: string | undefined
  /** The requester's own budgets that are low. */
  readonly budgets?: readonly BudgetStanding[] | undefined
  readonly vary?: string
  readonly cacheControl?: string
  /** `WWW-Authenticate`: what would be accepted instead. */
  readonly authenticate?: string
  /** `Mimi-Report-Receipt`. */
  readonly reportReceipt?: string | undefined
  /** For pages. */
  readonly contentSecurityPolicy?: string
}

/** The pipeline as the peers listener sees it. Throws `GatewayError`. */
export type Handle = (request: RawRequest, context: RequestContext) => Promise<ListenerResponse>

/** A request of our own delivery service; the pipeline decides its direction. */
export type LocalRequest = Pick<RawRequest, 'operation' | 'target' | 'bytes' | 'hub'>

/** The pipeline as the internal listener sees it. Throws `GatewayError`. */
export type HandleLocal = (
  request: LocalRequest,
  context: RequestContext,
) => Promise<ListenerResponse>

/** Whether a peer that proved its domain may speak to us at all. */
export type PeerStanding = (domain: ProviderDomain) => 'allowed' | 'unknown' | 'denied'
