import type { Readable } from 'node:stream'
import { Pool } from 'undici'
import type { Operation } from '../model/exchange.ts'
import { decode, type Codec } from '../wire/codec.ts'
import { DsProblem } from './problems.ts'

/** What the gateway answered; of its headers only those that a client may use. */
export interface GatewayAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly contentType: string | undefined
  readonly retryAfter: string | undefined
  /** `WWW-Authenticate`. */
  readonly challenge?: string | undefined
  readonly reportReceipt?: string | undefined
}

/** What a client's submission brings beside its body. */
export interface SubmissionHeaders {
  /** `Postern-Sender-Proof`, as the client gave it. */
  readonly senderProof: string | undefined
  /** `Postern-Account`: whose it is. */
  readonly account: string
}

/** An asset that is on its way; `body` fails where it is cut off. */
export type GatewayDownload = Omit<GatewayAnswer, 'bytes'> & {
  readonly length: string | undefined
  readonly body: Readable
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** The internal listener of our own gateway, as docs/internal-api.md describes it. */
export class GatewayLink implements AsyncDisposable {
  private readonly pool: Pool
  private readonly closing = new AbortController()

  /** `http://host:port`, or `unix:/path/of.sock`. */
  constructor(url: string) {
    const socketPath = url.startsWith(UNIX) ? url.slice(UNIX.length) : undefined
    this.pool = new Pool(socketPath === undefined ? url : 'http://localhost', {
      ...(socketPath === undefined ? {} : { socketPath }),
      connections: CONNECTIONS_MAX,
      headersTimeout: CALL_MS_MAX,
      bodyTimeout: CALL_MS_MAX,
    })
  }

  /** Aborts when this link closes: for whatever waits beside it. */
  get signal(): AbortSignal {
    return this.closing.signal
  }

  /** A MIMI body in, the MIMI answer out. Throws `gateway-unreachable`. */
  operation(operation: Operation, target: string, body: Uint8Array): Promise<GatewayAnswer> {
    const path = `/internal/v1/${operation}/${encodeURIComponent(target)}`
    return this.call({ method: 'POST', path, contentType: OCTETS, body })
  }

  /** The same for an application message. Throws `gateway-unreachable`. */
  submitMessage(
    room: string,
    body: Uint8Array,
    { senderProof, account }: SubmissionHeaders,
  ): Promise<GatewayAnswer> {
    const path = `/internal/v1/submitMessage/${encodeURIComponent(room)}`
    const headers =
      senderProof === undefined
        ? {}
        : { 'postern-sender-proof': senderProof, 'postern-account': encodeURIComponent(account) }
    return this.call({ method: 'POST', path, contentType: OCTETS, headers, body })
  }

  /** The asset at `url` by way of `hub`, or of ourselves. Throws `gateway-unreachable`. */
  async download(url: string, hub: string | undefined): Promise<GatewayDownload> {
    try {
      const { statusCode, headers, body } = await this.pool.request({
        method: 'GET',
        path: `/internal/v1/proxyDownload/${encodeURIComponent(url)}`,
        headers: hub === undefined ? {} : { 'postern-hub': hub },
        signal: this.closing.signal,
      })
      return {
        status: statusCode,
        contentType: headerText(headers['content-type']),
        retryAfter: headerText(headers['retry-after']),
        length: headerText(headers['content-length']),
        body,
      }
    } catch (cause) {
      throw new DsProblem('gateway-unreachable', cause)
    }
  }

  /** Throws `gateway-unreachable`. */
  createRoom(room: string, document: object): Promise<GatewayAnswer> {
    return this.call({
      method: 'POST',
      path: `/internal/v1/rooms/${encodeURIComponent(room)}`,
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(document)),
    })
  }

  /** One FanoutMessage without a frank; the answer is the stamped one. Throws `gateway-unreachable`. */
  fanout(room: string, body: Uint8Array, destinations: readonly string[]): Promise<GatewayAnswer> {
    return this.call({
      method: 'POST',
      path: `/internal/v1/fanout/${encodeURIComponent(room)}`,
      contentType: OCTETS,
      headers: { 'postern-destinations': destinations.join(',') },
      body,
    })
  }

  /** Throws `gateway-unreachable`. */
  hubKeys(ciphersuite: number): Promise<GatewayAnswer> {
    return this.call({ method: 'GET', path: `/internal/v1/hub-keys?ciphersuite=${ciphersuite}` })
  }

  /** Those after this number; waits a while where there are none. Throws `gateway-unreachable`. */
  sanctions(after: number): Promise<GatewayAnswer> {
    const query = `after=${after}&waitMs=${NEXT_WAIT_MS}`
    return this.call({ method: 'GET', path: `/internal/v1/sanctions?${query}` })
  }

  /** The same of notices for moderators. Throws `gateway-unreachable`. */
  reportNotices(after: number): Promise<GatewayAnswer> {
    const query = `after=${after}&waitMs=${NEXT_WAIT_MS}`
    return this.call({ method: 'GET', path: `/internal/v1/report-notices?${query}` })
  }

  /** Throws `gateway-unreachable`. */
  sanctionResult(id: string, document: object): Promise<GatewayAnswer> {
    return this.call({
      method: 'POST',
      path: `/internal/v1/sanctions/${encodeURIComponent(id)}/result`,
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(document)),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort()
    await this.pool.destroy()
  }

  private async call({ method, path, contentType, headers, body }: Call): Promise<GatewayAnswer> {
    try {
      const answer = await this.pool.request({
        method,
        path,
        headers: {
          ...headers,
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
        },
        body: body ?? null,
        signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(CALL_MS_MAX)]),
      })
      return {
        status: answer.statusCode,
        bytes: Buffer.from(await answer.body.arrayBuffer()),
        contentType: headerText(answer.headers['content-type']),
        retryAfter: headerText(answer.headers['retry-after']),
        challenge: headerText(answer.headers['www-authenticate']),
        reportReceipt: headerText(answer.headers['mimi-report-receipt']),
      }
    } catch (cause) {
      throw new DsProblem('gateway-unreachable', cause)
    }
  }
}

/** Decodes what the gateway answered. Throws `gateway-invalid`. */
export function decodeAnswer<T>(codec: Codec<T>, answer: Buffer): T {
  try {
    return decode(codec, answer)
  } catch (cause) {
    throw new DsProblem('gateway-invalid', cause)
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

const UNIX = 'unix:'
const OCTETS = 'application/octet-stream'
const CONNECTIONS_MAX = 32
const CALL_MS_MAX = 30_000
/** Well below the deadline of a call. */
const NEXT_WAIT_MS = 20_000
