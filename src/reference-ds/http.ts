import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { treeBytesMax } from '../wire/mimi/bounds.ts'
import type { DsLog } from './context.ts'
import { DsProblem, problemCode, replyProblem } from './problems.ts'

/** A server that takes every body as bytes, of at most `BODY_BYTES_MAX`, and answers faults as problems. */
export function octetServer(log: DsLog): FastifyInstance {
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    forceCloseConnections: true,
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  server.setErrorHandler((error, _request, reply) => {
    const code = problemCode(error)
    if (code === 'internal') log({ event: 'request-failed', code })
    return replyProblem(reply, error)
  })
  server.setNotFoundHandler((_request, reply) => replyProblem(reply, new DsProblem('not-found')))
  return server
}

export function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

export function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A path variable, percent-decoded once. Throws `malformed-body` where the route has none. */
export function param({ params }: FastifyRequest, name: string): string {
  const value = entry(params, name)
  if (value === undefined) throw new DsProblem('malformed-body')
  return value
}

/** A query parameter that is a natural number, or `fallback` where it is absent. Throws `malformed-body`. */
export function naturalQuery({ query }: FastifyRequest, name: string, fallback: number): number {
  const value = entry(query, name)
  if (value === undefined) return fallback
  if (!/^\d{1,15}$/.test(value)) throw new DsProblem('malformed-body')
  return Number(value)
}

function entry(values: unknown, name: string): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined
  const value: unknown = Object.entries(values).find(([key]) => key === name)?.[1]
  return typeof value === 'string' ? value : undefined
}

/** A commit of a large room: its GroupInfo, Welcome and tree. */
const BODY_BYTES_MAX = 2 * treeBytesMax
const PARAMETER_LENGTH_MAX = 4_096
