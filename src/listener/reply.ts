import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { GatewayError } from '../model/errors.ts'
import type { BudgetStanding, ListenerResponse, StreamedBody } from '../model/handle.ts'
import { PROBLEM_CONTENT_TYPE, problemResponse } from './problems.ts'
import { rateLimit, rateLimitPolicy } from './rate-limit-fields.ts'

/** INVARIANT: these are the only headers that a listener sends, beside Node's Date, Connection and Keep-Alive. */
export interface ReplyHead {
  readonly status: number
  readonly contentType?: string
  readonly suite?: string | undefined
  readonly agreement?: string | undefined
  readonly compliance?: string | undefined
  readonly reportReceipt?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly budgets?: readonly BudgetStanding[] | undefined
  readonly cacheControl?: string
  readonly allow?: string | undefined
  /** `WWW-Authenticate`, at most 8,192 characters. */
  readonly authenticate?: string | undefined
  readonly close?: boolean
  /** With its quotation marks. */
  readonly etag?: string
  readonly vary?: string
  /** For pages; `X-Content-Type-Options` and `Referrer-Policy` come with it. */
  readonly contentSecurityPolicy?: string
}

/** Sends an answer of the pipeline. */
export function sendAnswer(response: ServerResponse, answer: ListenerResponse): void {
  const { status, bytes, headers } = answer
  send(response, { status, ...headers }, bytes)
}

/**
 * Sends an answer whose body is still on its way, as fast as it is read; resolves when it is through.
 * Where it fails the connection breaks: nobody may take a part for the whole.
 */
export async function sendStreamed(
  response: ServerResponse,
  { status, headers }: ListenerResponse,
  { length, stream }: StreamedBody,
): Promise<void> {
  if (!response.headersSent && !response.destroyed) {
    const head = headersOf({ status, ...headers })
    head.push('content-type', headers?.contentType ?? OCTETS)
    if (length !== undefined) head.push('content-length', String(length))
    response.writeHead(status, head)
  }
  try {
    await pipeline(stream, response)
  } catch {
    // Whoever gave the stream knows why it failed, and there is nobody left to tell.
  }
}

/** Sends the RFC 9457 problem of a fault; after a body that was not read, the connection closes. */
export function sendProblem(
  response: ServerResponse,
  fault: unknown,
  more: Pick<ReplyHead, 'allow' | 'budgets'> = {},
): void {
  const { status, bytes, retryAfterSeconds } = problemResponse(fault)
  const code = fault instanceof GatewayError ? fault.code : 'internal'
  const close = code === 'body-too-large' || code === 'draining'
  const authenticate = fault instanceof GatewayError ? fault.challenge : undefined
  const contentType = PROBLEM_CONTENT_TYPE
  const head = { status, contentType, retryAfterSeconds, close, authenticate, ...more }
  send(response, head, bytes)
}

/**
 * Head and body in one write: Node joins them where the body is a latin1 string, and larger ones go out
 * corked. Drops an answer whose requester is gone.
 */
export function send(response: ServerResponse, head: ReplyHead, bytes: Buffer): void {
  if (response.headersSent || response.destroyed) return
  const headers = headersOf(head)
  if (bytes.length > 0) headers.push('content-type', head.contentType ?? OCTETS)
  if (head.status !== 204 && head.status !== 304)
    headers.push('content-length', String(bytes.length))
  response.writeHead(head.status, headers)
  if (bytes.length > JOINED_BYTES_MAX) response.end(bytes)
  else response.end(bytes.toString('latin1'), 'latin1')
}

/** All but the headers that describe the body. */
function headersOf(head: ReplyHead): string[] {
  const headers: string[] = []
  if (head.suite !== undefined) pushChecked(headers, 'mimi-metadata-suite', head.suite)
  if (head.agreement !== undefined) pushChecked(headers, 'mimi-metadata-agreement', head.agreement)
  if (head.compliance !== undefined)
    pushChecked(headers, 'mimi-compliance-metadata', head.compliance)
  if (head.reportReceipt !== undefined)
    pushChecked(headers, 'mimi-report-receipt', head.reportReceipt)
  if (head.retryAfterSeconds !== undefined)
    headers.push('retry-after', String(head.retryAfterSeconds))
  if (head.budgets !== undefined)
    headers.push(
      'ratelimit-policy',
      rateLimitPolicy(head.budgets),
      'ratelimit',
      rateLimit(head.budgets),
    )
  if (head.cacheControl !== undefined) headers.push('cache-control', head.cacheControl)
  if (head.allow !== undefined) headers.push('allow', head.allow)
  if (head.authenticate !== undefined && CHALLENGE.test(head.authenticate))
    headers.push('www-authenticate', head.authenticate)
  if (head.etag !== undefined) headers.push('etag', head.etag)
  if (head.vary !== undefined) headers.push('vary', head.vary)
  if (head.contentSecurityPolicy !== undefined)
    headers.push(
      'content-security-policy',
      head.contentSecurityPolicy,
      'x-content-type-options',
      'nosniff',
      'referrer-policy',
      'no-referrer',
    )
  if (head.close === true) headers.push('connection', 'close')
  return headers
}

function pushChecked(headers: string[], name: string, value: string): void {
  if (HEADER_VALUE.test(value)) headers.push(name, value)
}

const OCTETS = 'application/octet-stream'
const JOINED_BYTES_MAX = 16_384
const CHALLENGE = /^[\x20-\x7e]{1,8192}$/
const HEADER_VALUE = /^[\x21-\x7e]{1,512}$/
