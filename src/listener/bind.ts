import { once } from 'node:events'
import { chmod, lstat, mkdir, rm } from 'node:fs/promises'
import type { Server as HttpServer } from 'node:http'
import { connect, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { GatewayError } from '../model/errors.ts'

/** Where a server listens. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }

/**
 * Binds; resolves to the port in use, 0 for a socket. A socket has mode 0600 from its first moment and
 * replaces one that a dead process left. Throws `configuration-invalid` where a live one answers.
 */
export async function bind(server: Server, endpoint: Endpoint): Promise<number> {
  const sockets = new Set<Socket>()
  socketsOf.set(server, sockets)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  if (endpoint.kind === 'socket') {
    await bindSocket(server, endpoint.path)
    return 0
  }
  server.listen(endpoint.port, endpoint.host)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : endpoint.port
}

/**
 * Stops listening and closes every connection, whatever is under way. The HTTP server itself knows no
 * connection whose TLS handshake is not over, and would serve it afterwards.
 */
export async function unbind(server: HttpServer): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  for (const socket of socketsOf.get(server) ?? []) socket.destroy()
  await closed
}

/** Whether only this machine can connect. */
export function isLocal(endpoint: Endpoint): boolean {
  return endpoint.kind === 'socket' || LOOPBACK.test(endpoint.host)
}

async function bindSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw new GatewayError('configuration-invalid', { facts: { socketBytesMax: PATH_BYTES_MAX } })
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await removeStale(path)
  // INVARIANT: bind happens inside listen(), so nobody meets the socket with another mode.
  const mask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(mask)
  }
  await once(server, 'listening')
  await chmod(path, 0o600)
}

/**
 * Removes a socket that a dead process left, and nothing else. Throws `configuration-invalid` where a
 * live one answers: call it before anything that only one process may open.
 */
export async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket() || (await answers(path)))
    throw new GatewayError('configuration-invalid', { facts: { reason: 'socket-in-use' } })
  await rm(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** The open connections of each server that was bound. */
const socketsOf = new WeakMap<Server, Set<Socket>>()
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/
const PATH_BYTES_MAX = 100
