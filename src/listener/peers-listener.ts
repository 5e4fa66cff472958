import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { tlsContext, tlsContextOptions, type TlsIdentity } from '../delivery/tls-identity.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { Operation, OperationMethod } from '../model/exchange.ts'
import type { Handle, ListenerResponse, PeerStanding, RequestContext } from '../model/handle.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { requirementsPath } from '../peers/fetch-document.ts'
import { issuerDirectoryPath } from '../privacypass/issuer-directory.ts'
import { Answering, type OnFault } from './answering.ts'
import { bind, unbind } from './bind.ts'
import { capConnections } from './connection-caps.ts'
import { routeIssuerDirectory } from './issuer-directory-route.ts'
import { listenerLimitDefaults, type ListenerLimits } from './listener-limits.ts'
import { identifyPeer } from './peer-identity.ts'
import { routeNotices, type NoticeHandler } from './notice-routes.ts'
import { pathTarget } from './raw-path.ts'
import { readBody } from './read-body.ts'
import { send } from './reply.ts'
import { routeRequirements, type PublishedRequirements } from './requirements-routes.ts'
import { mutualTlsServer, routeOn } from './server.ts'
import type { IssuerDesk } from './token-desks.ts'

/** One row of the operations table: where an operation's paths begin and how large its body may be. */
export interface PeerOperation {
  readonly operation: Operation
  /** POST unless given. */
  readonly method?: OperationMethod | undefined
  /** `/submitMessage`: no slash at the end, no percent-encoding. */
  readonly path: string
  readonly bodyBytesMax: number
}

export interface PeersListenerOptions {
  readonly identity: TlsIdentity
  readonly operations: readonly PeerOperation[]
  readonly handle: Handle
  readonly standing: PeerStanding
  /** The directory document, served to whoever authenticated. */
  readonly directory: () => Buffer
  /** Our metadata requirements; without them the path is not there. */
  readonly requirements?: PublishedRequirements | undefined
  /** The keys of our issuer of tokens; without it the path is not there. */
  readonly issuerDirectory?: IssuerDesk['directory'] | undefined
  /** Takes notices of abuse; without it the path is not there. */
  readonly notices?: NoticeHandler | undefined
  /** Says how reports stand; without it the path is not there. */
  readonly reportStatus?: NoticeHandler | undefined
  /** Lower-case names that `Host` may have, port aside; undefined: any. */
  readonly hosts?: readonly string[] | undefined
  readonly clock: Clock
  readonly randomness?: Randomness | undefined
  readonly limits?: Partial<ListenerLimits> | undefined
  readonly onFault?: OnFault | undefined
}

/** The listener for other providers: HTTPS with TLS 1.3 and client certificates, nothing else. */
export class PeersListener {
  private readonly app: FastifyInstance
  private readonly server: Server
  private readonly options: PeersListenerOptions
  private readonly answering: Answering

  constructor(options: PeersListenerOptions) {
    const limits = { ...listenerLimitDefaults, ...options.limits }
    const { randomness, onFault } = options
    this.options = options
    this.answering = new Answering({ inFlightMax: limits.inFlightMax, randomness, onFault })
    this.server = mutualTlsServer(options.identity, limits)
    this.app = routeOn(this.server)
    capConnections(this.server, limits)
    this.route()
  }

  /** Binds; resolves to the port in use. */
  async listen({ host, port }: { host: string; port: number }): Promise<number> {
    await this.app.ready()
    return bind(this.server, { kind: 'tcp', host, port })
  }

  /** New connections meet `identity`. Throws on bad material, and then the old one stays in force. */
  renew(identity: TlsIdentity): void {
    tlsContext(identity)
    this.server.setSecureContext(tlsContextOptions(identity))
  }

  /** Refuses new requests with `draining`; resolves when the rest is answered or `signal` aborted it. */
  drain(signal: AbortSignal): Promise<void> {
    return this.answering.drain(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await unbind(this.server)
    await this.app.close()
  }

  private route(): void {
    const { answering } = this
    for (const operation of this.options.operations)
      // The reply is hijacked before any body parser or serialiser of the framework runs.
      this.app.route({
        method: operation.method ?? 'POST',
        url: `${operation.path}/*`,
        onRequest: (request, reply) => {
          reply.hijack()
          const requestId = answering.nextId()
          void answering.run(reply.raw, requestId, (tellBudgets) =>
            this.handle(request.raw, operation, { requestId, tellBudgets }),
          )
        },
        handler: notReached,
      })
    this.app.get(DIRECTORY_PATH, (_request, reply) => {
      reply.hijack()
      const head = { status: 200, contentType: 'application/json', cacheControl: 'max-age=3600' }
      send(reply.raw, head, this.options.directory())
    })
    const { requirements, issuerDirectory } = this.options
    if (requirements !== undefined) routeRequirements(this.app, requirements)
    if (issuerDirectory !== undefined) routeIssuerDirectory(this.app, issuerDirectory)
    const authenticate = (request: IncomingMessage) => this.authenticate(request)
    for (const handler of this.posted())
      routeNotices(this.app, handler, { answering, authenticate })
    this.app.setNotFoundHandler((request, reply) => {
      reply.hijack()
      answering.refuseRoute(request.raw, reply.raw, this.allowedMethod(request.raw.url ?? ''))
    })
  }

  private async handle(
    request: IncomingMessage,
    { operation, path, bodyBytesMax }: PeerOperation,
    given: Pick<RequestContext, 'requestId' | 'tellBudgets'>,
  ): Promise<ListenerResponse> {
    const { clock, handle } = this.options
    const { signal } = this.answering
    const receivedAtMs = clock()
    const domain = this.authenticate(request)
    const target = pathTarget(request.url ?? '', path)
    const suite = headerText(request.headers['mimi-metadata-suite'], SUITE_CHARACTERS_MAX)
    const agreement = headerText(
      request.headers['mimi-metadata-agreement'],
      AGREEMENT_CHARACTERS_MAX,
    )
    const compliance = headerText(
      request.headers['mimi-compliance-metadata'],
      COMPLIANCE_CHARACTERS_MAX,
    )
    const senderProof = headerText(
      request.headers['mimi-sender-proof'],
      SENDER_PROOF_CHARACTERS_MAX,
    )
    const bytes = await readBody(request, bodyBytesMax)
    return handle(
      { operation, direction: 'ingress', origin: { kind: 'peer', domain }, target, bytes },
      { ...given, receivedAtMs, suite, agreement, compliance, senderProof, signal },
    )
  }

  private posted(): readonly NoticeHandler[] {
    const { notices, reportStatus } = this.options
    return [notices, reportStatus].filter((handler) => handler !== undefined)
  }

  /** A provider that is served, at our name. */
  private authenticate(request: IncomingMessage): ProviderDomain {
    const { standing, hosts } = this.options
    const domain = identifyPeer(request)
    checkStanding(standing(domain))
    checkHost(request.headers.host ?? '', hosts)
    return domain
  }

  private allowedMethod(url: string): string | undefined {
    if (url === DIRECTORY_PATH) return 'GET'
    if (url === requirementsPath && this.options.requirements !== undefined) return 'GET'
    if (url === issuerDirectoryPath && this.options.issuerDirectory !== undefined) return 'GET'
    if (this.posted().some(({ path }) => url === path)) return 'POST'
    const found = this.options.operations.find(({ path }) => url.startsWith(`${path}/`))
    return found === undefined ? undefined : (found.method ?? 'POST')
  }
}

function checkStanding(standing: ReturnType<PeerStanding>): void {
  switch (standing) {
    case 'allowed':
      return
    case 'unknown':
      throw new GatewayError('peer-unknown')
    case 'denied':
      throw new GatewayError('peer-denied')
  }
}

function checkHost(host: string, hosts: readonly string[] | undefined): void {
  if (hosts === undefined || hosts.includes(host)) return
  const name = host.toLowerCase().replace(/:\d{1,5}$/, '')
  if (!hosts.includes(name)) throw new GatewayError('misdirected')
}

/** Undefined where it is absent. Throws `malformed-request`. */
function headerText(value: string | string[] | undefined, charactersMax: number) {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= charactersMax && HEADER_TEXT.test(value))
    return value
  throw new GatewayError('malformed-request', { facts: { part: 'header' } })
}

function notReached(): void {
  throw new GatewayError('internal')
}

const DIRECTORY_PATH = '/.well-known/mimi-protocol-directory'
const SUITE_CHARACTERS_MAX = 64
const AGREEMENT_CHARACTERS_MAX = 256
const COMPLIANCE_CHARACTERS_MAX = 512
const SENDER_PROOF_CHARACTERS_MAX = 2_048
const HEADER_TEXT = /^[\x21-\x7e]+$/
