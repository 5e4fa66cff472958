import type { Socket } from 'node:net'
import type { ConnectionCaps } from './connection-caps.ts'
import { problemResponse, PROBLEM_CONTENT_TYPE } from './problems.ts'
import { GatewayError } from '../model/errors.ts'

/** Every bound of a listener that is not of one operation. */
export interface ListenerLimits extends ConnectionCaps {
  readonly connectionsMax: number
  /** Requests under way; one more is `queue-full`. */
  readonly inFlightMax: number
  readonly headerBytesMax: number
  /** For the TLS handshake, and again for the whole head of a request. */
  readonly headersMs: number
  /** For a whole request, from its first byte to its last. */
  readonly requestMs: number
  readonly keepAliveMs: number
  /** A connection on which nothing moves for so long is closed, also while an answer waits to be read. */
  readonly inactiveMs: number
  /** How often the time limits are looked at. */
  readonly checkMs: number
}

/** The part of Fastify's options that every listener shares. */
export function serverOptions(limits: ListenerLimits) {
  return {
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    connectionTimeout: limits.inactiveMs,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.requestMs,
    maxRequestsPerSocket: 0,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX, caseSensitive: true },
  }
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
    `HTTP/1.1 ${status}\r\nConnection: close\r\n${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

export const listenerLimitDefaults: ListenerLimits = {
  handshakesPerAddressMax: 256,
  connectionsPerPeerMax: 256,
  connectionsMax: 10_000,
  inFlightMax: 10_000,
  headerBytesMax: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  inactiveMs: 120_000,
  checkMs: 5_000,
}
const PARAMETER_CHARACTERS_MAX = 4_096
const CLIENT_ERRORS: Readonly<Record<string, readonly [status: string, body: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', ''],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', ''],
}
