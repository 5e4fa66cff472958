import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { keyPaths, rotatablePurposes, type KeyHandlers } from './keys-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about keys. */
export function addKeyRoutes(app: FastifyInstance, handlers: KeyHandlers): void {
  app.get(keyPaths.list, (_, reply) => reply.send(handlers.list()))
  app.post(keyPaths.rotate, async (request, reply) => {
    const { purpose, now } = parse(rotateQuery, request.query)
    return reply.send(await handlers.rotate({ purpose, now: now === 'true' }))
  })
}

const rotateQuery = z.strictObject({
  purpose: z.enum(rotatablePurposes),
  now: z.enum(['true', 'false']).default('false'),
})
