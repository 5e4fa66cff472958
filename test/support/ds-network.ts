import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { startReferenceDs, type ReferenceDs } from '../../src/reference-ds/start.ts'
import type { FanoutMessage } from '../../src/wire/mimi/fanout.ts'
import { fanoutMessageCodec } from '../../src/wire/mimi/fanout.ts'
import { keyMaterialRequestCodec } from '../../src/wire/mimi/key-material.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { NOW_MS } from './mls-members.ts'
import { tempDir } from './temp-dir.ts'

export interface SeenFanout {
  readonly room: string
  readonly destinations: readonly string[]
  readonly item: FanoutMessage
}

/** The frank that the stand-in gateway puts on every application message. */
export const STAMP = {
  serverFrank: Buffer.alloc(32, 7),
  frankingSignatureCiphersuite: 1,
  frankingIntegritySignature: Buffer.of(9),
}

/**
 * Delivery services of several providers, and, in the place of each one's gateway, a small server that
 * keeps the contract of docs/internal-api.md: it routes, stamps application messages with a constant
 * frank, pushes fan-outs to the other providers and writes down what it saw.
 */
export async function dsNetwork(...domains: readonly string[]): Promise<DsNetwork> {
  const network = new DsNetwork()
  for (const domain of domains) await network.start(domain)
  onTestFinished(() => network.close())
  return network
}

export class DsNetwork {
  nowMs = NOW_MS
  readonly fanouts: SeenFanout[] = []
  /** What the gateway of a provider answers instead of doing its work. */
  readonly failing = new Map<string, number>()
  /** Operations whose answers the gateways lose, once they have it. */
  readonly loseAnswers = new Set<string>()
  /** What the gateway of a.example wants applied, and what it was told. */
  readonly sanctions: { readonly sequence: number }[] = []
  readonly sanctionResults: object[] = []
  readonly reportNotices: { readonly sequence: number }[] = []
  /** How many fan-outs are still to be refused for good. */
  refusedFanouts = 0
  /** Of the delivery services that start from now on. */
  previousEpochAccepted = false
  private readonly running = new Map<string, ReferenceDs>()
  private readonly gateways = new Map<string, Server>()
  private readonly directory = tempDir()

  async start(domain: string): Promise<void> {
    const gateway = createServer((request, response) => {
      void this.answer(domain, request).then(
        ({ status, bytes, headers }) => response.writeHead(status, headers).end(bytes),
        () => response.writeHead(500).end(),
      )
    })
    await new Promise<void>((resolve) => {
      gateway.listen(0, '127.0.0.1', resolve)
    })
    this.gateways.set(domain, gateway)
    await this.startDs(domain)
  }

  /** Ends a delivery service and starts it again on the same store. */
  async restart(domain: string): Promise<void> {
    await this.ds(domain).close()
    await this.startDs(domain)
  }

  ds(domain: string): ReferenceDs {
    const ds = this.running.get(domain)
    if (ds === undefined) throw new Error('no such provider')
    return ds
  }

  stopGateway(domain: string): void {
    const gateway = this.gateways.get(domain)
    gateway?.closeAllConnections()
    gateway?.close()
  }

  /** A call to a delivery service as its gateway makes it. */
  upstream(
    domain: string,
    path: {
      readonly operation: string
      readonly target: string
      readonly peer?: string | undefined
    },
    body: Uint8Array,
  ): Promise<Answer> {
    const url = `${this.ds(domain).upstreamUrl}/${path.operation}/${encodeURIComponent(path.target)}`
    const headers = path.peer === undefined ? {} : { 'postern-peer': path.peer }
    return post(url, { 'content-type': 'application/octet-stream', ...headers }, body)
  }

  async close(): Promise<void> {
    for (const ds of this.running.values()) await ds.close()
    for (const domain of this.gateways.keys()) this.stopGateway(domain)
  }

  private async startDs(domain: string): Promise<void> {
    const address = this.gateways.get(domain)?.address() as AddressInfo
    const ds = await startReferenceDs({
      domain,
      storePath: join(this.directory, `${domain}.sqlite`),
      gatewayUrl: `http://127.0.0.1:${address.port}`,
      clock: () => this.nowMs,
      retryDelayMs: () => 5,
      previousEpochAccepted: this.previousEpochAccepted,
    })
    this.running.set(domain, ds)
  }

  private async answer(domain: string, request: IncomingMessage): Promise<Answer> {
    const failure = this.failing.get(domain)
    if (failure !== undefined) return { status: failure, bytes: Buffer.alloc(0) }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [, , , operation = '', target = ''] = new URL(`http://x${request.url}`).pathname.split(
      '/',
    )
    const room = decodeURIComponent(target)
    if (operation === 'sanctions') return this.sanction(domain, request, { id: room, body })
    if (operation === 'report-notices')
      return json(200, { notices: await this.next(domain, request.url, this.reportNotices) })
    if (operation === 'rooms') return json(201, { room, epoch: 0, suite: 'identified' })
    if (operation === 'hub-keys') return json(200, { frankingAgent: '', externalSender: '' })
    if (operation === 'fanout') return this.fanout(domain, room, { request, body })
    const answer = await this.route(domain, { operation, target: room }, body)
    return this.loseAnswers.has(operation) ? { status: 502, bytes: Buffer.alloc(0) } : answer
  }

  /** Each is handed out until its result is there. */
  private async sanction(
    domain: string,
    { url, method }: IncomingMessage,
    { id, body }: { readonly id: string; readonly body: Buffer },
  ): Promise<Answer> {
    if (method === 'POST') {
      this.sanctionResults.push({ id, ...(JSON.parse(body.toString()) as object) })
      return json(200, {})
    }
    return json(200, { sanctions: await this.next(domain, url, this.sanctions) })
  }

  /** The entries of a.example after those that are known; it waits where there are none. */
  private async next<Entry extends { readonly sequence: number }>(
    domain: string,
    url: string | undefined,
    entries: readonly Entry[],
  ): Promise<readonly Entry[]> {
    const after = Number(new URL(`http://x${url}`).searchParams.get('after'))
    const found = () => entries.filter(({ sequence }) => sequence > after)
    const isOver = () => domain !== 'a.example' || this.gateways.get(domain)?.listening !== true
    while (found().length === 0 && !isOver()) await delay(10)
    return domain === 'a.example' ? found() : []
  }

  private async fanout(
    domain: string,
    room: string,
    { request, body }: { readonly request: IncomingMessage; readonly body: Buffer },
  ): Promise<Answer> {
    const destinations = String(request.headers['postern-destinations'] ?? '')
      .split(',')
      .filter((name) => name !== '')
    if (this.refusedFanouts > 0) {
      this.refusedFanouts--
      return { status: 422, bytes: Buffer.alloc(0) }
    }
    const plain = decode(fanoutMessageCodec, body)
    const item: FanoutMessage = plain.kind === 'application' ? { ...plain, frank: STAMP } : plain
    const bytes = encode(fanoutMessageCodec, item)
    this.fanouts.push({ room, destinations, item })
    for (const peer of destinations)
      if (this.running.has(peer))
        await this.upstream(peer, { operation: 'notify', target: room, peer: domain }, bytes)
    return { status: 200, bytes }
  }

  private async route(
    domain: string,
    path: { readonly operation: string; readonly target: string },
    body: Buffer,
  ): Promise<Answer> {
    const to = destinationOf(domain, path, body)
    return this.upstream(to, { ...path, peer: to === domain ? undefined : domain }, body)
  }
}

export interface Answer {
  readonly status: number
  readonly bytes: Buffer
  readonly headers?: Record<string, string>
}

/** docs/internal-api.md: rooms at their hub; KeyPackages through the hub of the room that they are for. */
function destinationOf(
  own: string,
  { operation, target }: { readonly operation: string; readonly target: string },
  body: Buffer,
): string {
  const direct = domainIn(target)
  if (operation !== 'keyMaterial' || direct === own) return direct
  const hub = domainIn(decode(keyMaterialRequestCodec, body).roomId)
  return hub === '' || hub === own ? direct : hub
}

function domainIn(uriOrDomain: string): string {
  return /^(?:mimi:\/\/)?([^/]+)/.exec(uriOrDomain)?.[1] ?? ''
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) })
  return {
    status: answer.status,
    bytes: Buffer.from(await answer.arrayBuffer()),
    headers: Object.fromEntries(answer.headers),
  }
}

function json(status: number, value: object): Answer {
  return {
    status,
    bytes: Buffer.from(JSON.stringify(value)),
    headers: { 'content-type': 'application/json' },
  }
}
