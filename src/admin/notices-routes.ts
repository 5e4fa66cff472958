import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { answerBodySchema, noticePaths, type NoticeHandlers } from './notices-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about notices and where reports go. */
export function addNoticeRoutes(app: FastifyInstance, handlers: NoticeHandlers): void {
  app.get(noticePaths.list, (request, reply) =>
    reply.send(handlers.list(parse(pageQuery, request.query))),
  )
  app.get(noticePaths.one, (request, reply) =>
    reply.send(present(handlers.find(parse(idParams, request.params).id))),
  )
  app.post(noticePaths.retract, async (request, reply) =>
    reply.send(await handlers.retract(parse(idParams, request.params).id)),
  )
  app.post(noticePaths.answer, async (request, reply) => {
    const { id } = parse(idParams, request.params)
    return reply.send(await handlers.answer(id, parse(answerBodySchema, request.body)))
  })
  app.get(noticePaths.scorecards, (_, reply) => reply.send(handlers.scorecards()))
  app.get(noticePaths.routes, async (request, reply) => {
    const { id } = parse(idParams, request.params)
    return reply.send(present(await handlers.routes(id, parse(supposedQuery, request.query))))
  })
}

function present<T>(found: T | undefined): T {
  if (found === undefined) throw new GatewayError('not-found')
  return found
}

const idParams = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) })
const position = z.coerce.number().int().min(1).optional()
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')
const supposedQuery = z.strictObject({ confirmed: flag, decided: flag, order: flag })
const pageQuery = z
  .strictObject({
    peer: z.string().max(253).optional(),
    sentBefore: position,
    receivedBefore: position,
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  })
  .transform(({ peer, sentBefore, receivedBefore, limit }) => ({
    peer,
    sentBefore,
    receivedBefore,
    limit,
  }))
