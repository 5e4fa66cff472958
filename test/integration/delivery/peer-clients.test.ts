import { buffer } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { isPublicAddress } from '../../../src/delivery/public-address.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { createAuthority } from '../../support/certificates.ts'
import {
  authority,
  directoryDocument,
  follower,
  followerIdentity,
  peerClients,
  startPeer,
  startPeerWithDirectory,
  startRawPeer,
} from '../../support/peer-server.ts'

const notify = {
  peer: follower,
  operation: 'notify',
  target: 'mimi://a.example/r/club house!',
  bytes: Buffer.from('body'),
} as const

test('a call carries our identity, the allow-listed headers and the exact bytes', async () => {
  const seen: {
    request: IncomingMessage
    body: Buffer
    subject: string | undefined
    protocol: string | null
  }[] = []
  const port = await startPeerWithDirectory((request, response) => {
    const { socket } = request
    const tls = socket instanceof TLSSocket ? socket : undefined
    const subject = tls?.getPeerX509Certificate()?.subjectAltName
    void buffer(request).then((body) => {
      seen.push({ request, body, subject, protocol: tls?.getProtocol() ?? null })
      response.writeHead(201, { 'set-cookie': 'x', 'mimi-metadata-suite': 'identified' })
      return response.end('answer')
    })
  })
  const clients = peerClients(port)
  const answer = await clients.call({ ...notify, suite: 'identified', agreement: 'ag-1' })
  expect(answer).toEqual({
    status: 201,
    bytes: Buffer.from('answer'),
    retryAfterMs: undefined,
    suite: 'identified',
    agreement: undefined,
  })
  const [call] = seen
  expect(call?.request.rawHeaders.map((text) => text.toLowerCase())).toEqual([
    'host',
    'b.example',
    'connection',
    'keep-alive',
    'from',
    'mimi@a.example',
    'content-type',
    'application/octet-stream',
    'mimi-metadata-suite',
    'identified',
    'mimi-metadata-agreement',
    'ag-1',
    'content-length',
    '4',
  ])
  expect(call?.request.url).toBe('/v1/notify/mimi%3A%2F%2Fa.example%2Fr%2Fclub%20house%21')
  expect([String(call?.body), call?.subject, call?.protocol]).toEqual([
    'body',
    'DNS:a.example',
    'TLSv1.3',
  ])
})

test('the directory is fetched once for concurrent calls, and again when it is old', async () => {
  let fetched = 0
  let now = 0
  const port = await startPeer((request, response) => {
    if (request.method === 'GET') fetched += 1
    response.end(directoryDocument)
  })
  const clients = peerClients(port, { clock: () => now })
  await Promise.all([clients.call(notify), clients.call(notify), clients.call(notify)])
  expect(fetched).toBe(1)
  now = 3_600_001
  await clients.call(notify)
  expect(fetched).toBe(2)
})

test('a directory that cannot be fetched again stays in force', async () => {
  let now = 0
  let broken = false
  const port = await startPeer((request, response) => {
    if (request.method === 'GET' && broken) response.writeHead(500).end()
    else response.end(directoryDocument)
  })
  const clients = peerClients(port, { clock: () => now })
  await clients.call(notify)
  broken = true
  now = 7_200_000
  expect((await clients.call(notify)).status).toBe(200)
})

test.for([
  ['no JSON', 'x', 'directory-invalid'],
  ['another host', '{"notify":"https://c.example/{roomId}"}', 'directory-invalid'],
  ['a subdomain', '{"notify":"https://x.b.example/{roomId}"}', 'directory-invalid'],
  ['credentials', '{"notify":"https://u@b.example/{roomId}"}', 'directory-invalid'],
  ['plain HTTP', '{"notify":"http://b.example/{roomId}"}', 'directory-invalid'],
  ['two variables', '{"notify":"https://b.example/{roomId}/{roomId}"}', 'directory-invalid'],
  ['dot segments', '{"notify":"https://b.example/v1/../{roomId}"}', 'directory-invalid'],
  [
    'a poisoned prototype',
    '{"__proto__":{"notify":"https://b.example/{roomId}"}}',
    'unsupported-operation',
  ],
  ['nothing', '{}', 'unsupported-operation'],
  ['too many bytes', JSON.stringify({ x: 'x'.repeat(70_000) }), 'peer-invalid'],
] as const)('a directory with %s is refused', async ([, document, code]) => {
  const port = await startPeer((_request, response) => void response.end(document))
  await expect(peerClients(port).call(notify)).rejects.toMatchObject({ code })
})

test('a redirect of the directory is not followed', async () => {
  const port = await startPeer(
    (_request, response) =>
      void response.writeHead(302, { location: 'https://b.example/other' }).end(),
  )
  await expect(peerClients(port).call(notify)).rejects.toMatchObject({ code: 'directory-invalid' })
})

test('a server whose certificate does not prove the domain is not spoken to', async () => {
  const identities = [
    await authority.issue({ names: ['c.example'], subject: 'CN=b.example' }),
    await authority.issue({ names: ['*.example'] }),
    await (await createAuthority()).issue({ names: ['b.example'] }),
  ]
  for (const identity of identities) {
    let requests = 0
    const port = await startPeer(() => (requests += 1), identity)
    await expect(peerClients(port).call(notify)).rejects.toMatchObject({ code: 'peer-unreachable' })
    expect(requests).toBe(0)
  }
})

test('a server that speaks no TLS 1.3 is not spoken to', async () => {
  let requests = 0
  const port = await startPeer(() => (requests += 1), followerIdentity, {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  })
  await expect(peerClients(port).call(notify)).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(requests).toBe(0)
})

test.for([
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
])('a name that resolves to %s is not connected to', async (address) => {
  const clients = peerClients(0, {
    addressOf: () => undefined,
    resolve: (_name, done) => done(null, [{ address, family: address.includes(':') ? 6 : 4 }]),
  })
  await expect(clients.call(notify)).rejects.toMatchObject({
    code: 'peer-unreachable',
    cause: { code: 'EADDRREFUSED' },
  })
})

test('one private address among public ones refuses the name, and so does a domain that is an address', async () => {
  const clients = peerClients(0, {
    addressOf: () => undefined,
    resolve: (_name, done) =>
      done(null, [
        { address: '1.1.1.1', family: 4 },
        { address: '192.168.0.1', family: 4 },
      ]),
  })
  await expect(clients.call(notify)).rejects.toMatchObject({ cause: { code: 'EADDRREFUSED' } })
  const literal = { ...notify, peer: parseProviderDomain('127.0.0.1') }
  await expect(clients.call(literal)).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(isPublicAddress('1.1.1.1') && isPublicAddress('2606:4700::1')).toBe(true)
})

test('a peer that is down is unreachable, and the breaker spares it until it may be probed', async () => {
  let now = 0
  const port = await startPeer(() => {})
  const down = peerClients(port, {
    addressOf: () => '127.0.0.1:1',
    clock: () => now,
    limits: { breaker: { failuresMax: 1, openMs: 500, openMsMax: 5_000 } },
  })
  await expect(down.call(notify)).rejects.toMatchObject({
    code: 'peer-unreachable',
    retryAfterMs: undefined,
  })
  now += 1_000
  await expect(down.call(notify)).rejects.toMatchObject({ retryAfterMs: undefined })
  now += 900
  await expect(down.call(notify)).rejects.toMatchObject({ code: 'peer-unreachable' })
})

test('a peer that does not answer in time is a time-out, and its slot is free again', async () => {
  let hang = true
  const port = await startPeerWithDirectory((_request, response) => {
    if (!hang) response.end('late')
  })
  const clients = peerClients(port, { limits: { deadlineMs: 50, connectionsMax: 1 } })
  await expect(clients.call(notify)).rejects.toMatchObject({ code: 'peer-timeout' })
  hang = false
  expect(String((await clients.call(notify)).bytes)).toBe('late')
})

test('a peer that drips its answer is held to the same deadline', async () => {
  const port = await startRawPeer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
    const drip = setInterval(() => socket.write('x'), 10)
    socket.on('close', () => clearInterval(drip))
  })
  const clients = peerClients(port, { limits: { deadlineMs: 80 } })
  await expect(clients.call(notify)).rejects.toMatchObject({ code: 'peer-timeout' })
})

test.for([
  ['is cut off', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial'],
  ['has no length and ends with the connection', 'HTTP/1.1 200 OK\r\n\r\npartial'],
  ['is cut off in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'has a length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
  ],
  ['has a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['is no HTTP', 'SSH-2.0-x\r\n\r\n'],
] as const)('an answer that %s is never a result', async ([, bytes]) => {
  const port = await startRawPeer((socket) => socket.end(bytes))
  await expect(peerClients(port).call(notify)).rejects.toMatchObject({
    code: expect.stringMatching(/^peer-(invalid|unreachable)$/) as string,
  })
})

test('a connection that is reset in the middle of an answer gives no result', async () => {
  const port = await startRawPeer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial', () => socket.destroy())
  })
  await expect(peerClients(port).call(notify)).rejects.toMatchObject({ code: 'peer-invalid' })
})

test('an answer beyond the bound is refused', async () => {
  const port = await startPeerWithDirectory(
    (_request, response) => void response.end(Buffer.alloc(2_000)),
  )
  const clients = peerClients(port, { limits: { answerBytesMax: 1_000 } })
  await expect(clients.call(notify)).rejects.toMatchObject({ code: 'peer-invalid' })
})

test('a call that is aborted ends as draining', async () => {
  const aborter = new AbortController()
  const port = await startPeerWithDirectory(() => aborter.abort())
  await expect(peerClients(port).call({ ...notify, signal: aborter.signal })).rejects.toMatchObject(
    { code: 'draining' },
  )
})

test('calls beyond the bound of a peer are refused at once', async () => {
  const entered = Promise.withResolvers<void>()
  const port = await startPeerWithDirectory(() => entered.resolve())
  const clients = peerClients(port, { limits: { inFlightMax: 1, deadlineMs: 100 } })
  const held = clients.call(notify)
  await entered.promise
  await expect(clients.call(notify)).rejects.toMatchObject({ code: 'queue-full' })
  await expect(held).rejects.toMatchObject({ code: 'peer-timeout' })
})

test('Retry-After arrives as milliseconds', async () => {
  const port = await startPeerWithDirectory(
    (_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end(),
  )
  expect(await peerClients(port).call(notify)).toMatchObject({ status: 503, retryAfterMs: 7_000 })
})

test('a header value that would start another header is never sent', async () => {
  let requests = 0
  const port = await startPeerWithDirectory((_request, response) => {
    requests += 1
    response.end()
  })
  await expect(
    peerClients(port).call({ ...notify, suite: 'x\r\nfrom: mimi@c.example' }),
  ).rejects.toMatchObject({ code: 'internal' })
  expect(requests).toBe(0)
})

test('renewed material is used for new connections', async () => {
  const serials: (string | undefined)[] = []
  const port = await startPeerWithDirectory(({ socket }, response) => {
    serials.push(
      socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.serialNumber : undefined,
    )
    response.end()
  })
  const clients = peerClients(port)
  await clients.call(notify)
  await clients.renew(await authority.issue({ names: ['a.example'] }))
  await clients.call(notify)
  expect(serials[0]).not.toBe(serials[1])
  await expect(clients.renew({ ...followerIdentity, key: '' })).rejects.toThrow(/key|PEM|DECODER/i)
})
