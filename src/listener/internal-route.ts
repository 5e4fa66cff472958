import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import type { SchemaName } from './internal-schemas.ts'

/** What a route's work sees of a request. */
export interface RouteInput {
  /** The decoded path variable; empty where the route has none. */
  readonly target: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly context: RequestContext
}

/** One route of the internal contract: what serves it and what documents it. */
export interface InternalRoute {
  readonly method: 'GET' | 'POST'
  /** Without the variable at its end. */
  readonly path: string
  readonly variable?: string
  /** What stands behind the variable, with its slash. */
  readonly suffix?: string
  readonly summary: string
  /** Natural numbers, unless they are text. */
  readonly query?: readonly {
    readonly name: string
    readonly required: boolean
    readonly text?: true
  }[]
  readonly header?: { readonly name: string; readonly description: string }
  readonly body?: 'octets' | SchemaName
  readonly bodyBytesMax: number
  readonly answer: {
    readonly status: string
    readonly body: 'octets' | SchemaName | 'object'
    /** Whether there is a page for people too. */
    readonly page?: boolean
  }
  readonly run: (input: RouteInput) => Promise<ListenerResponse>
}

/** A JSON answer. */
export function json(status: number, document: object): ListenerResponse {
  const headers = { contentType: 'application/json' }
  return { status, bytes: Buffer.from(JSON.stringify(document)), headers }
}

/** A JSON body. Throws `malformed-body`. */
export function parseJson<T>(schema: z.ZodType<T>, bytes: Buffer): T {
  const parsed = schema.safeParse(readJson(bytes))
  if (parsed.success) return parsed.data
  throw new GatewayError('malformed-body', { facts: { issues: parsed.error.issues.length } })
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw new GatewayError('malformed-body')
  }
}

/** A natural number in a query. Throws `malformed-request`. */
export function wholeNumber(text: string | null, max: number): number {
  const value = text !== null && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  throw new GatewayError('malformed-request', { facts: { part: 'query' } })
}

export const INTERNAL_PREFIX = '/internal/v1'

/** Canonical only: what would not be encoded the same way is refused with `malformed-body`. */
export function parseBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new GatewayError('malformed-body')
  return bytes
}
