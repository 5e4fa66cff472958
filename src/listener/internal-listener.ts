import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TlsIdentity } from '../delivery/tls-identity.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { Answering, type OnFault } from './answering.ts'
import { bind, isLocal, unbind, type Endpoint } from './bind.ts'
import type { InternalHandlers } from './internal-handlers.ts'
import { internalOpenApi } from './internal-openapi.ts'
import { INTERNAL_PREFIX, json, type InternalRoute } from './internal-route.ts'
import { internalRoutes, type OperationLimits } from './internal-routes.ts'
import { listenerLimitDefaults, type ListenerLimits } from './listener-limits.ts'
import { pathTarget } from './raw-path.ts'
import { readBody } from './read-body.ts'
import { Replay, type AnswerStore } from './replay.ts'
import { givenRequestId } from './request-id.ts'
import { mutualTlsServer, plainServer, routeOn } from './server.ts'

export interface InternalListenerOptions {
  readonly handlers: InternalHandlers
  readonly operations: readonly OperationLimits[]
  /** Mutual TLS; needed as soon as the endpoint is not of this machine. */
  readonly identity?: TlsIdentity | undefined
  /** Makes requests with a `Postern-Request-Id` idempotent. */
  readonly answers?: AnswerStore | undefined
  readonly clock: Clock
  readonly randomness?: Randomness | undefined
  readonly limits?: Partial<ListenerLimits> | undefined
  readonly onFault?: OnFault | undefined
}

/** The listener for our own delivery service: the contract of docs/internal-api.md over HTTP. */
export class InternalListener {
  private readonly app: FastifyInstance
  private readonly options: InternalListenerOptions
  private readonly answering: Answering
  private readonly replay: Replay | undefined
  private readonly routes: readonly InternalRoute[]

  constructor(options: InternalListenerOptions) {
    const limits = { ...listenerLimitDefaults, ...options.limits }
    const { randomness, onFault, answers, handlers, operations } = options
    this.options = options
    this.answering = new Answering({ inFlightMax: limits.inFlightMax, randomness, onFault })
    this.replay = answers === undefined ? undefined : new Replay(answers)
    this.routes = internalRoutes(handlers, operations)
    const { identity } = options
    this.app = routeOn(
      identity === undefined ? plainServer(limits) : mutualTlsServer(identity, limits),
    )
    this.addRoutes()
  }

  /**
   * Binds; resolves to the port in use. Throws `configuration-invalid` for an endpoint that others
   * could reach without mutual TLS.
   */
  async listen(endpoint: Endpoint): Promise<number> {
    if (this.options.identity === undefined && !isLocal(endpoint))
      throw new GatewayError('configuration-invalid', {
        facts: { reason: 'plain-beyond-loopback' },
      })
    await this.app.ready()
    return bind(this.app.server, endpoint)
  }

  /** Refuses new requests with `draining`; resolves when the rest is answered or `signal` aborted it. */
  drain(signal: AbortSignal): Promise<void> {
    return this.answering.drain(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await unbind(this.app.server)
    await this.app.close()
  }

  private addRoutes(): void {
    const { app, answering } = this
    for (const route of this.routes)
      app.route({
        method: route.method,
        url: route.variable === undefined ? route.path : `${route.path}/*`,
        onRequest: (request: FastifyRequest, reply: FastifyReply) => {
          reply.hijack()
          this.answer(request.raw, reply.raw, route)
        },
        handler: notReached,
      })
    this.addDocument(`${INTERNAL_PREFIX}/openapi.json`, () => internalOpenApi(this.routes))
    this.addDocument('/healthz', () => ({ status: 'ok' }))
    app.setNotFoundHandler((request, reply) => {
      reply.hijack()
      answering.refuseRoute(request.raw, reply.raw, this.allowed(request.raw.url ?? ''))
    })
  }

  private addDocument(path: string, document: () => object): void {
    this.app.get(path, (_request, reply) => {
      reply.hijack()
      void this.answering.run(reply.raw, this.answering.nextId(), () =>
        Promise.resolve(json(200, document())),
      )
    })
  }

  private answer(request: IncomingMessage, response: ServerResponse, route: InternalRoute): void {
    const { answering } = this
    const given = givenRequestId(request.headers['postern-request-id'])
    const requestId = given ?? answering.nextId()
    void answering.run(response, requestId, async (tellBudgets) => {
      const work = await this.prepare(request, route, { requestId, tellBudgets })
      if (this.replay === undefined || given === undefined || route.method === 'GET')
        return work.run()
      const path = request.url ?? ''
      return this.replay.once({ requestId, path, bytes: work.bytes }, work.run)
    })
  }

  private async prepare(
    request: IncomingMessage,
    route: InternalRoute,
    given: Pick<RequestContext, 'requestId' | 'tellBudgets'>,
  ): Promise<{ readonly bytes: Buffer; readonly run: () => Promise<ListenerResponse> }> {
    const { headers, url = '' } = request
    const receivedAtMs = this.options.clock()
    refuseBrowsers(headers)
    checkRequestId(headers['postern-request-id'], given.requestId)
    const [path, search] = splitQuery(url)
    if (search !== '' && route.query === undefined) throw new GatewayError('malformed-request')
    const target =
      route.variable === undefined ? '' : pathTarget(variablePart(path, route), route.path)
    const bytes = await readBody(request, route.bodyBytesMax)
    const { signal } = this.answering
    const compliance = oneHeader(headers['mimi-compliance-metadata'])
    const senderProof = oneHeader(headers['postern-sender-proof'])
    const account = oneHeader(headers['postern-account'])
    const named = { suite: undefined, agreement: undefined, compliance, senderProof, account }
    const context = { ...given, receivedAtMs, ...named, signal }
    const query = new URLSearchParams(search)
    return { bytes, run: () => route.run({ target, query, headers, bytes, context }) }
  }

  private allowed(url: string): string | undefined {
    const [path] = splitQuery(url)
    const methods = this.routes
      .filter(
        (route) =>
          path === route.path ||
          (route.variable !== undefined && path.startsWith(`${route.path}/`)),
      )
      .map(({ method }) => method)
    return methods.length === 0 ? undefined : methods.join(', ')
  }
}

/** Whether it says anything is found out where it is read. */
function oneHeader(value: string | string[] | undefined): string | undefined {
  if (Array.isArray(value))
    throw new GatewayError('malformed-request', { facts: { part: 'header' } })
  return value
}

/** No page in a browser on this machine may talk to us. */
function refuseBrowsers(headers: IncomingHttpHeaders): void {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
    throw new GatewayError('not-admitted')
}

function checkRequestId(value: string | string[] | undefined, requestId: string): void {
  if (value !== undefined && value !== requestId)
    throw new GatewayError('malformed-request', { facts: { part: 'postern-request-id' } })
}

/** The path without what stands behind the variable. Throws `not-found`. */
function variablePart(path: string, { suffix = '' }: InternalRoute): string {
  if (!path.endsWith(suffix)) throw new GatewayError('not-found')
  return path.slice(0, path.length - suffix.length)
}

function splitQuery(url: string): readonly [path: string, search: string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function notReached(): void {
  throw new GatewayError('internal')
}
