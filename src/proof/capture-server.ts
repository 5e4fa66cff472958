import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tlsContextOptions, type TlsIdentity } from '../delivery/tls-identity.ts'

/** One request as it arrived at an end that writes everything down. */
export interface Captured {
  readonly method: string
  /** As it was sent, percent-encoded. */
  readonly path: string
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

export interface Scripted {
  readonly status: number
  readonly body: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** What an end answers to a request; undefined: 200 without a body. */
export type Script = (request: Captured) => Scripted | undefined

export interface CaptureServerOptions {
  /** HTTPS with client certificates; plain HTTP without. */
  readonly identity?: TlsIdentity
  /** A Unix socket instead of a port of loopback. */
  readonly socketPath?: string
  /** Whether clients need no certificate. */
  readonly isPublic?: boolean
}

/** A real server that keeps every request it gets and answers as it is told. */
export class CaptureServer implements AsyncDisposable {
  /** Since `take` was called last. */
  private requests: Captured[] = []
  private script: Script = () => undefined
  private directory: Buffer | undefined
  private readonly server: Server
  private readonly options: CaptureServerOptions

  constructor(options: CaptureServerOptions) {
    this.options = options
    const listener: RequestListener = (request, response) => void this.serve(request, response)
    const { identity, isPublic = false } = options
    this.server =
      identity === undefined
        ? createHttpServer(listener)
        : createHttpsServer(
            {
              ...tlsContextOptions(identity),
              requestCert: !isPublic,
              rejectUnauthorized: !isPublic,
            },
            listener,
          )
  }

  /** Resolves to the port; 0 for a Unix socket. */
  async listen(): Promise<number> {
    const { socketPath } = this.options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.server.once('error', reject)
    if (socketPath === undefined) this.server.listen(0, '127.0.0.1', resolve)
    else this.server.listen(socketPath, resolve)
    await promise
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  answer(script: Script): void {
    this.script = script
  }

  /** Answers requests for the directory with this document, and does not keep them. */
  answerDirectory(document: Buffer): void {
    this.directory = document
  }

  /** What arrived since the last time. */
  take(): readonly Captured[] {
    const taken = this.requests
    this.requests = []
    return taken
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.server.close(resolve)
    await promise
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = this.answerTo(await this.read(request))
      response.writeHead(answer.status, { ...answer.headers }).end(answer.body)
    } catch {
      // Whoever asked went away.
      response.destroy()
    }
  }

  private async read(request: IncomingMessage): Promise<Captured> {
    const chunks: Buffer[] = []
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const { method = '', url = '', rawHeaders } = request
    return { method, path: url, headers: rawHeaders, body: Buffer.concat(chunks) }
  }

  private answerTo(captured: Captured): Scripted {
    if (this.directory !== undefined && captured.path === DIRECTORY_PATH)
      return { status: 200, body: this.directory }
    this.requests.push(captured)
    return this.script(captured) ?? { status: 200, body: NOTHING }
  }
}

/** All that a request shows, in one piece: path, headers, body. */
export function textOf({ path, headers, body }: Captured): Buffer {
  return Buffer.concat([Buffer.from(`${decodeURIComponent(path)}\n${headers.join('\n')}\n`), body])
}

const DIRECTORY_PATH = '/.well-known/mimi-protocol-directory'
const NOTHING = Buffer.alloc(0)
