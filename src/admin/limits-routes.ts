import type { FastifyInstance } from 'fastify'
import { limitPaths, limitsQuestionSchema, type LimitHandlers } from './limits-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about limits. */
export function addLimitRoutes(app: FastifyInstance, handlers: LimitHandlers): void {
  app.get(limitPaths.list, (_, reply) => reply.send(handlers.list()))
  app.get(limitPaths.explain, async (request, reply) =>
    reply.send(await handlers.explain(parse(limitsQuestionSchema, request.query))),
  )
}
