import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'
import { readProxyData, tlsOptions } from './proxy-data.ts'

// Row b: node:https in front, undici dispatch behind, bodies buffered, headers passed on, nothing else.

const data = readProxyData()
const pool = new Pool(data.upstream, { connections: 64, pipelining: 1 })

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding'])

createServer(tlsOptions(data), (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => passOn(request, response, joined(chunks)))
}).listen(data.port, '127.0.0.1')

function passOn(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers = passed(request.rawHeaders)
  pool.dispatch({ path: request.url ?? '/', method: 'POST', headers, body }, new Answer(response))
}

/** Everything but what belongs to one connection. */
function passed(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? '')
  }
  return kept
}

class Answer implements Dispatcher.DispatchHandler {
  private readonly response: ServerResponse
  private readonly chunks: Buffer[] = []
  private status = 0
  private headers: string[] = []

  constructor(response: ServerResponse) {
    this.response = response
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status
    for (const [name, value] of Object.entries(headers))
      if (!HOP_BY_HOP.has(name)) this.headers.push(name, String(value))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.response.writeHead(this.status, this.headers)
    this.response.end(joined(this.chunks))
  }

  onResponseError(): void {
    this.response.destroy()
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}

process.on('SIGTERM', () => process.exit())
