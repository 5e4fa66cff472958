import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { parse } from './parse.ts'

/** One route of the control socket: what serves it and what documents it. */
export interface ControlRoute<Service> {
  readonly method: 'GET' | 'POST'
  /** With `:id` where it is about one thing. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly answer: z.ZodType
  readonly run: (service: Service, request: FastifyRequest) => unknown
}

/** Serves the routes over the control socket. */
export function addControlRoutes<Service>(
  app: FastifyInstance,
  service: Service,
  routes: readonly ControlRoute<Service>[],
): void {
  for (const { method, path, run } of routes)
    app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        // Notes are other people's words: whatever shows them must not take them for a page.
        void reply.header('x-content-type-options', 'nosniff')
        return reply.send(await run(service, request))
      },
    })
}

/** What `:id` of the path stands for. Throws `malformed-request`. */
export function idOf(request: FastifyRequest): string {
  return parse(idParams, request.params).id
}

/** Throws `not-found`. */
export function present<T>(found: T | undefined): T {
  if (found === undefined) throw new GatewayError('not-found')
  return found
}

/** An id of a case, report, notice or sanction. */
export const idPattern = /^[A-Za-z0-9_-]{1,64}$/
const idParams = z.strictObject({ id: z.string().regex(idPattern) })
