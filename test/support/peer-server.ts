import { createServer, type Server } from 'node:https'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { PeerClients, type PeerClientsOptions } from '../../src/delivery/peer-clients.ts'
import { tlsContextOptions, type TlsIdentity } from '../../src/delivery/tls-identity.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { parseDirectory } from '../../src/protocols/mimi/directory.ts'
import { createAuthority } from './certificates.ts'

export const authority = await createAuthority()
const hub = parseProviderDomain('a.example')
export const follower = parseProviderDomain('b.example')
const hubIdentity = await authority.issue({ names: ['a.example'] })
export const followerIdentity = await authority.issue({ names: ['b.example'] })

export const directoryDocument = JSON.stringify({
  notify: 'https://b.example/v1/notify/{roomId}',
  submitMessage: 'https://b.example/v1/submitMessage/{roomId}',
})

/** A real HTTPS server of b.example; its port. */
export async function startPeer(
  listener: RequestListener,
  identity: TlsIdentity = followerIdentity,
  tls: TlsOptions = {},
) {
  const server = createServer(
    { ...tlsContextOptions(identity), requestCert: true, ...tls },
    listener,
  )
  return listen(server)
}

/** Answers the directory itself and the rest with `listener`. */
export function startPeerWithDirectory(listener: RequestListener) {
  return startPeer((request, response) => {
    if (request.url === '/.well-known/mimi-protocol-directory') response.end(directoryDocument)
    else listener(request, response)
  })
}

/** A TLS server of b.example that speaks bytes, not HTTP, after the directory. */
export async function startRawPeer(onRequest: (socket: Socket, head: string) => void) {
  const server = createTlsServer({ ...tlsContextOptions(followerIdentity) }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      const head = bytes.toString('latin1')
      if (!head.startsWith('GET /.well-known/')) onRequest(socket, head)
      else socket.write(answer(directoryDocument))
    })
  })
  return listen(server)
}

/** Peer clients of a.example that find b.example at `port`. Destroyed when the test ends. */
export function peerClients(port: number, options: Partial<PeerClientsOptions> = {}): PeerClients {
  const clients = new PeerClients({
    domain: hub,
    identity: hubIdentity,
    parseDirectory,
    clock: () => 1_000,
    addressOf: () => `127.0.0.1:${port}`,
    ...options,
  })
  onTestFinished(() => clients[Symbol.asyncDispose]())
  return clients
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

async function listen(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
