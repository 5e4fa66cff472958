import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a server that can break, or become slow, in the middle of a conversation. */
export interface TcpProxy extends Disposable {
  readonly port: number
  /** Breaks all connections and takes no more. */
  cut(): void
  /** Holds answers back this long, or for good with `Infinity`. */
  delay(ms: number): void
  /** Takes connections again, and passes all on at once, in order; after `Infinity` only on new ones. */
  heal(): void
}

/** Closed when the test ends. */
export async function tcpProxy(target: Target): Promise<TcpProxy> {
  const proxy = await openTcpProxy(target)
  onTestFinished(() => proxy[Symbol.dispose]())
  return proxy
}

interface Target {
  readonly host: string
  readonly port: number
}

export async function openTcpProxy(target: Target): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let isCut = false
  let delayMs = 0
  const server = createServer((client) => {
    if (isCut) return void client.destroy()
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => upstream.write(chunk))
    // Answers stay in their order: each waits for the ones before it.
    const held: Buffer[] = []
    let freeAtMs = 0
    upstream.on('data', (chunk) => {
      const nowMs = performance.now()
      freeAtMs = Math.max(freeAtMs, nowMs + delayMs)
      if (freeAtMs <= nowMs) return void client.write(chunk)
      if (freeAtMs === Infinity) return
      held.push(chunk)
      timers.add(setTimeout(() => client.write(held.shift() ?? ''), freeAtMs - nowMs))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const breakAll = (): void => {
    for (const timer of timers) clearTimeout(timer)
    for (const socket of sockets) socket.destroy()
  }
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    cut: () => {
      isCut = true
      breakAll()
    },
    delay: (ms) => {
      delayMs = ms
    },
    heal: () => {
      isCut = false
      delayMs = 0
    },
    [Symbol.dispose]: () => {
      breakAll()
      server.close()
    },
  }
}
