import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse } from '../model/handle.ts'
import { Answering, type OnFault } from './answering.ts'
import { bind, unbind } from './bind.ts'
import { AddressCap, clientAddress } from './client-address.ts'
import { listenerLimitDefaults, type ListenerLimits } from './listener-limits.ts'
import { routeOn, plainServer } from './server.ts'
import type { CredentialDesk, IssuerDesk, PseudonymDesk } from './token-desks.ts'
import type { TokenRoute } from './token-route.ts'
import { tokenRoutes } from './token-routes.ts'

export interface TokensListenerOptions {
  /** Without it nothing is issued. */
  readonly issuer?: IssuerDesk | undefined
  /** Without it no room of ours takes pseudonyms here. */
  readonly pseudonyms?: PseudonymDesk | undefined
  /** Without it no credentials are issued. */
  readonly credentials?: CredentialDesk | undefined
  /** Whether the last entry of `X-Forwarded-For` is the client's address. */
  readonly forwardedFor: boolean
  readonly randomness?: Randomness | undefined
  readonly limits?: Partial<TokensListenerLimits> | undefined
  readonly onFault?: OnFault | undefined
}

export interface TokensListenerLimits extends ListenerLimits {
  /** Requests of one address that are under way; one more is `rate-limited`. */
  readonly inFlightPerAddressMax: number
}

/** The listener for clients: plain HTTP behind the TLS front end of the provider. docs/issuer.md */
export class TokensListener {
  private readonly app: FastifyInstance
  private readonly options: TokensListenerOptions
  private readonly answering: Answering
  private readonly addresses: AddressCap
  private readonly routes: readonly TokenRoute[]

  constructor(options: TokensListenerOptions) {
    const limits = { ...listenerLimitDefaults, ...limitDefaults, ...options.limits }
    const { randomness, onFault } = options
    this.options = options
    this.answering = new Answering({ inFlightMax: limits.inFlightMax, randomness, onFault })
    this.addresses = new AddressCap(limits.inFlightPerAddressMax)
    this.routes = tokenRoutes(options)
    this.app = routeOn(plainServer(limits))
    this.addRoutes()
  }

  /** Binds; resolves to the port in use. */
  async listen({ host, port }: { host: string; port: number }): Promise<number> {
    await this.app.ready()
    return bind(this.app.server, { kind: 'tcp', host, port })
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
        onRequest: (request, reply) => {
          reply.hijack()
          void answering.run(reply.raw, answering.nextId(), () => this.handle(request.raw, route))
        },
        handler: notReached,
      })
    app.setNotFoundHandler((request, reply) => {
      reply.hijack()
      answering.refuseRoute(request.raw, reply.raw, this.allowed(request.raw.url ?? ''))
    })
  }

  private handle(request: IncomingMessage, route: TokenRoute): Promise<ListenerResponse> {
    const address = clientAddress(request, this.options.forwardedFor)
    return this.addresses.run(address, () => route.run(request, this.answering.signal))
  }

  private allowed(url: string): string | undefined {
    return this.routes.find(({ path, variable }) =>
      variable === undefined ? url === path : url.startsWith(`${path}/`),
    )?.method
  }
}

function notReached(): void {
  throw new GatewayError('internal')
}

const limitDefaults = { inFlightMax: 2_048, inFlightPerAddressMax: 64 }
