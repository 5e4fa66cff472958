import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as openRequest, type Server } from 'node:https'
import { TLSSocket } from 'node:tls'
import type { CrossedAnswer, Recording } from './recording.ts'

/** What the demo holds of a provider to stand between it and the others: PEM texts. */
export interface TapIdentity {
  readonly certificate: Buffer
  readonly key: Buffer
}

export interface TapOptions {
  /** The provider that is called. */
  readonly target: string
  readonly identities: ReadonlyMap<string, TapIdentity>
  readonly authority: Buffer
  readonly recording: Recording
}

/**
 * Stands before one provider's gateway. It ends the caller's mutual TLS with the provider's own
 * certificate, records, and calls the gateway with the caller's: so it can be the one to answer the
 * question who saw what. Bytes and headers pass as they are, connection headers aside.
 */
export class Tap implements AsyncDisposable {
  private readonly options: TapOptions
  private readonly server: Server
  private readonly agents = new Map<string, Agent>()
  private gateway: URL | undefined

  private constructor(options: TapOptions) {
    const { certificate, key } = identityOf(options, options.target)
    this.options = options
    this.server = createServer(
      {
        cert: certificate,
        key,
        ca: options.authority,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
      },
      (request, response) => void this.pass(request, response),
    )
    this.server.keepAliveTimeout = KEEP_ALIVE_MS
  }

  static async start(options: TapOptions): Promise<Tap> {
    const tap = new Tap(options)
    tap.server.listen(0, '127.0.0.1')
    await once(tap.server, 'listening')
    return tap
  }

  /** Says where the gateway really listens; before that, whoever calls is cut off. */
  aim(gateway: string): void {
    this.gateway = new URL(gateway)
  }

  /** What other providers have to be told as the address: `host:port`. */
  get address(): string {
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('the tap is not listening')
    return `127.0.0.1:${address.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents.values()) agent.destroy()
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { recording, target } = this.options
    const from = callerOf(request)
    if (from === undefined) {
      response.destroy()
      return
    }
    try {
      const { method = '', url: path = '', rawHeaders: headers } = request
      const body = await bytesOf(request)
      const crossing = recording.begin({ from, to: target, method, path, headers, body })
      let answer: CrossedAnswer | undefined
      try {
        answer = await this.call(from, { method, path, headers, body })
      } finally {
        recording.end(crossing, answer)
      }
      response.writeHead(answer.status, endToEnd(answer.headers))
      response.end(answer.body)
    } catch {
      // Either side went away: the other one sees just that.
      response.destroy()
    }
  }

  private async call(from: string, { method, path, headers, body }: Call): Promise<CrossedAnswer> {
    if (this.gateway === undefined) throw new Error('the gateway is not there yet')
    const { hostname: host, port } = this.gateway
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = openRequest({
      host,
      port,
      agent: this.agentOf(from),
      method,
      path,
      headers: endToEnd(headers),
      setDefaultHeaders: false,
    })
    request.on('response', resolve).on('error', reject)
    request.end(body)
    const answer = await promise
    return {
      status: answer.statusCode ?? 0,
      headers: answer.rawHeaders,
      body: await bytesOf(answer),
    }
  }

  private agentOf(from: string): Agent {
    const known = this.agents.get(from)
    if (known !== undefined) return known
    const { certificate, key } = identityOf(this.options, from)
    const agent = new Agent({
      keepAlive: true,
      cert: certificate,
      key,
      ca: this.options.authority,
      servername: this.options.target,
      minVersion: 'TLSv1.3',
    })
    this.agents.set(from, agent)
    return agent
  }
}

interface Call {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** The domain that the caller's certificate proves; what its headers say does not count here. */
function callerOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? ''
  return /(?:^|, )DNS:([^,]+)/.exec(names)?.[1]
}

function identityOf({ identities }: TapOptions, domain: string): TapIdentity {
  const identity = identities.get(domain)
  if (identity === undefined) throw new Error(`no certificate for ${domain}`)
  return identity
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Headers without those of one connection: each side of the tap has its own. */
function endToEnd(headers: readonly string[]): string[] {
  return headers.filter((_, index) => {
    const name = headers[index - (index % 2)] ?? ''
    return !CONNECTION_HEADERS.has(name.toLowerCase())
  })
}

const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
])
/** Longer than any gateway keeps an idle connection: a call must not meet one that the tap just closed. */
const KEEP_ALIVE_MS = 120_000
