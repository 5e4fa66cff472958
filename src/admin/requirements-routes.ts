import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { requirementsPaths, type RequirementsHandlers } from './requirements-api.ts'
import { parse } from './parse.ts'

/** The routes of the control socket about requirements, peers and agreements. */
export function addRequirementsRoutes(app: FastifyInstance, handlers: RequirementsHandlers): void {
  const paths = requirementsPaths
  app.get(paths.own, (_, reply) => reply.send(handlers.own()))
  app.get(paths.history, (_, reply) => reply.send(handlers.history()))
  app.get(paths.peers, (_, reply) => reply.send(handlers.listPeers()))
  app.get(paths.agreements, (_, reply) => reply.send(handlers.listAgreements()))
  app.post(paths.publish, async (request, reply) => {
    const { renew } = parse(publishQuery, request.query)
    return reply.send(await handlers.publish({ renew: renew === 'true' }))
  })
  app.post(paths.refresh, async (_, reply) => reply.send(await handlers.refreshPeers()))
  app.post(paths.check, async (request, reply) => {
    const { provider } = parse(checkQuery, request.query)
    return reply.send(await handlers.check(provider))
  })
  app.post(paths.forget, async (request, reply) => {
    const { domain } = parse(domainParams, request.params)
    return reply.send(await handlers.forgetPeer(domain))
  })
  app.post(paths.approve, async (request, reply) => {
    const { id } = parse(idParams, request.params)
    return reply.send(await handlers.approve(id))
  })
  app.post(paths.reject, async (request, reply) => {
    const { id } = parse(idParams, request.params)
    return reply.send(await handlers.reject(id))
  })
}

const domain = z.string().max(253)
const publishQuery = z.strictObject({ renew: z.enum(['true', 'false']).default('false') })
const checkQuery = z.strictObject({ provider: domain })
const domainParams = z.strictObject({ domain })
const idParams = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
