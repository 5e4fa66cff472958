import type { Operation } from '../model/exchange.ts'
import type { StreamedBody } from '../model/handle.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { breakerDefaults, type BreakerLimits } from './breaker.ts'

export interface PeerCall {
  readonly peer: ProviderDomain
  readonly operation: Operation
  /** The path variable: a URI or a domain, not encoded. */
  readonly target: string
  readonly bytes: Buffer
  /** Value of `Mimi-Metadata-Suite`. */
  readonly suite?: string | undefined
  /** Value of `Mimi-Metadata-Agreement`. */
  readonly agreement?: string | undefined
  /** Value of `Mimi-Compliance-Metadata`. */
  readonly compliance?: string | undefined
  /** Value of `Mimi-Sender-Proof`. */
  readonly senderProof?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PeerAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly retryAfterMs?: number | undefined
  readonly suite?: string | undefined
  readonly agreement?: string | undefined
  readonly compliance?: string | undefined
  /** `WWW-Authenticate` of a 401. */
  readonly challenge?: string | undefined
  /** Value of `Mimi-Report-Receipt`. */
  readonly reportReceipt?: string | undefined
}

/** A GET whose answer is passed on as it arrives. */
export type PeerDownload = Pick<PeerCall, 'peer' | 'operation' | 'target' | 'agreement'> & {
  readonly signal: AbortSignal
}

export interface PeerDownloaded {
  readonly status: number
  /** There unless the status is another than 200. */
  readonly body: StreamedBody | undefined
  readonly retryAfterMs: number | undefined
}

/** A GET at a well-known path of a peer; an answer with another status is an answer too. */
export interface PeerDocumentCall {
  readonly peer: ProviderDomain
  /** `/.well-known/…` */
  readonly path: string
  readonly accept: string
  /** Value of `If-None-Match`. */
  readonly etag: string | undefined
  readonly bytesMax: number
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** A POST at a fixed path of a peer; an answer with another status is an answer too. */
export interface PeerPostCall {
  readonly peer: ProviderDomain
  readonly path: string
  readonly contentType: string
  readonly bytes: Buffer
  readonly answerBytesMax: number
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface PeerLimits {
  /** Connections to one peer. */
  readonly connectionsMax: number
  /** Calls to one peer that are out or wait for a connection; one more is `queue-full`. */
  readonly inFlightMax: number
  readonly answerBytesMax: number
  readonly deadlineMs: number
  readonly connectMs: number
  readonly idleMs: number
  readonly directoryBytesMax: number
  readonly directoryDeadlineMs: number
  /** Peers with open state; the least recently used idle one makes room. */
  readonly peersMax: number
  readonly breaker: BreakerLimits
}

export const peerLimitDefaults: PeerLimits = {
  connectionsMax: 32,
  inFlightMax: 1_024,
  answerBytesMax: 16_777_216,
  deadlineMs: 15_000,
  connectMs: 5_000,
  idleMs: 60_000,
  directoryBytesMax: 65_536,
  directoryDeadlineMs: 5_000,
  peersMax: 1_024,
  breaker: breakerDefaults,
}
