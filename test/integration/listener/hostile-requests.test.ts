import { once } from 'node:events'
import { expect, test } from 'vitest'
import {
  peerRequest,
  peerSocket,
  problemCode,
  readToEnd,
  startPeersListener,
} from '../../support/peers-listener.ts'

const HEAD =
  'POST /submitMessage/a.example/r/clubhouse HTTP/1.1\r\nHost: a.example\r\nFrom: mimi@b.example\r\n'

test.for([
  [
    'Content-Length with Transfer-Encoding',
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
  ],
  ['two Content-Lengths', `${HEAD}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`],
  ['a signed Content-Length', `${HEAD}Content-Length: +4\r\n\r\nabcd`],
  ['an unknown transfer encoding', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunked that is not last', `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['a chunk size with a sign', `${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n`],
  ['a chunk without its CRLF', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n`],
  ['an obsolete line fold', `${HEAD}X-Fold: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  [
    'a folded From',
    'POST /submitMessage/x HTTP/1.1\r\nHost: a.example\r\nFrom:\r\n mimi@b.example\r\nContent-Length: 0\r\n\r\n',
  ],
  ['a bare LF after a header', `${HEAD}X-Bare: a\nContent-Length: 0\r\n\r\n`],
  ['a bare LF at the end of the head', `${HEAD}Content-Length: 0\r\n\n`],
  ['a bare CR in a header', `${HEAD}X-Bare: a\rb\r\nContent-Length: 0\r\n\r\n`],
  ['a NUL in a header', `${HEAD}X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ['a space before the colon', `${HEAD}Content-Length : 4\r\n\r\nabcd`],
  ['a space in the path', HEAD.replace('/r/', '/ r/') + 'Content-Length: 0\r\n\r\n'],
  ['no Host', HEAD.replace('Host: a.example\r\n', '') + 'Content-Length: 0\r\n\r\n'],
  ['a TLS record instead of HTTP', '\x16\x03\x01\x02\0\x01\0\r\n\r\n'],
] as const)('%s is answered 400 and closes the connection', async ([, bytes]) => {
  let handled = 0
  const { port } = await startPeersListener({
    handle: ({ bytes: body }) => {
      handled += 1
      return Promise.resolve({ status: 200, bytes: body })
    },
  })
  const socket = await peerSocket({ port })
  socket.write(bytes, 'latin1')
  const answer = await readToEnd(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(handled).toBe(0)
})

test('a header that is too large is answered 431', async () => {
  const { port } = await startPeersListener({ limits: { headerBytesMax: 1_024 } })
  const socket = await peerSocket({ port })
  socket.write(`${HEAD}X-Large: ${'x'.repeat(2_000)}\r\n\r\n`)
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 431 /)
})

test('a head that does not come is answered 408 and closed', async () => {
  const { port } = await startPeersListener({ limits: { headersMs: 50, checkMs: 10 } })
  const socket = await peerSocket({ port })
  socket.write('POST /submitMessage/x HTTP/1.1\r\nHost: a')
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 408 /)
})

test('a body that does not come is answered 408 and closed', async () => {
  const { port } = await startPeersListener({
    limits: { requestMs: 50, headersMs: 50, checkMs: 10 },
  })
  const socket = await peerSocket({ port })
  socket.write(`${HEAD}Content-Length: 10\r\n\r\nabc`)
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 408 /)
})

test('a connection on which nothing moves is closed', async () => {
  const { port } = await startPeersListener({ limits: { keepAliveMs: 20, checkMs: 10 } })
  const socket = await peerSocket({ port })
  socket.write(`${HEAD}Content-Length: 0\r\n\r\n`)
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 /)
})

test.for([
  ['announced', { 'content-length': '70000' }],
  ['chunked', { 'transfer-encoding': 'chunked' }],
] as const)('a body that is too large is refused with 413, %s', async ([, headers]) => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({ port, path: '/notify/x', headers, body: Buffer.alloc(70_000) })
  expect([reply.status, problemCode(reply), reply.headers.connection]).toEqual([
    413,
    'body-too-large',
    'close',
  ])
})

test('a body of exactly the limit passes, one byte more does not', async () => {
  const { port } = await startPeersListener()
  expect((await peerRequest({ port, body: Buffer.alloc(4_096) })).body).toHaveLength(4_096)
  expect((await peerRequest({ port, body: Buffer.alloc(4_097) })).status).toBe(413)
})

test('a compressed body is refused, never inflated', async () => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({ port, headers: { 'content-encoding': 'gzip' }, body: 'x' })
  expect([reply.status, problemCode(reply)]).toEqual([400, 'malformed-request'])
})

test.for([
  'application/json',
  'APPLICATION/OCTET-STREAM',
  'text/plain\t; charset=x',
  ';;',
  'a',
  '',
])('the content type %j changes nothing about the bytes', async (type) => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({
    port,
    headers: { 'content-type': type },
    body: '{"__proto__":1}',
  })
  expect(String(reply.body)).toBe('{"__proto__":1}')
})

test.for([
  '/submitMessage/..%2f..%2finternal',
  '/submitMessage/a.example/r/..',
  '/submitMessage/a.example/r/%2e%2e',
  '/submitMessage/../internal/v1/fanout/x',
  '/submitMessage/%00',
  '/submitMessage/%5c%5c',
  '/submitMessage/%',
  '/submitMessage/%zz',
  '/submitMessage/%ff',
  '/submitMessage/a?b=c',
  '/submitMessage/a%0d%0ax',
  '/%73ubmitMessage/a',
  '//submitMessage/a',
  '/submitMessage//a',
  '/submitMessage/',
  '/submitMessage/mimi://a.example/r/x',
  `/submitMessage/${'a'.repeat(5_000)}`,
])('the path %j reaches no handler', async (path) => {
  let handled = 0
  const { port } = await startPeersListener({
    handle: ({ bytes }) => {
      handled += 1
      return Promise.resolve({ status: 200, bytes })
    },
  })
  const reply = await peerRequest({ port, path })
  expect([400, 404]).toContain(reply.status)
  expect(reply.headers['content-type']).toBe('application/problem+json')
  expect(handled).toBe(0)
})

test('an unknown path is 404, and a known path with another method 405 with Allow', async () => {
  const { port } = await startPeersListener()
  expect(problemCode(await peerRequest({ port, path: '/other/x' }))).toBe('not-found')
  const wrong = await peerRequest({ port, method: 'GET', path: '/notify/x' })
  expect([wrong.status, wrong.headers.allow, problemCode(wrong)]).toEqual([
    405,
    'POST',
    'method-not-allowed',
  ])
  const directory = await peerRequest({ port, path: '/.well-known/mimi-protocol-directory' })
  expect([directory.status, directory.headers.allow]).toEqual([405, 'GET'])
})

test('hop-by-hop tricks change nothing: the connection header names nothing that we read', async () => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({ port, headers: { connection: 'close, from, host' }, body: 'x' })
  expect(reply.status).toBe(200)
})

test('two From headers prove nothing', async () => {
  const { port } = await startPeersListener()
  const socket = await peerSocket({ port })
  socket.write(`${HEAD}From: mimi@c.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  const answer = await readToEnd(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  expect(answer).toContain('from-mismatch')
})

test('an overlong metadata header is refused', async () => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({ port, headers: { 'mimi-metadata-suite': 'x'.repeat(65) } })
  expect([reply.status, problemCode(reply)]).toEqual([400, 'malformed-request'])
})

test('connections beyond the cap of a peer are closed, and a closed one makes room', async () => {
  const { port } = await startPeersListener({ limits: { connectionsPerPeerMax: 1 } })
  const first = await peerSocket({ port })
  const second = await peerSocket({ port })
  if (!second.closed) await once(second, 'close')
  first.end()
  await once(first, 'close')
  const third = await peerSocket({ port })
  third.write(`${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`)
  expect(await readToEnd(third)).toMatch(/^HTTP\/1\.1 200 /)
})

test('a peer that hangs up in the middle of a body leaves nothing behind', async () => {
  const faults: unknown[] = []
  const failed = Promise.withResolvers<void>()
  const { port, listener } = await startPeersListener({
    onFault: (fault) => {
      faults.push(fault)
      failed.resolve()
    },
  })
  const socket = await peerSocket({ port })
  socket.write(`${HEAD}Content-Length: 10\r\n\r\nabc`)
  socket.destroy()
  await failed.promise
  expect(faults).toMatchObject([{ code: 'malformed-request' }])
  await listener.drain(new AbortController().signal)
})
