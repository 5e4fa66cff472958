import { request as httpsRequest, type Agent } from 'node:https'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { TlsIdentity } from '../../src/delivery/tls-identity.ts'
import { PeersListener, type PeersListenerOptions } from '../../src/listener/peers-listener.ts'
import { createAuthority } from './certificates.ts'

export const authority = await createAuthority()
export const hubIdentity = await authority.issue({ names: ['a.example'] })
export const followerIdentity = await authority.issue({ names: ['b.example'] })

const operationsTable = [
  { operation: 'submitMessage', path: '/submitMessage', bodyBytesMax: 4_096 },
  { operation: 'notify', path: '/notify', bodyBytesMax: 65_536 },
  { operation: 'requestConsent', path: '/requestConsent', bodyBytesMax: 4_096 },
] as const

/** A listener of a.example that echoes, unless told otherwise. Closed when the test ends. */
export async function startPeersListener(options: Partial<PeersListenerOptions> = {}) {
  const listener = new PeersListener({
    identity: hubIdentity,
    operations: operationsTable,
    handle: ({ bytes }) => Promise.resolve({ status: 200, bytes }),
    standing: () => 'allowed',
    directory: () => Buffer.from('{}'),
    clock: () => 1_000,
    ...options,
  })
  onTestFinished(() => listener[Symbol.asyncDispose]())
  return { listener, port: await listener.listen({ host: '127.0.0.1', port: 0 }) }
}

export interface PeerRequest {
  readonly port: number
  readonly path?: string
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer | string
  readonly identity?: TlsIdentity | undefined
  readonly tls?: ConnectionOptions
  readonly agent?: Agent
}

export interface PeerReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One HTTPS request as b.example would send it. */
export function peerRequest(options: PeerRequest): Promise<PeerReply> {
  const { port, method = 'POST', body = '', headers = {}, agent } = options
  const { promise, resolve, reject } = Promise.withResolvers<PeerReply>()
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    method,
    path: options.path ?? '/submitMessage/a.example/r/clubhouse',
    headers: present({ host: 'a.example', from: 'mimi@b.example', ...headers }),
    ...tlsOptions(options),
    agent: agent ?? false,
  })
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks),
      }),
    )
  })
  request.end(body)
  return promise
}

/** A TLS connection of b.example, to write on what no HTTP library would. */
export async function peerSocket(options: Omit<PeerRequest, 'path'>): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: options.port, ...tlsOptions(options) })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** Everything that the other side sends until it closes. */
export async function readToEnd(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

export function problemCode(reply: PeerReply): string {
  const problem = JSON.parse(reply.body.toString()) as { code: string }
  return problem.code
}

function tlsOptions({
  identity = followerIdentity,
  tls,
}: {
  identity?: TlsIdentity | undefined
  tls?: ConnectionOptions
}) {
  return {
    servername: 'a.example',
    cert: identity.certificate,
    key: identity.key,
    ca: [...identity.authorities],
    ...tls,
  }
}

function present(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}
