import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector, Pool } from 'undici'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { Breaker } from './breaker.ts'
import { httpCall, type CallFaults, type HttpAnswer } from './http-call.ts'
import type { PeerAnswer, PeerCall, PeerLimits } from './peer-call.ts'
import { PeerDirectory, type ParseDirectory } from './peer-directory.ts'
import { publicLookup, type Resolve } from './public-address.ts'
import { retryAfterMs } from './retry-after.ts'
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
}

/** Everything that is open towards one peer: its pool, its directory and its breaker. */
export class PeerLink {
  usedAtMs = 0
  private readonly options: PeerLinkOptions
  private readonly pool: Pool
  private readonly directory: PeerDirectory
  private readonly breaker: Breaker
  private readonly fixedHeaders: readonly string[]
  private inFlight = 0

  constructor(options: PeerLinkOptions) {
    const { peer, domain, parseDirectory, clock, address, limits } = options
    this.options = options
    this.pool = openPool(options)
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
    return this.inFlight === 0
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

  close(): Promise<void> {
    return this.pool.close()
  }

  destroy(): Promise<void> {
    return this.pool.destroy()
  }

  private async send(call: PeerCall, path: string): Promise<PeerAnswer> {
    const headers = [...this.fixedHeaders, 'content-type', 'application/octet-stream']
    if (call.suite !== undefined) headers.push('mimi-metadata-suite', call.suite)
    if (call.agreement !== undefined) headers.push('mimi-metadata-agreement', call.agreement)
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

  private async guarded(call: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
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
function openPool({ peer, address, resolve, context, limits }: PeerLinkOptions): Pool {
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
    connections: limits.connectionsMax,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: limits.idleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: HEADER_BYTES_MAX,
  })
}

/** `host:port` or `[v6]:port`. Throws `configuration-invalid`. */
function parseAddress(address: string): { readonly hostname: string; readonly port: string } {
  const [, v6, host, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@\s]+)):(\d{1,5})$/.exec(address) ?? []
  const hostname = v6 ?? host
  if (hostname === undefined || port === undefined) throw new GatewayError('configuration-invalid')
  return { hostname, port }
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
