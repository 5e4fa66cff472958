import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Standing } from '../../src/issuer/token-class.ts'

/** How it answers. */
export type AttesterMood =
  /** By its accounts; what it does not know is 401. */
  | 'knows'
  /** Takes the question and never answers. */
  | 'silent'
  /** Closes the connection. */
  | 'hangs-up'
  | { readonly status: number; readonly body: string }

/** A provider's service that knows whose credentials these are, over HTTP. */
export class AttesterServer implements AsyncDisposable {
  mood: AttesterMood = 'knows'
  /** Account and standing by bearer token. */
  readonly accounts = new Map<string, { readonly account: string; readonly standing: Standing }>()
  /** The bodies that it was asked with. */
  readonly questions: string[] = []
  private readonly server: Server
  private readonly held = new Set<ServerResponse>()

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => this.answer(Buffer.concat(chunks).toString(), response))
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve)
    })
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/attest?v=1`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const response of this.held) response.destroy()
    const closed = new Promise((resolve) => {
      this.server.close(resolve)
    })
    this.server.closeAllConnections()
    await closed
  }

  private answer(question: string, response: ServerResponse): void {
    this.questions.push(question)
    const { mood } = this
    if (mood === 'silent') this.held.add(response)
    else if (mood === 'hangs-up') response.destroy()
    else if (mood === 'knows') {
      const { authorization } = JSON.parse(question) as { authorization: string }
      const account = this.accounts.get(authorization.replace(/^Bearer /, ''))
      response.writeHead(account === undefined ? 401 : 200).end(JSON.stringify(account ?? {}))
    } else response.writeHead(mood.status).end(mood.body)
  }
}
