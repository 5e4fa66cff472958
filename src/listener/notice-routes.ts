import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ListenerResponse } from '../model/handle.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { Answering } from './answering.ts'
import { readBody } from './read-body.ts'

/** Who takes what other providers tell or ask us about abuse. */
export interface NoticeHandler {
  readonly path: string
  /** Octets of a message; a larger one is not read. */
  readonly bytesMax: number
  /** Of the answer. */
  readonly contentType: string
  /** Before anything is read. Throws `rate-limited`. */
  admit(peer: ProviderDomain): void
  /** The answer, or undefined where there is none. Throws `GatewayError`. */
  receive(peer: ProviderDomain, bytes: Buffer): Promise<string | undefined>
}

/** A route for notices, or for questions: `authenticate` says who sends, or throws where nobody is known to. */
export function routeNotices(
  app: FastifyInstance,
  handler: NoticeHandler,
  {
    answering,
    authenticate,
  }: {
    readonly answering: Answering
    readonly authenticate: (request: IncomingMessage) => ProviderDomain
  },
): void {
  app.route({
    method: 'POST',
    url: handler.path,
    onRequest: (request, reply) => {
      reply.hijack()
      void answering.run(reply.raw, answering.nextId(), async (): Promise<ListenerResponse> => {
        const peer = authenticate(request.raw)
        handler.admit(peer)
        const answer = await handler.receive(peer, await readBody(request.raw, handler.bytesMax))
        if (answer === undefined) return { status: 204, bytes: NO_BYTES }
        const headers = { contentType: handler.contentType }
        return { status: 200, bytes: Buffer.from(answer), headers }
      })
    },
    handler: (_request, reply) => reply,
  })
}

const NO_BYTES = Buffer.alloc(0)
