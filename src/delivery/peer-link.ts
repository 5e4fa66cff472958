import { isIP } from 'node:net'
import { finished } from 'node:stream'
import type { SecureContext } from 'node:tls'
import { buildConnector, Pool } from 'undici'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { AssetLimits } from './asset-limits.ts'
import { Breaker } from './breaker.ts'
import { httpCall, type CallFaults, type HttpAnswer, type HttpCall } from './http-call.ts'
import type {
  PeerAnswer,
  PeerCall,
  PeerDocumentCall,
  PeerDownload,
  PeerDownloaded,
  PeerLimits,
  PeerPostCall,
} from './peer-call.ts'
import { PeerDirectory, type ParseDirectory } from './peer-directory.ts'
import { publicLookup, type Resolve } from './public-address.ts'
import { retryAfterMs } from './retry-after.ts'
import { streamedGet } from './streamed-get.ts'
import { checkPeerIdentity } from './tls-identity.ts'

export interface PeerLinkOptions {
  readonly peer: ProviderDomain
  readonly domain: ProviderDomain
  readonly parseDirectory: ParseDirectory
  readonly clock: Clock
  readonly address: string | undefined
  readonly resolve: Resolve | undefined
  readonly context: SecureContext
  readonly limits: PeerLimits
  readonly downloads: AssetLimits
}

/** Everything that is open towards one peer: its pool, its directory and its breaker. */
export class PeerLink {
  usedAtMs = 0
  private readonly options: PeerLinkOptions
  private readonly pool: Pool
  /** Apart from the other: long answers must not hold up short calls. */
  private downloads: Pool | undefined
  private readonly directory: PeerDirectory
  private readonly breaker: Breaker
  private readonly fixedHeaders: readonly string[]
  private inFlight = 0
  private downloading = 0

  constructor(options: PeerLinkOptions) {
    const { peer, domain, parseDirectory, clock, address, limits } = options
    this.options = options
    this.pool = openPool(options, limits.connectionsMax)
    this.breaker = new Breaker(limits.breaker, clock)
    this.fixedHeaders = ['host', peer, 'from', `mimi@${domain}`]
    this.directory = new PeerDirectory({
      fetch: () => this.fetchDirectory(),
      parse: parseDirectory,
      home: { host: peer, port: address === undefined ? HTTPS_PORT : undefined },
      clock,
    })
  }

  get idle(): boolean {
    return this.inFlight === 0 && this.downloading === 0
  }

  async call(call: PeerCall): Promise<PeerAnswer> {
    const { limits, clock } = this.options
    this.usedAtMs = clock()
    if (this.inFlight >= limits.inFlightMax)
      throw new GatewayError('queue-full', { retryAfterMs: QUEUE_RETRY_MS })
    this.inFlight += 1
    try {
      const path = this.directory.path(call.operation, call.target)
      return await this.send(call, typeof path === 'string' ? path : await path)
    } finally {
      this.inFlight -= 1
    }
  }

  async download(call: PeerDownload): Promise<PeerDownloaded> {
    const { clock, downloads: limits } = this.options
    this.usedAtMs = clock()
    if (this.downloading >= limits.inFlightPerPeerMax)
      throw new GatewayError('queue-full', { retryAfterMs: QUEUE_RETRY_MS })
    this.downloading += 1
    try {
      const path = await this.directory.path(call.operation, call.target)
      const answer = await this.guarded(() => this.startDownload(path, call))
      if (answer.body === undefined) this.downloading -= 1
      else finished(answer.body.stream, () => (this.downloading -= 1))
      return answer
    } catch (error) {
      this.downloading -= 1
      throw error
    }
  }

  document(call: PeerDocumentCall): Promise<HttpAnswer> {
    const headers = [...this.fixedHeaders, 'accept', call.accept]
    if (call.etag !== undefined) headers.push('if-none-match', call.etag)
    const bounds = { answerBytesMax: call.bytesMax, bytes: undefined }
    return this.apart({ ...call, ...bounds, method: 'GET', headers })
  }

  async post(call: PeerPostCall): Promise<PeerAnswer> {
    const headers = [...this.fixedHeaders, 'content-type', call.contentType]
    const answer = await this.apart({ ...call, method: 'POST', headers })
    const { status, bytes } = answer
    const { clock } = this.options
    return { status, bytes, retryAfterMs: retryAfterMs(answer.headers['retry-after'], clock) }
  }

  /** A call that leaves the breaker alone. */
  private async apart(call: ApartCall): Promise<HttpAnswer> {
    this.usedAtMs = this.options.clock()
    const { method, path, headers, bytes, deadlineMs, answerBytesMax, signal } = call
    const request = { method, path, headers, bytes, deadlineMs, answerBytesMax, signal, faults }
    this.inFlight += 1
    try {
      return await httpCall(this.pool, request)
    } finally {
      this.inFlight -= 1
    }
  }

  /** Waits for the calls that are in flight; downloads end by themselves. */
  async close(): Promise<void> {
    void this.downloads?.close()
    await this.pool.close()
  }

  async destroy(): Promise<void> {
    await Promise.all([this.pool.destroy(), this.downloads?.destroy()])
  }

  private async startDownload(
    path: string,
    { agreement, signal }: PeerDownload,
  ): Promise<PeerDownloaded> {
    const { peer, clock, downloads: limits } = this.options
    this.downloads ??= openPool(this.options, limits.connectionsMax)
    const headers = [...this.fixedHeaders]
    if (agreement !== undefined) headers.push('mimi-metadata-agreement', agreement)
    const origin = `https://${peer}`
    const request = { origin, path, headers, limits, faults, signal }
    const { status, headers: answered, body } = await streamedGet(this.downloads, request)
    return { status, body, retryAfterMs: retryAfterMs(answered['retry-after'], clock) }
  }

  private async send(call: PeerCall, path: string): Promise<PeerAnswer> {
    const headers = [...this.fixedHeaders, 'content-type', 'application/octet-stream']
    if (call.suite !== undefined) headers.push('mimi-metadata-suite', call.suite)
    if (call.agreement !== undefined) headers.push('mimi-metadata-agreement', call.agreement)
    if (call.compliance !== undefined) headers.push('mimi-compliance-metadata', call.compliance)
    if (call.senderProof !== undefined) headers.push('mimi-sender-proof', call.senderProof)
    const {
      status,
      bytes,
      headers: answered,
    } = await this.guarded(() =>
      httpCall(this.pool, {
        method: 'POST',
        path,
        headers,
        bytes: call.bytes,
        deadlineMs: this.options.limits.deadlineMs,
        answerBytesMax: this.options.limits.answerBytesMax,
        faults,
        signal: call.signal,
      }),
    )
    if (status === 404 || status === 410) this.directory.suspect()
    return {
      status,
      bytes,
      retryAfterMs: retryAfterMs(answered['retry-after'], this.options.clock),
      suite: headerValue(answered['mimi-metadata-suite'], SUITE_CHARACTERS_MAX),
      agreement: headerValue(answered['mimi-metadata-agreement'], AGREEMENT_CHARACTERS_MAX),
      compliance: headerValue(answered['mimi-compliance-metadata'], COMPLIANCE_CHARACTERS_MAX),
      challenge: headerValue(answered['www-authenticate'], CHALLENGE_CHARACTERS_MAX),
      reportReceipt: headerValue(answered['mimi-report-receipt'], RECEIPT_CHARACTERS_MAX),
    }
  }

  private fetchDirectory(): Promise<HttpAnswer> {
    const { directoryDeadlineMs, directoryBytesMax } = this.options.limits
    return this.guarded(() =>
      httpCall(this.pool, {
        method: 'GET',
        path: '/.well-known/mimi-protocol-directory',
        headers: [...this.fixedHeaders, 'accept', 'application/json'],
        bytes: undefined,
        deadlineMs: directoryDeadlineMs,
        answerBytesMax: directoryBytesMax,
        faults,
        signal: undefined,
      }),
    )
  }

  private async guarded<A>(call: () => Promise<A>): Promise<A> {
    const waitMs = this.breaker.refusedForMs()
    if (waitMs > 0) throw new GatewayError('peer-unreachable', { retryAfterMs: waitMs })
    try {
      const answer = await call()
      this.breaker.succeeded()
      return answer
    } catch (error) {
      if (error instanceof GatewayError && isTheirs(error)) this.breaker.failed()
      else this.breaker.abandoned()
      throw error
    }
  }
}

/**
 * INVARIANT: without a configured address the socket connects to a public address that the peer's name
 * resolved to, and in every case the certificate must prove the peer's domain.
 */
function openPool(
  { peer, address, resolve, context, limits }: PeerLinkOptions,
  connections: number,
): Pool {
  if (address === undefined && isIP(peer) !== 0) throw new GatewayError('peer-unreachable')
  const connector = buildConnector({
    secureContext: context,
    servername: peer,
    allowH2: false,
    timeout: limits.connectMs,
    checkServerIdentity: (_name, certificate) => checkPeerIdentity(peer, certificate),
    ...(address === undefined ? { lookup: publicLookup(resolve) } : {}),
  })
  const override = address === undefined ? {} : parseAddress(address)
  return new Pool(`https://${peer}`, {
    connect: (options, callback) => {
      connector({ ...options, ...override, servername: peer }, callback)
    },
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: limits.idleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: HEADER_BYTES_MAX,
  })
}

/** `host:port` or `[v6]:port`. Throws `configuration-invalid`. */
export function parseAddress(address: string): {
  readonly hostname: string
  readonly port: string
} {
  const [, v6, host, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@\s]+)):(\d{1,5})$/.exec(address) ?? []
  const hostname = v6 ?? host
  if (hostname === undefined || port === undefined) throw new GatewayError('configuration-invalid')
  return { hostname, port }
}

interface ApartCall extends Pick<HttpCall, 'method' | 'headers' | 'bytes'> {
  readonly path: string
  readonly answerBytesMax: number
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

function headerValue(value: string | string[] | undefined, charactersMax: number) {
  return typeof value === 'string' && value.length <= charactersMax ? value : undefined
}

function isTheirs({ code }: GatewayError): boolean {
  return code === faults.unreachable || code === faults.timeout || code === faults.invalid
}

const faults: CallFaults = {
  unreachable: 'peer-unreachable',
  timeout: 'peer-timeout',
  invalid: 'peer-invalid',
}
const HTTPS_PORT = 443
const HEADER_BYTES_MAX = 16_384
const QUEUE_RETRY_MS = 1_000
const SUITE_CHARACTERS_MAX = 64
const AGREEMENT_CHARACTERS_MAX = 256
const COMPLIANCE_CHARACTERS_MAX = 512
const CHALLENGE_CHARACTERS_MAX = 8_192
const RECEIPT_CHARACTERS_MAX = 512
