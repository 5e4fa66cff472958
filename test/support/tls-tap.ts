import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { tlsContextOptions, type TlsIdentity } from '../../src/delivery/tls-identity.ts'

/** One HTTP message as it crossed. */
export interface Crossed {
  /** Request line or status line. */
  readonly start: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface TapRoute {
  /** What it shows to the one who calls: the certificate of the one who is called. */
  readonly server: TlsIdentity
  /** With which it calls on: the certificate of the one who calls. */
  readonly client: TlsIdentity
  readonly servername: string
  readonly port: number
}

/**
 * Stands between two gateways, ends the mutual TLS of both and writes down every octet that crosses.
 * Only whoever has the keys of both can do that: a test.
 */
export class TlsTap implements AsyncDisposable {
  readonly port: number
  readonly requests: Crossed[] = []
  readonly responses: Crossed[] = []
  private server: Server | undefined
  private readonly sockets = new Set<TLSSocket>()

  /** Nothing gets through before `route`. */
  constructor(port: number) {
    this.port = port
  }

  async route({ server, client, servername, port }: TapRoute): Promise<void> {
    const options = { ...tlsContextOptions(server), requestCert: true, rejectUnauthorized: true }
    this.server = createServer(options, (incoming) => {
      const outgoing = connect({
        ...tlsContextOptions(client),
        host: '127.0.0.1',
        port,
        servername,
      })
      this.pass(incoming, outgoing, this.requests)
      this.pass(outgoing, incoming, this.responses)
    })
    await new Promise<void>((resolve) => {
      this.server?.listen(this.port, '127.0.0.1', resolve)
    })
  }

  /** The requests for an operation. */
  of(operation: string): readonly Crossed[] {
    return this.requests.filter(({ start }) => start.startsWith(`POST /${operation}/`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => {
      if (this.server === undefined) resolve(undefined)
      else this.server.close(resolve)
    })
  }

  private pass(from: TLSSocket, to: TLSSocket, into: Crossed[]): void {
    this.sockets.add(from)
    let unread = Buffer.alloc(0)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.sockets.delete(from)
      to.destroy()
    })
    from.on('data', (chunk: Buffer) => {
      to.write(chunk)
      unread = Buffer.concat([unread, chunk])
      for (let message = firstOf(unread); message !== undefined; message = firstOf(unread)) {
        into.push(message.crossed)
        unread = unread.subarray(message.length)
      }
    })
  }
}

/** The first whole message; all of ours say their length. */
function firstOf(bytes: Buffer): { crossed: Crossed; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [start = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  if (headers.has('transfer-encoding')) throw new Error('chunked')
  const length = end + 4 + Number(headers.get('content-length') ?? 0)
  if (bytes.length < length) return undefined
  const body = Buffer.from(bytes.subarray(end + 4, length))
  return { crossed: { start, headers, body }, length }
}
