import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Load } from '../load.ts'

/** One run: so many requests, each of another account. */
export interface TokenRun {
  readonly port: number
  readonly contentType: string
  /** Base64. */
  readonly body: string
  readonly count: number
  readonly connections: number
}

/** What this process says: where its attester is, and then how long each run took. */
export type TokenClientsReport = { readonly attester: string } | { readonly elapsedMs: number }

// The clients of an issuer and the service that knows them: nothing here counts as the issuer's work.

let accounts = 0
const attester = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    accounts += 1
    const answer = JSON.stringify({ account: `account-${accounts}`, standing: 'normal' })
    response.writeHead(200, { 'content-length': answer.length }).end(answer)
  })
})
attester.listen(0, '127.0.0.1', () => {
  const { port } = attester.address() as AddressInfo
  process.send?.({ attester: `http://127.0.0.1:${port}/` } satisfies TokenClientsReport)
})

process.on('message', (run: TokenRun) => void measure(run))
process.on('disconnect', () => process.exit(0))

async function measure({ port, contentType, body, count, connections }: TokenRun): Promise<void> {
  const bytes = Buffer.from(body, 'base64')
  const head = [
    'POST /token-request HTTP/1.1',
    'host: tokens.example',
    'authorization: Bearer benchmark',
    `content-type: ${contentType}`,
    `content-length: ${bytes.length}`,
  ]
  const request = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
  const requests = () => () => request
  using load = await Load.open({ port, tls: undefined, connections, requests, status: 200 })
  const startMs = performance.now()
  await load.sendAll(count)
  const report: TokenClientsReport = { elapsedMs: performance.now() - startMs }
  process.send?.(report)
}
