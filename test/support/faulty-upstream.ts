import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerResponse } from 'node:http'

/** What stands between a gateway and its delivery service does with a request. */
export type Fault =
  /** Nothing: the delivery service answers. */
  | 'none'
  /** Takes the request and never answers. */
  | 'silent'
  /** Closes the connection instead of an answer; the delivery service never sees the request. */
  | 'hangs-up'
  /** The delivery service does its work, and half of its answer arrives. */
  | 'half-answer'
  /** The delivery service does its work, and its answer is lost. */
  | 'lost-answer'
  /** `503` with `Retry-After: 7`. */
  | 'busy'
  /** `500`. */
  | 'broken'
  /** `200` with something that is no answer. */
  | 'nonsense'

export interface ScriptedAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface Seen {
  /** As in the path. */
  readonly operation: string
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A real HTTP server that passes a gateway's upstream calls on, with faults on demand. */
export class FaultyUpstream implements AsyncDisposable {
  fault: Fault = 'none'
  /** Nothing is answered before it resolves. */
  gate: Promise<void> = Promise.resolve()
  /** What it answers to an operation instead of the delivery service. */
  readonly answers = new Map<string, ScriptedAnswer>()
  /** Everything that was asked for, in its order. */
  readonly seen: Seen[] = []
  /** The real one, `/upstream/v1` included. */
  target = ''
  private readonly server: Server
  private readonly held = new Set<ServerResponse>()
  private port = 0

  constructor() {
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/upstream/v1`
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(this.port, '127.0.0.1', resolve)
    })
    this.port = (this.server.address() as AddressInfo).port
    return this
  }

  /** Nothing listens any more, until `start`. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.server.close(resolve)
    })
    this.server.closeAllConnections()
    await closed
  }

  /** What one operation was asked for since `from` requests ago. */
  requests(operation: string): readonly Seen[] {
    return this.seen.filter((seen) => seen.operation === operation)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const response of this.held) response.destroy()
    if (this.server.listening) await this.stop()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [, , , operation = '', target = ''] = (request.url ?? '').split('/')
    const { headers } = request
    this.seen.push({ operation, target: decodeURIComponent(target), headers, body })
    await this.gate
    const scripted = this.answers.get(operation)
    if (scripted !== undefined) {
      response.writeHead(scripted.status, scripted.headers).end(scripted.bytes)
      return
    }
    switch (this.fault) {
      case 'silent':
        this.held.add(response)
        return
      case 'hangs-up':
        response.destroy()
        return
      case 'busy':
        response.writeHead(503, { 'retry-after': '7' }).end()
        return
      case 'broken':
        response.writeHead(500).end()
        return
      case 'nonsense':
        response.writeHead(200).end('nonsense')
        return
      case 'none':
      case 'half-answer':
      case 'lost-answer':
        await this.pass(request, body, response)
    }
  }

  private async pass(request: IncomingMessage, body: Buffer, response: ServerResponse) {
    const { fault } = this
    const path = (request.url ?? '').replace(/^\/upstream\/v1/, '')
    const answer = await forward(`${this.target}${path}`, request, body)
    if (fault === 'lost-answer') {
      response.destroy()
      return
    }
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.bytes.length })
    if (fault === 'none') {
      response.end(answer.bytes)
      return
    }
    response.write(answer.bytes.subarray(0, answer.bytes.length >> 1), () => response.destroy())
  }
}

interface Forwarded {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
}

function forward(url: string, request: IncomingMessage, body: Buffer): Promise<Forwarded> {
  const { promise, resolve, reject } = Promise.withResolvers<Forwarded>()
  const { method = 'GET', headers } = request
  const { host: _, ...others } = headers
  const outgoing = httpRequest(url, { method, headers: others, agent: false })
  outgoing.on('error', reject)
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = []
    response.on('error', reject)
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      const { 'transfer-encoding': __, ...kept } = response.headers
      resolve({
        status: response.statusCode ?? 0,
        headers: kept,
        bytes: Buffer.concat(chunks),
      })
    })
  })
  outgoing.end(body)
  return promise
}
