import { Pool } from 'undici'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Operation } from '../model/exchange.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import { Breaker, breakerDefaults, type BreakerLimits } from './breaker.ts'
import { httpCall, type AnswerHeaders, type CallFaults, type HttpAnswer } from './http-call.ts'
import { encodeSegment } from './path-template.ts'
import { retryAfterMs } from './retry-after.ts'
import { safeWord } from '../signals/log-safe.ts'
import { withSpan } from '../signals/spans.ts'

/** What the delivery service learns beside the body: the `Postern-*` request headers. */
export interface UpstreamHeaders {
  readonly requestId: string
  /** Absent for our own users. */
  readonly peer?: string | undefined
  /** The acting user's URI, as the suite shows it. */
  readonly actor?: string | undefined
  readonly suite?: string | undefined
  /** How the sender of a message shows itself. */
  readonly tier?: SenderTier | undefined
}

export interface UpstreamCall {
  readonly operation: Operation
  readonly target: string
  readonly bytes: Buffer
  readonly headers: UpstreamHeaders
  readonly signal?: AbortSignal | undefined
}

export interface UpstreamAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** `Postern-Room-Sequence`. */
  readonly sequence: number | undefined
  /** `Postern-Ciphersuite`. */
  readonly ciphersuite: number | undefined
  readonly retryAfterMs: number | undefined
}

export interface UpstreamLimits {
  readonly connectionsMax: number
  /** Calls that are out or wait for a connection; one more is `upstream-unavailable`. */
  readonly inFlightMax: number
  readonly answerBytesMax: number
  readonly deadlineMs: number
  readonly connectMs: number
  readonly probeDeadlineMs: number
  readonly breaker: BreakerLimits
}

export interface UpstreamOptions {
  /** `http://host:port/base` or `unix:/path/of.sock` (then the base path is `/`). */
  readonly url: string
  readonly clock: Clock
  readonly limits?: Partial<UpstreamLimits>
}

/** Our own delivery service, called as the upstream contract says (docs/internal-api.md). */
export class Upstream {
  private readonly pool: Pool
  private readonly base: string
  private readonly clock: Clock
  private readonly limits: UpstreamLimits
  private readonly breaker: Breaker
  private probeFailed = false
  private recheckAfterMs = 0
  private inFlight = 0

  /** Throws `configuration-invalid` on a URL of another kind. */
  constructor({ url, clock, limits }: UpstreamOptions) {
    this.limits = { ...upstreamLimitDefaults, ...limits }
    this.clock = clock
    this.breaker = new Breaker(this.limits.breaker, clock)
    const { origin, base, socketPath } = parseUpstreamUrl(url)
    this.base = base
    this.pool = new Pool(origin, {
      ...(socketPath === undefined ? {} : { socketPath }),
      connections: this.limits.connectionsMax,
      pipelining: 1,
      allowH2: false,
      connectTimeout: this.limits.connectMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
    })
  }

  /**
   * Any complete answer is a result, whatever its status; nothing is sent twice. Throws
   * `upstream-unreachable`, `upstream-unavailable` (breaker open, too much in flight),
   * `upstream-timeout`, `upstream-invalid`, `draining`.
   */
  call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const facts = { operation: safeWord(call.operation) }
    return withSpan('upstream', facts, () => this.asked(call))
  }

  private async asked(call: UpstreamCall): Promise<UpstreamAnswer> {
    const { limits, clock } = this
    const waitMs = this.inFlight >= limits.inFlightMax ? BUSY_RETRY_MS : this.breaker.refusedForMs()
    if (waitMs > 0) throw new GatewayError('upstream-unavailable', { retryAfterMs: waitMs })
    const { status, bytes, headers } = await this.guarded({
      method: 'POST',
      path: `${this.base}${call.operation}/${encodeSegment(call.target)}`,
      headers: requestHeaders(call.headers),
      bytes: call.bytes,
      deadlineMs: limits.deadlineMs,
      signal: call.signal,
    })
    return {
      status,
      bytes,
      sequence: wholeNumber(headers['postern-room-sequence']),
      ciphersuite: wholeNumber(headers['postern-ciphersuite']),
      retryAfterMs: retryAfterMs(headers['retry-after'], clock),
    }
  }

  /** Asks `/healthz`, past an open breaker, and closes the breaker where the answer is 200. */
  async probe(signal?: AbortSignal): Promise<boolean> {
    try {
      const { status } = await this.guarded({
        method: 'GET',
        path: `${this.base}healthz`,
        headers: [],
        bytes: undefined,
        deadlineMs: this.limits.probeDeadlineMs,
        signal,
      })
      this.probeFailed = status !== 200
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      this.probeFailed = true
    }
    return !this.probeFailed
  }

  /** What the last calls and the last probe say. */
  get available(): boolean {
    return !this.breaker.open && !this.probeFailed
  }

  /** Probes once more where it is not available, at most every few seconds: for whoever asks for health. */
  recheck(): void {
    const nowMs = this.clock()
    if (this.available || nowMs < this.recheckAfterMs) return
    this.recheckAfterMs = nowMs + RECHECK_MS
    void this.probe()
  }

  /** Waits for what is in flight. */
  close(): Promise<void> {
    return this.pool.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.destroy()
  }

  private async guarded(call: GuardedCall): Promise<HttpAnswer> {
    this.inFlight += 1
    try {
      const { answerBytesMax } = this.limits
      const answer = await httpCall(this.pool, { ...call, answerBytesMax, faults })
      this.breaker.succeeded()
      this.probeFailed = false
      return answer
    } catch (error) {
      if (error instanceof GatewayError && isTheirs(error)) this.breaker.failed()
      else this.breaker.abandoned()
      throw error
    } finally {
      this.inFlight -= 1
    }
  }
}

type GuardedCall = Omit<Parameters<typeof httpCall>[1], 'answerBytesMax' | 'faults'>

function requestHeaders({ requestId, peer, actor, suite, tier }: UpstreamHeaders): string[] {
  const headers = ['content-type', 'application/octet-stream', 'postern-request-id', requestId]
  if (peer !== undefined) headers.push('postern-peer', peer)
  if (actor !== undefined) headers.push('postern-actor', printable(actor))
  if (suite !== undefined) headers.push('postern-suite', suite)
  if (tier !== undefined) headers.push('postern-tier', tier)
  return headers
}

/** A header value may not hold what a URI may: everything but printable ASCII is percent-encoded. */
function printable(text: string): string {
  return PRINTABLE.test(text) ? text : text.replaceAll(/[^\x21-\x7e]+/gu, encodeSegment)
}

function wholeNumber(value: AnswerHeaders[string]): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) return undefined
  return Number(value)
}

function isTheirs({ code }: GatewayError): boolean {
  return code === faults.unreachable || code === faults.timeout || code === faults.invalid
}

function parseUpstreamUrl(url: string) {
  if (/^unix:\/[^?#]+$/.test(url))
    return { origin: 'http://localhost', base: '/', socketPath: url.slice('unix:'.length) }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' || parsed.username !== '' || parsed.search !== '')
    throw new GatewayError('configuration-invalid')
  const base = parsed.pathname.endsWith('/') ? parsed.pathname : `${parsed.pathname}/`
  return { origin: parsed.origin, base, socketPath: undefined }
}

const RECHECK_MS = 5_000

export const upstreamLimitDefaults: UpstreamLimits = {
  connectionsMax: 64,
  inFlightMax: 4_096,
  answerBytesMax: 16_777_216,
  deadlineMs: 10_000,
  connectMs: 2_000,
  probeDeadlineMs: 2_000,
  breaker: breakerDefaults,
}
const faults: CallFaults = {
  unreachable: 'upstream-unreachable',
  timeout: 'upstream-timeout',
  invalid: 'upstream-invalid',
}
const PRINTABLE = /^[\x21-\x7e]*$/
const HEADER_BYTES_MAX = 16_384
const BUSY_RETRY_MS = 1_000
