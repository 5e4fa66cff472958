import type { FastifyReply } from 'fastify'
import { GatewayError } from '../model/errors.ts'
import { WireError } from '../wire/errors.ts'

/** What the reference delivery service can answer instead of a result. docs/reference-ds.md lists them. */
export type DsProblemCode = keyof typeof statuses

const statuses = {
  'malformed-body': 400,
  'invalid-uri': 400,
  'path-body-mismatch': 400,
  unauthenticated: 401,
  'not-yours': 403,
  'not-a-member': 403,
  'not-the-hub': 403,
  'not-found': 404,
  'room-unknown': 404,
  'client-exists': 409,
  'room-exists': 409,
  'pseudonym-taken': 409,
  'body-too-large': 413,
  'invalid-group-info': 422,
  'invalid-key-package': 422,
  'too-many-key-packages': 422,
  internal: 500,
  'unsupported-operation': 501,
  'gateway-unreachable': 502,
  'gateway-invalid': 502,
} as const

/** A refusal with a code; its message is the code, so nothing user-supplied can reach a log through it. */
export class DsProblem extends Error {
  override readonly name = 'DsProblem'
  readonly code: DsProblemCode

  constructor(code: DsProblemCode, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** Answers any thrown value as an RFC 9457 problem; what has no code becomes an opaque 500. */
export function replyProblem(reply: FastifyReply, thrown: unknown): FastifyReply {
  const code = problemCode(thrown)
  return reply
    .code(statuses[code])
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ type: `urn:postern:error:${code}`, status: statuses[code], code }))
}

/** The code of any thrown value: `internal` for what has none. */
export function problemCode(thrown: unknown): DsProblemCode {
  if (thrown instanceof DsProblem) return thrown.code
  if (thrown instanceof WireError) return 'malformed-body'
  if (thrown instanceof GatewayError) return isProblemCode(thrown.code) ? thrown.code : 'internal'
  const status = httpStatus(thrown)
  if (status === 413) return 'body-too-large'
  if (status === 404) return 'not-found'
  return status >= 400 && status < 500 ? 'malformed-body' : 'internal'
}

function isProblemCode(code: string): code is DsProblemCode {
  return Object.hasOwn(statuses, code)
}

/** The status that Fastify gives to its own errors; 0 where there is none. */
function httpStatus(thrown: unknown): number {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return 0
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : 0
}
