import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import { tlsContext, tlsContextOptions, type TlsIdentity } from '../delivery/tls-identity.ts'
import { GatewayError } from '../model/errors.ts'
import type { ListenerLimits } from './listener-limits.ts'
import { PROBLEM_CONTENT_TYPE, problemResponse } from './problems.ts'
import { sendProblem } from './reply.ts'

/** Fastify that only routes on `server`: no body parser on our routes, no log, problems for errors. */
export function routeOn(server: Server): FastifyInstance {
  return fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      reply.hijack()
      sendProblem(reply.raw, new GatewayError('malformed-request'))
    },
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    serverFactory: (listener) => server.on('request', listener),
  })
}

/** HTTP/1.1 with every limit set. */
export function plainServer(limits: ListenerLimits): Server {
  return limited(createHttpServer(httpOptions(limits)), limits)
}

/** HTTP/1.1 on TLS 1.3 for whoever has a certificate that we trust. Throws on bad material. */
export function mutualTlsServer(identity: TlsIdentity, limits: ListenerLimits): HttpsServer {
  tlsContext(identity)
  const server = createHttpsServer({
    ...httpOptions(limits),
    ...tlsContextOptions(identity),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.headersMs,
  })
  return limited(server, limits)
}

function httpOptions(limits: ListenerLimits) {
  return {
    // Node throws where a head may take longer than its request.
    headersTimeout: Math.min(limits.headersMs, limits.requestMs),
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.headerBytesMax,
    connectionsCheckingInterval: limits.checkMs,
    // A header that is sent twice is joined, and then it is not what we accept.
    joinDuplicateHeaders: true,
  }
}

function limited<S extends Server>(server: S, limits: ListenerLimits): S {
  server.setTimeout(limits.inactiveMs)
  server.maxRequestsPerSocket = 0
  server.maxConnections = limits.connectionsMax
  return server
}

/** Answers what is no HTTP, or too slow, with a bare problem, and closes. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { bytes } = problemResponse(new GatewayError('malformed-request'))
  const [status, body] = CLIENT_ERRORS[error.code ?? ''] ?? ['400 Bad Request', bytes.toString()]
  const type = body === '' ? '' : `Content-Type: ${PROBLEM_CONTENT_TYPE}\r\n`
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`,
  )
}

const PARAMETER_CHARACTERS_MAX = 4_096
const CLIENT_ERRORS: Readonly<Record<string, readonly [status: string, body: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', ''],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', ''],
}
