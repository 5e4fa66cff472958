import type { Operation } from '../model/exchange.ts'
import { decode, encode, opaque } from '../wire/codec.ts'
import { externalSenderCodec, type ExternalSender } from '../wire/mls/external-sender.ts'
import type { OwnKeyPackage } from './mls/key-package.ts'
import { ClientError, demand } from './errors.ts'

/** The hub's keys that a new room pins. */
export interface HubKeys {
  /** FrankingAgentData. */
  readonly frankingAgent: Buffer
  readonly externalSender: ExternalSender
}

/** One thing that a provider has for one of its clients. */
export type ProviderEvent =
  | {
      readonly id: number
      readonly kind: 'fanout' | 'report-notice'
      readonly room: string
      readonly body: Buffer
    }
  | {
      readonly id: number
      readonly kind: 'consent'
      readonly change: string
      readonly body: Buffer
    }

export interface Registration {
  /** The provider's client API, up to and without `/client/v1`. */
  readonly url: string
  readonly user: string
  readonly client: string
  /** Whether others need this user's consent before they may add it to rooms. */
  readonly requireConsent?: boolean
  /** What identifier queries find this user by. */
  readonly profile?: { handle?: string; nick?: string; email?: string; phone?: string }
}

/**
 * One client's connection to the reference delivery service. Every call throws `ClientError`:
 * `refused` with status and problem code, `unreachable`, `invalid-answer`.
 */
export class DsConnection {
  private readonly url: string
  private readonly token: string
  private readonly timeoutMs: number

  constructor({
    url,
    token,
    timeoutMs = 30_000,
  }: {
    url: string
    token: string
    timeoutMs?: number
  }) {
    this.url = url
    this.token = token
    this.timeoutMs = timeoutMs
  }

  /** What proves to our provider who we are. */
  get authorization(): string {
    return `Bearer ${this.token}`
  }

  /** Registers a client, and its user with the first one. */
  static async register({ url, ...registration }: Registration): Promise<DsConnection> {
    const anonymous = new DsConnection({ url, token: '' })
    const body = Buffer.from(JSON.stringify(registration))
    const answer = await anonymous.post('clients', body, 'application/json')
    return new DsConnection({ url, token: textField(parseJson(answer), 'token') })
  }

  async uploadKeyPackages(keyPackages: readonly OwnKeyPackage[]): Promise<void> {
    const bytes = Buffer.concat(keyPackages.map((keyPackage) => keyPackage.bytes))
    await this.post('keyPackages', encode(keyPackagesCodec, bytes))
  }

  async hubKeys(ciphersuite: number): Promise<HubKeys> {
    const answer = parseJson(await this.get(`hubKeys?ciphersuite=${ciphersuite}`))
    return {
      frankingAgent: bytesField(answer, 'frankingAgent'),
      externalSender: decode(externalSenderCodec, bytesField(answer, 'externalSender')),
    }
  }

  /** `ratchetTree` with its length prefix. */
  async createRoom(
    room: string,
    { suite, groupInfo, ratchetTree }: { suite: string; groupInfo: Buffer; ratchetTree: Buffer },
  ): Promise<void> {
    const document = {
      suite,
      groupInfo: groupInfo.toString('base64'),
      ratchetTree: ratchetTree.toString('base64'),
    }
    const body = Buffer.from(JSON.stringify(document))
    await this.post(`rooms/${encodeURIComponent(room)}`, body, 'application/json')
  }

  /** Tells the provider that this client is out of the room. */
  async forgetRoom(room: string): Promise<void> {
    await this.request('DELETE', `rooms/${encodeURIComponent(room)}`)
  }

  /** A MIMI operation: its request body in, its answer's body out. */
  async operation(operation: Operation, target: string, body: Buffer): Promise<Buffer> {
    return this.post(`${operation}/${encodeURIComponent(target)}`, body)
  }

  /** `senderProof` for a sender that no participant list names. */
  async submitMessage(
    room: string,
    body: Buffer,
    senderProof: string | undefined,
  ): Promise<Buffer> {
    return this.request('POST', `submitMessage/${encodeURIComponent(room)}`, {
      body,
      contentType: OCTETS,
      senderProof,
    })
  }

  /** A report; resolves to the hub's receipt. */
  async report(room: string, body: Buffer): Promise<string | undefined> {
    const path = `reportAbuse/${encodeURIComponent(room)}`
    const contentType = OCTETS
    const { headers } = await this.exchange('POST', path, { body, contentType })
    return headers.get('mimi-report-receipt') ?? undefined
  }

  /** Acknowledges everything up to `after`; waits at most `waitMs` for the first event. */
  async events({
    after,
    waitMs,
    signal,
  }: {
    after: number
    waitMs: number
    signal?: AbortSignal | undefined
  }): Promise<readonly ProviderEvent[]> {
    const path = `events?after=${after}&waitMs=${waitMs}`
    const answer = parseJson(await this.request('GET', path, { signal, waitMs }))
    const events: unknown = answer['events']
    if (!Array.isArray(events)) throw new ClientError('invalid-answer')
    return events.map((event) => providerEvent(record(event)))
  }

  private get(path: string): Promise<Buffer> {
    return this.request('GET', path)
  }

  private post(path: string, body: Buffer, contentType = OCTETS): Promise<Buffer> {
    return this.request('POST', path, { body, contentType })
  }

  private async request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    ask: Ask = {},
  ): Promise<Buffer> {
    return (await this.exchange(method, path, ask)).bytes
  }

  private async exchange(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { body, contentType, senderProof, signal, waitMs = 0 }: Ask,
  ) {
    const timeout = AbortSignal.timeout(this.timeoutMs + waitMs)
    const response = await send(`${this.url}/client/v1/${path}`, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      headers: {
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...(senderProof === undefined ? {} : { 'postern-sender-proof': senderProof }),
      },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    })
    if (!response.ok) throw refusalOf(response.status, response.headers, response.bytes)
    return response
  }
}

interface Ask {
  readonly body?: Buffer
  readonly contentType?: string
  readonly senderProof?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly waitMs?: number
}

async function send(url: string, init: RequestInit) {
  try {
    const response = await fetch(url, init)
    const bytes = Buffer.from(await response.arrayBuffer())
    return { ok: response.ok, status: response.status, headers: response.headers, bytes }
  } catch (cause) {
    throw new ClientError('unreachable', { cause })
  }
}

function refusalOf(status: number, headers: Headers, bytes: Buffer): ClientError {
  const retryAfter = Number(headers.get('retry-after') ?? 'NaN')
  const challenge = headers.get('www-authenticate')
  return new ClientError('refused', {
    status,
    ...problemOf(bytes),
    ...(Number.isFinite(retryAfter) ? { retryAfterMs: retryAfter * 1_000 } : {}),
    ...(challenge === null ? {} : { challenge }),
  })
}

/** The problem's code, where the answer is an RFC 9457 problem with one, and those facts that we act on. */
function problemOf(bytes: Buffer): { problem?: string; tier?: string; currentEpoch?: bigint } {
  try {
    const { code, facts } = record(JSON.parse(bytes.toString('utf8')))
    if (typeof code !== 'string' || !PROBLEM_CODE.test(code)) return {}
    const { tier, currentEpoch } = record(facts ?? {})
    return {
      problem: code,
      ...(typeof tier === 'string' && PROBLEM_CODE.test(tier) && { tier }),
      ...(typeof currentEpoch === 'string' &&
        EPOCH.test(currentEpoch) && { currentEpoch: BigInt(currentEpoch) }),
    }
  } catch {
    return {}
  }
}

function providerEvent(event: Record<string, unknown>): ProviderEvent {
  const { id, kind } = event
  demand(typeof id === 'number', 'invalid-answer')
  const body = bytesField(event, 'body')
  if (kind === 'fanout' || kind === 'report-notice')
    return { id, kind, room: textField(event, 'room'), body }
  demand(kind === 'consent', 'invalid-answer')
  return { id, kind, change: textField(event, 'change'), body }
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  try {
    return record(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
}

function record(value: unknown): Record<string, unknown> {
  demand(typeof value === 'object' && value !== null, 'invalid-answer')
  return { ...value }
}

function textField(value: Record<string, unknown>, name: string): string {
  const field = value[name]
  demand(typeof field === 'string', 'invalid-answer')
  return field
}

function bytesField(value: Record<string, unknown>, name: string): Buffer {
  return Buffer.from(textField(value, name), 'base64')
}

const OCTETS = 'application/octet-stream'
const PROBLEM_CODE = /^[a-z][a-z-]{0,63}$/
const EPOCH = /^\d{1,20}$/
const keyPackagesCodec = opaque(0x3fff_ffff)
