import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { policyPaths as paths, type PolicyHandlers } from './policy-api.ts'

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

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const outcome = schema.safeParse(input)
  if (!outcome.success) throw new GatewayError('malformed-request')
  return outcome.data
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
