import type { FastifyInstance } from 'fastify'
import { operations, type Operation } from '../model/exchange.ts'
import { attestAccount } from './attest.ts'
import type { DsContext } from './context.ts'
import { bodyOf, headerOf, octetServer, param } from './http.ts'
import { DsProblem } from './problems.ts'
import { answerUpstream } from './upstream-operations.ts'

/** The endpoints that our gateway calls: docs/internal-api.md, "From the gateway to the delivery service". */
export function upstreamListener(ctx: DsContext): FastifyInstance {
  const server = octetServer(ctx.log)
  server.get('/upstream/v1/healthz', (_request, reply) => reply.send({ status: 'ok' }))
  server.post('/attest/v1', (request, reply) => reply.send(attestAccount(ctx, bodyOf(request))))
  server.post('/upstream/v1/:operation/:target', async (request, reply) => {
    const answer = await answerUpstream(ctx, operationOf(param(request, 'operation')), {
      target: param(request, 'target'),
      peer: headerOf(request, 'postern-peer'),
      suite: headerOf(request, 'postern-suite'),
      tier: headerOf(request, 'postern-tier'),
      bytes: bodyOf(request),
    })
    return reply
      .code(answer.status)
      .headers({ 'content-type': 'application/octet-stream', ...answer.headers })
      .send(answer.bytes)
  })
  return server
}

/** Throws `not-found`. */
export function operationOf(name: string): Operation {
  const operation = operations.find((known) => known === name)
  if (operation === undefined) throw new DsProblem('not-found')
  return operation
}
