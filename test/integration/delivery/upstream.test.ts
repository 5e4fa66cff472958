import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Upstream, type UpstreamOptions } from '../../../src/delivery/upstream.ts'
import { tempDir } from '../../support/temp-dir.ts'

const call = {
  operation: 'submitMessage',
  target: 'mimi://a.example/r/lobby',
  bytes: Buffer.from([0, 255, 13, 10]),
  headers: { requestId: 'r-1' },
} as const

async function listen(server: Server, path?: string): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  if (path === undefined) server.listen(0, '127.0.0.1', resolve)
  else server.listen(path, resolve)
  await promise
  const address = server.address()
  return typeof address === 'object' && address !== null
    ? `http://127.0.0.1:${address.port}`
    : `unix:${path ?? ''}`
}

const startHttp = (listener: RequestListener, path?: string) => listen(createServer(listener), path)
const startTcp = (onRequest: (socket: Socket) => void) =>
  listen(createTcpServer((socket) => void socket.once('data', () => onRequest(socket))))

function upstreamAt(url: string, options: Partial<UpstreamOptions> = {}): Upstream {
  const upstream = new Upstream({ url, clock: () => 0, ...options })
  onTestFinished(() => upstream[Symbol.asyncDispose]())
  return upstream
}

test('the delivery service gets the exact bytes with what we know, and its headers come back', async () => {
  const seen: { url: string | undefined; headers: string[]; body: Buffer }[] = []
  const url = await startHttp((request, response) => {
    void buffer(request).then((body) => {
      seen.push({ url: request.url, headers: request.rawHeaders, body })
      response.writeHead(200, {
        'postern-room-sequence': '7',
        'postern-ciphersuite': '1',
        'set-cookie': 'x',
      })
      return response.end('answer')
    })
  })
  const headers = {
    requestId: 'r-1',
    peer: 'b.example',
    actor: 'mimi://b.example/u/zoë\r\nx: y',
    suite: 'identified',
  }
  const answer = await upstreamAt(`${url}/ds`).call({ ...call, headers })
  expect(answer).toEqual({
    status: 200,
    bytes: Buffer.from('answer'),
    sequence: 7,
    ciphersuite: 1,
    retryAfterMs: undefined,
  })
  expect(seen[0]?.url).toBe('/ds/submitMessage/mimi%3A%2F%2Fa.example%2Fr%2Flobby')
  expect(seen[0]?.body).toEqual(call.bytes)
  expect(seen[0]?.headers).toEqual([
    'host',
    url.slice('http://'.length),
    'connection',
    'keep-alive',
    'content-type',
    'application/octet-stream',
    'postern-request-id',
    'r-1',
    'postern-peer',
    'b.example',
    'postern-actor',
    'mimi://b.example/u/zo%C3%AB%0D%0Ax:%20y',
    'postern-suite',
    'identified',
    'content-length',
    '4',
  ])
})

test('it may listen on a Unix socket', async () => {
  const url = await startHttp(
    (request, response) => response.end(request.url),
    join(tempDir(), 'ds.sock'),
  )
  const upstream = upstreamAt(url)
  expect(String((await upstream.call(call)).bytes)).toBe(
    '/submitMessage/mimi%3A%2F%2Fa.example%2Fr%2Flobby',
  )
  expect(await upstream.probe()).toBe(true)
})

test.for([204, 301, 403, 404, 409, 500, 503])(
  'a %i is an answer like any other',
  async (status) => {
    const url = await startHttp((_request, response) =>
      response.writeHead(status, { 'retry-after': '3' }).end(),
    )
    expect(await upstreamAt(url).call(call)).toMatchObject({
      status,
      bytes: Buffer.alloc(0),
      retryAfterMs: 3_000,
    })
  },
)

test('a probe that fails says so at once, and whoever asks for health has it repeated', async () => {
  let now = 10_000
  const path = join(tempDir(), 'ds.sock')
  const upstream = upstreamAt(`unix:${path}`, { clock: () => now })
  expect(upstream.available).toBe(true)
  expect(await upstream.probe()).toBe(false)
  expect(upstream.available).toBe(false)
  let probes = 0
  await startHttp((_request, response) => {
    probes += 1
    response.end('ok')
  }, path)
  upstream.recheck()
  upstream.recheck()
  await vi.waitFor(() => expect(upstream.available).toBe(true))
  now += 60_000
  upstream.recheck()
  expect(probes).toBe(1)
})

test('a service that is down is unreachable, then unavailable, and a probe brings it back', async () => {
  let now = 0
  const breaker = { failuresMax: 2, openMs: 1_000, openMsMax: 1_000 }
  const path = join(tempDir(), 'ds.sock')
  const upstream = upstreamAt(`unix:${path}`, { clock: () => now, limits: { breaker } })
  await expect(upstream.call(call)).rejects.toMatchObject({ code: 'upstream-unreachable' })
  await expect(upstream.call(call)).rejects.toMatchObject({ code: 'upstream-unreachable' })
  expect(upstream.available).toBe(false)
  await expect(upstream.call(call)).rejects.toMatchObject({
    code: 'upstream-unavailable',
    retryAfterMs: 1_000,
  })
  expect(await upstream.probe()).toBe(false)
  await startHttp((_request, response) => response.end('ok'), path)
  expect(await upstream.probe()).toBe(true)
  expect(upstream.available).toBe(true)
  expect((await upstream.call(call)).status).toBe(200)
  now += 1
})

test('a service that is slow ends at the deadline, others are not held up, and the slot is free again', async () => {
  let slow = true
  const url = await startHttp((request, response) => {
    if (!slow || request.url?.includes('fast') === true) response.end('fast')
  })
  const upstream = upstreamAt(url, { limits: { deadlineMs: 60, connectionsMax: 2 } })
  const held = upstream.call(call)
  expect(String((await upstream.call({ ...call, target: 'fast' })).bytes)).toBe('fast')
  await expect(held).rejects.toMatchObject({ code: 'upstream-timeout' })
  slow = false
  const both = await Promise.all([upstream.call(call), upstream.call(call)])
  expect(both.map(({ status }) => status)).toEqual([200, 200])
})

test.for([
  [
    'a half-closed body',
    (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart'),
  ],
  ['a body without length', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\n\r\npart')],
  [
    'an unfinished chunk',
    (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npa'),
  ],
  [
    'a reset in the body',
    (socket: Socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart', () =>
        socket.resetAndDestroy(),
      ),
  ],
] as const)('%s is invalid, never a partial 200', async ([, act]) => {
  const url = await startTcp((socket) => void act(socket))
  await expect(upstreamAt(url).call(call)).rejects.toMatchObject({ code: 'upstream-invalid' })
})

test.for([
  ['closes', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ['is cut off in the head', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
] as const)(
  'a connection that %s before the answer is unreachable and nothing is sent twice',
  async ([, act]) => {
    let requests = 0
    const url = await startTcp((socket) => {
      requests += 1
      act(socket)
    })
    await expect(upstreamAt(url).call(call)).rejects.toMatchObject({ code: 'upstream-unreachable' })
    expect(requests).toBe(1)
  },
)

test('what is in flight is bounded', async () => {
  const url = await startHttp(() => {})
  const upstream = upstreamAt(url, { limits: { inFlightMax: 1, deadlineMs: 50 } })
  const held = upstream.call(call)
  await expect(upstream.call(call)).rejects.toMatchObject({ code: 'upstream-unavailable' })
  await expect(held).rejects.toMatchObject({ code: 'upstream-timeout' })
})

test('headers that are no whole numbers are left out', async () => {
  const url = await startHttp((_request, response) =>
    response.writeHead(200, { 'postern-room-sequence': '-1', 'postern-ciphersuite': '1e3' }).end(),
  )
  expect(await upstreamAt(url).call(call)).toMatchObject({
    sequence: undefined,
    ciphersuite: undefined,
  })
})

test.for([
  'https://ds.example',
  'ftp://x',
  'nonsense',
  'http://u:p@x',
  'http://x/?q',
  'unix:relative',
])('the URL %j is refused', (url) => {
  expect(() => new Upstream({ url, clock: () => 0 })).toThrow('configuration-invalid')
})
