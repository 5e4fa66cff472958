import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { policyPaths as paths, type PolicyHandlers } from './policy-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about policies. */
export function addPolicyRoutes(app: FastifyInstance, handlers: PolicyHandlers): void {
  app.get(paths.status, (_, reply) => reply.send(handlers.status()))
  app.get(paths.shadow, async (_, reply) => reply.send(await handlers.shadow()))
  app.post(paths.rollback, async (request, reply) => {
    const { revision } = parse(rollbackQuery, request.query)
    return reply.send(await handlers.rollback(revision))
  })
  app.post(paths.simulate, async (request, reply) => {
    const { policies } = parse(simulateQuery, request.query)
    return reply.send(await handlers.simulate(policies))
  })
}

const rollbackQuery = z
  .strictObject({
    revision: z
      .string()
      .regex(/^[0-9a-f]{6,64}$/)
      .optional(),
  })
  .transform(({ revision }) => ({ revision }))
const simulateQuery = z.strictObject({ policies: z.string().min(1).max(4_096) })
