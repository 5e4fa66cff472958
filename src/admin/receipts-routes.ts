import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { receiptPaths, type ReceiptHandlers } from './receipts-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about receipts. */
export function addReceiptRoutes(app: FastifyInstance, handlers: ReceiptHandlers): void {
  app.get(receiptPaths.list, async (request, reply) =>
    reply.send(await handlers.list(parse(pageQuery, request.query))),
  )
  app.get(receiptPaths.one, async (request, reply) => {
    const found = await handlers.find(parse(nameParams, request.params))
    if (found === undefined) throw new GatewayError('not-found')
    return reply.send(found)
  })
}

const nameParams = z.strictObject({
  peer: z.string().max(253),
  seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
})
const pageQuery = z
  .strictObject({
    peer: z.string().max(253).optional(),
    before: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ peer, before, limit }) => ({ peer, before, limit }))
