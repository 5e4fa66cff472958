import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import { GatewayError } from '../model/errors.ts'
import { PROBLEM_CONTENT_TYPE, problemResponse } from '../listener/problems.ts'
import type { Log } from '../signals/log.ts'

/** A server for the operator: small bodies, short times, RFC 9457 problems, its own log lines only. */
export function createAdminApp(log: Log): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS },
    forceCloseConnections: true,
  })
  app.setNotFoundHandler((_, reply) => sendProblem(reply, new GatewayError('not-found')))
  app.setErrorHandler((error, _, reply) => {
    const fault = isClientFault(error) ? new GatewayError('malformed-request') : error
    if (problemResponse(fault).status >= 500) log.fault('admin.failed', fault)
    return sendProblem(reply, fault)
  })
  return app
}

function isClientFault(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode < 500
  )
}

function sendProblem(reply: FastifyReply, fault: unknown): FastifyReply {
  const { status, bytes } = problemResponse(fault)
  return reply.code(status).type(PROBLEM_CONTENT_TYPE).send(bytes)
}

const BODY_BYTES_MAX = 65_536
const REQUEST_TIMEOUT_MS = 10_000
