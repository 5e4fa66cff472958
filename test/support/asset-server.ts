import { createServer, type Server } from 'node:https'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:tls'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { AssetProxy, type AssetProxyOptions } from '../../src/delivery/asset-proxy.ts'
import type { TlsIdentity } from '../../src/delivery/tls-identity.ts'
import { parseAssetHost, parseAssetUrl } from '../../src/model/asset-url.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { createAuthority } from './certificates.ts'

/** As little as a public authority does it know providers: only hosts of assets. */
export const assetAuthority = await createAuthority()
export const assetHost = 'assets.c.example'
const assetIdentity = await assetAuthority.issue({ names: [assetHost] })

/** A real HTTPS server of assets.c.example, which asks for no certificate; its port. */
export async function startAssetServer(
  listener: RequestListener,
  identity: TlsIdentity = assetIdentity,
): Promise<number> {
  return ended(await openAssetServer(listener, identity))
}

export interface AssetServer extends AsyncDisposable {
  readonly port: number
}

/** The same for more than one test. */
export function openAssetServer(
  listener: RequestListener,
  identity: TlsIdentity,
): Promise<AssetServer> {
  return listen(createServer({ cert: identity.certificate, key: identity.key }, listener))
}

/** A TLS server of assets.c.example that speaks bytes, not HTTP. */
export async function startRawAssetServer(
  onRequest: (socket: Socket, head: string) => void,
): Promise<number> {
  const { certificate: cert, key } = assetIdentity
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => onRequest(socket, bytes.toString('latin1')))
  })
  return ended(await listen(server))
}

/** A proxy that finds assets.c.example at `port`. Destroyed when the test ends. */
export function assetProxy(
  port: number | undefined,
  options: Partial<AssetProxyOptions> = {},
): AssetProxy {
  const provider = parseProviderDomain('c.example')
  const address = port === undefined ? undefined : `127.0.0.1:${port}`
  const proxy = new AssetProxy({
    homes: new Map([[parseAssetHost(assetHost), { provider, address }]]),
    authorities: [assetAuthority.pem],
    ...options,
  })
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  return proxy
}

/** A download for b.example. */
export function fetchOf(url: string, signal: AbortSignal = new AbortController().signal) {
  return { url: parseAssetUrl(url), requester: parseProviderDomain('b.example'), signal }
}

function ended(server: AssetServer): number {
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server.port
}

async function listen(server: Server | ReturnType<typeof createTlsServer>): Promise<AssetServer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      return Promise.resolve()
    },
  }
}
