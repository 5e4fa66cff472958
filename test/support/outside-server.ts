import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as it came, octet by octet. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: Readonly<Record<string, unknown>>
}

/** What a server does with a request: a status, silence, or the end of the connection without an answer. */
export type Reaction = number | 'hang' | 'cut'

/** A real HTTP server somewhere outside. */
export interface OutsideServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** In this order; then 200. */
  readonly reactions: Reaction[]
  /** Headers of every answer. */
  headers: Record<string, string>
}

export async function openOutsideServer({
  port = 0,
  answer = {},
}: { port?: number; answer?: object } = {}): Promise<OutsideServer> {
  const received: Received[] = []
  const reactions: Reaction[] = []
  const sockets = new Set<Socket>()
  const http = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const { method = '', url = '', headers } = request
      const json = JSON.parse(body) as Received['json']
      received.push({ method, path: url, headers, body, json })
      const reaction = reactions.shift() ?? 200
      if (reaction === 'cut') request.socket.destroy()
      if (typeof reaction !== 'number') return
      response.writeHead(reaction, { ...server.headers, 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    })
  })
  http.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    http.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = http.address() as AddressInfo
  const server: OutsideServer = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    received,
    reactions,
    headers: {},
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => {
        http.close(() => resolve())
      })
    },
  }
  return server
}

/** The same, closed when the test ends. */
export async function outsideServer(
  options: Parameters<typeof openOutsideServer>[0] = {},
): Promise<OutsideServer> {
  const server = await openOutsideServer(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}
