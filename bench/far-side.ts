import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { mimiAdapter } from '../src/protocols/mimi/adapter.ts'
import { buildDirectory } from '../src/protocols/mimi/directory.ts'
import { encode } from '../src/wire/codec.ts'
import { submitMessageResponseCodec } from '../src/wire/mimi/submit-message.ts'
import { HttpMessages } from './http-messages.ts'

/** What this process is started with, as JSON in its first argument. */
export interface FarSideData {
  readonly upstreamPort: number
  readonly sinkPort: number
  readonly ca: string
  /** The followers by domain, with the PEM files of each. */
  readonly sinks: readonly (readonly [
    domain: string,
    files: { readonly certificate: string; readonly key: string },
  ])[]
}

/** Told to the parent for each message that all followers have. */
export interface FarSideProgress {
  readonly delivered: number
}

// Everything beyond the measured process: the delivery service that it calls, and the followers.

const { upstreamPort, sinkPort, ca, sinks }: FarSideData = JSON.parse(process.argv[2] ?? '')

let sequence = 0
let newestMs = 0
let delivered = 0

function upstreamAnswer(head: string): Buffer {
  if (head.startsWith('POST /submitMessage/')) return submitMessageAnswer()
  if (head.startsWith('POST /notify/')) return CREATED
  return OK
}

/** As a delivery service: accepted, without a frank, at a time that never goes back. */
function submitMessageAnswer(): Buffer {
  newestMs = Math.max(newestMs, Date.now())
  sequence += 1
  const body = encode(submitMessageResponseCodec, {
    protocol: 'mls10',
    statusCode: 'accepted',
    acceptedTimestamp: BigInt(newestMs),
    frank: undefined,
  })
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\npostern-room-sequence: ${sequence}\r\ncontent-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ])
}

function sinkAnswer(head: string): Buffer {
  if (head.startsWith('GET /.well-known/mimi-protocol-directory ')) return directoryAnswer(head)
  if (head.startsWith('GET ')) return NOT_FOUND
  delivered += 1
  if (delivered % sinks.length === 0) process.send?.({ delivered } satisfies FarSideProgress)
  return CREATED
}

function directoryAnswer(head: string): Buffer {
  const [, host = ''] = /\r\nhost: *([^\r:]+)/i.exec(head) ?? []
  const directory = buildDirectory({
    baseUrl: `https://${host}`,
    operations: mimiAdapter.operations,
    protocolDrafts: ['draft-ietf-mimi-protocol-06'],
  })
  const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${directory.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(answer), directory])
}

function answerOn(socket: Socket, answer: (head: string) => Buffer): void {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const messages = new HttpMessages((head) => socket.write(answer(head)))
  socket.on('data', (chunk: Buffer) => messages.push(chunk))
}

const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const NOT_FOUND = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
const CREATED = Buffer.from('HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n')

createServer((socket) => answerOn(socket, upstreamAnswer)).listen(upstreamPort, '127.0.0.1')

if (sinks.length > 0) {
  const authorities = readFileSync(ca)
  const contexts = new Map(
    sinks.map(([domain, { certificate, key }]) => [
      domain,
      createSecureContext({
        cert: readFileSync(certificate),
        key: readFileSync(key),
        ca: authorities,
        minVersion: 'TLSv1.3',
      }),
    ]),
  )
  const server = createTlsServer({
    ca: authorities,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    SNICallback: (name, done) => done(null, contexts.get(name)),
  })
  server.on('secureConnection', (socket) => answerOn(socket, sinkAnswer))
  server.listen(sinkPort, '127.0.0.1')
}

process.on('disconnect', () => process.exit())
