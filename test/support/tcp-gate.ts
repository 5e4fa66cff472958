import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a server that the test can cut. */
export interface TcpGate {
  readonly port: number
  /** Breaks every connection and lets none through. */
  readonly shut: () => void
  readonly open: () => void
  /** Breaks each connection when it is about to answer the next request, which has arrived. */
  readonly loseNextAnswer: () => void
}

export async function tcpGate(target: { host: string; port: number }): Promise<TcpGate> {
  const sockets = new Set<Socket>()
  let isShut = false
  let isLosing = false
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((near) => {
    if (isShut) {
      near.destroy()
      return
    }
    const far = connect(target.port, target.host)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes: Buffer) => {
      if (!isLosing) {
        near.write(bytes)
        return
      }
      isLosing = false
      near.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    breakAll()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    shut: () => {
      isShut = true
      breakAll()
    },
    open: () => (isShut = false),
    loseNextAnswer: () => (isLosing = true),
  }
}
