import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http'
import { onTestFinished } from 'vitest'
import { someLabel } from './labels.ts'
import type { Endpoint } from '../../src/listener/bind.ts'
import type { InternalHandlers } from '../../src/listener/internal-handlers.ts'
import {
  InternalListener,
  type InternalListenerOptions,
} from '../../src/listener/internal-listener.ts'
import { operations } from '../../src/model/exchange.ts'

/** Handlers that echo what reaches them. */
export const echoHandlers: InternalHandlers = {
  operation: ({ operation, target, bytes }, { requestId }) =>
    Promise.resolve({
      status: 200,
      bytes: Buffer.concat([Buffer.from(`${operation} ${target} ${requestId} `), bytes]),
    }),
  createRoom: ({ room, suite = '', groupInfo, ratchetTree }) =>
    Promise.resolve({
      room,
      suite,
      epoch: 1n,
      ciphersuite: 1,
      treeHash: groupInfo,
      confirmedTranscriptHash: ratchetTree,
      participants: [],
    }),
  findRoom: () => undefined,
  fanout: ({ room, bytes, destinations }) =>
    Promise.resolve(Buffer.concat([Buffer.from(`${room} ${destinations.join('+')} `), bytes])),
  hubKeys: (ciphersuite) => ({
    frankingAgent: Buffer.from([ciphersuite]),
    externalSender: Buffer.from('sender'),
  }),
  anonymitySet: (room, provider) => ({ room, provider, people: 3, small: true }),
  labelOfRoom: () => someLabel,
  labelOfPeer: () => someLabel,
  sanctions: async () => [],
  sanctionResult: async () => {},
  reportNotices: async () => [],
  report: () => Promise.resolve({ status: 201, bytes: Buffer.alloc(0) }),
  reportSpam: () => Promise.resolve({ status: 201, bytes: Buffer.alloc(0) }),
  reportStatus: () => Promise.resolve('received'),
}

/** Those that are called with a body. */
export const internalOperations = operations
  .filter((operation) => operation !== 'proxyDownload')
  .map((operation) => ({ operation, bodyBytesMax: 65_536 }))

/** All of them. */
export const internalTable = [
  ...internalOperations,
  { operation: 'proxyDownload', method: 'GET', bodyBytesMax: 0 },
] as const

/** A listener on a free port of 127.0.0.1, or on `endpoint`. Closed when the test ends. */
export async function startInternalListener(
  options: Partial<InternalListenerOptions> = {},
  endpoint: Endpoint = { kind: 'tcp', host: '127.0.0.1', port: 0 },
) {
  const listener = new InternalListener({
    handlers: echoHandlers,
    operations: internalTable,
    clock: () => 1_000,
    ...options,
  })
  onTestFinished(() => listener[Symbol.asyncDispose]())
  return { listener, port: await listener.listen(endpoint) }
}

export interface InternalRequest {
  readonly port?: number
  readonly socketPath?: string
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer | string
}

export interface InternalReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One plain HTTP request. */
export function internalRequest(options: InternalRequest): Promise<InternalReply> {
  const { promise, resolve, reject } = Promise.withResolvers<InternalReply>()
  const { body = '', method = 'POST', headers = {}, path, port, socketPath } = options
  const target = socketPath === undefined ? { host: '127.0.0.1', port } : { socketPath }
  const request = httpRequest({ ...target, method, path, headers, agent: false })
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString(),
      }),
    )
  })
  request.end(body)
  return promise
}

export function codeOf({ text }: InternalReply): string {
  const problem = JSON.parse(text) as { code: string }
  return problem.code
}
