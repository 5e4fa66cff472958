import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

/** A way to an HTTP server on which answers can get lost: the request arrives, the answer does not. */
export interface LossyProxy {
  readonly url: string
  /** Loses the answer to the next request whose path contains `part`. */
  loseNext(part: string): void
  /** Loses the next such request itself. */
  dropNext(part: string): void
}

export async function lossyProxy(target: string): Promise<LossyProxy> {
  const losing: string[] = []
  const dropping: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = 'GET', url = '/', headers } = request
      if (isNext(dropping, url)) return void request.socket.destroy()
      const answer = await fetch(`${target}${url}`, {
        method,
        headers: Object.fromEntries(
          ['authorization', 'content-type'].flatMap((name) => {
            const value = headers[name]
            return typeof value === 'string' ? [[name, value]] : []
          }),
        ),
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (isNext(losing, url)) return void request.socket.destroy()
      response.writeHead(answer.status).end(bytes)
    })().catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    loseNext: (part) => void losing.push(part),
    dropNext: (part) => void dropping.push(part),
  }
}

function isNext(parts: string[], url: string): boolean {
  const index = parts.findIndex((part) => url.includes(part))
  if (index >= 0) parts.splice(index, 1)
  return index >= 0
}
