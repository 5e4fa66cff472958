import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { parse } from './parse.ts'
import { sanctionPaths, type SanctionHandlers } from './sanctions-api.ts'

/** The routes of the control socket about sanctions. */
export function addSanctionRoutes(app: FastifyInstance, handlers: SanctionHandlers): void {
  app.get(sanctionPaths.list, async (request, reply) =>
    reply.send(await handlers.list(parse(pageQuery, request.query))),
  )
  app.get(sanctionPaths.one, async (request, reply) => {
    const found = await handlers.find(parse(idParams, request.params).id)
    if (found === undefined) throw new GatewayError('not-found')
    return reply.send(found)
  })
  app.post(sanctionPaths.list, async (request, reply) =>
    reply.send(await handlers.apply(parse(orderBody, request.body))),
  )
  app.post(sanctionPaths.undo, async (request, reply) =>
    reply.send(await handlers.undo(parse(idParams, request.params).id)),
  )
}

const idParams = z.strictObject({ id: z.string().max(64) })
const orderBody = z.looseObject({ kind: z.string().max(32) })
const pageQuery = z
  .strictObject({
    room: z.string().max(1_024).optional(),
    before: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ room, before, limit }) => ({ room, before, limit }))
