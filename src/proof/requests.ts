import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { tlsContextOptions, type TlsIdentity } from '../delivery/tls-identity.ts'

/** What a listener answered. */
export interface Reply {
  readonly status: number
  /** Names and values in turn, without what only says when and how it was sent. */
  readonly headers: readonly string[]
  readonly body: Buffer
  /** Whether it is an RFC 9457 problem. */
  readonly isProblem: boolean
}

export interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** A request at the listener for other providers, with the certificate of one of them. */
export function sendAsPeer(
  to: { readonly port: number; readonly domain: string },
  identity: TlsIdentity,
  sent: Sent,
): Promise<Reply> {
  return exchange(sent, (options) =>
    httpsRequest({
      ...options,
      ...tlsContextOptions(identity),
      host: '127.0.0.1',
      port: to.port,
      servername: to.domain,
      agent: false,
    }),
  )
}

/** A request at the internal listener, as our own delivery service makes it. */
export function sendInternally(socketPath: string, sent: Sent): Promise<Reply> {
  return exchange(sent, (options) => httpRequest({ ...options, socketPath, agent: false }))
}

async function exchange(
  { method = 'POST', path, headers, body = NOTHING }: Sent,
  open: (options: RequestOptions) => ReturnType<typeof httpRequest>,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const length = method === 'POST' ? { 'content-length': String(body.length) } : {}
  const outgoing = open({ method, path, headers: { ...headers, ...length } })
  outgoing.once('error', reject)
  outgoing.once('response', resolve)
  outgoing.end(body)
  const incoming = await promise
  const chunks: Buffer[] = []
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  const type = incoming.headers['content-type'] ?? ''
  return {
    status: incoming.statusCode ?? 0,
    headers: lasting(incoming.rawHeaders),
    body: Buffer.concat(chunks),
    isProblem: type === 'application/problem+json',
  }
}

function lasting(raw: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (!PASSING.has(name.toLowerCase())) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}

const PASSING: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive'])
const NOTHING = Buffer.alloc(0)
