import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Pool, type Dispatcher } from 'undici'

/** What this process is started with, as JSON in its first argument. */
export interface BareFanoutData {
  readonly port: number
  readonly sinkPort: number
  readonly domains: readonly string[]
  readonly from: string
  readonly path: string
  readonly suite: string
  readonly certificate: string
  readonly key: string
  readonly ca: string
}

// Row e0: each body that comes in goes out to every follower over mutual TLS, and nothing else happens.

const data: BareFanoutData = JSON.parse(process.argv[2] ?? '')
const pools = data.domains.map((domain) => {
  const pool = new Pool(`https://127.0.0.1:${data.sinkPort}`, {
    connections: 1,
    pipelining: 1,
    connect: {
      servername: domain,
      cert: readFileSync(data.certificate),
      key: readFileSync(data.key),
      ca: readFileSync(data.ca),
      minVersion: 'TLSv1.3',
    },
  })
  const headers = ['host', domain, 'from', data.from, 'content-type', 'application/octet-stream']
  headers.push('mimi-metadata-suite', data.suite)
  return { pool, headers }
})

const ignored: Dispatcher.DispatchHandler = {
  onRequestStart: () => {},
  onResponseStart: (_controller, status) => {
    if (status !== 201) throw new Error('a follower did not take it')
  },
  onResponseData: () => {},
  onResponseEnd: () => {},
  onResponseError: (_controller, error) => {
    throw error
  },
}

createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    for (const { pool, headers } of pools)
      pool.dispatch({ path: data.path, method: 'POST', headers, body }, ignored)
    response.writeHead(200, ['content-length', '0'])
    response.end()
  })
}).listen(data.port, '127.0.0.1')

process.on('SIGTERM', () => process.exit())
