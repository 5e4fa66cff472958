import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { AssetProxy } from '../../../src/delivery/asset-proxy.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { createAuthority } from '../../support/certificates.ts'
import {
  assetAuthority,
  assetHost,
  assetProxy,
  fetchOf,
  startAssetServer,
  startRawAssetServer,
} from '../../support/asset-server.ts'

const MIB = 1_048_576
const url = `https://${assetHost}/photo?size=full`

/** The whole asset; rejects where the head or the body fails. */
async function download(proxy: AssetProxy, text = url): Promise<Buffer> {
  const { stream } = await proxy.fetch(fetchOf(text))
  return buffer(stream)
}

test('the host is sent its own name, path and query, and nothing else', async () => {
  const seen: IncomingMessage[] = []
  const port = await startAssetServer((request, response) => {
    seen.push(request)
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'x=1' }).end('octets')
  })
  expect(await download(assetProxy(port))).toEqual(Buffer.from('octets'))
  const [request] = seen
  expect([request?.method, request?.url]).toEqual(['GET', '/photo?size=full'])
  expect(request?.rawHeaders.map((text) => text.toLowerCase())).toEqual([
    'host',
    assetHost,
    'connection',
    'keep-alive',
    'accept-encoding',
    'identity',
  ])
  const socket = request?.socket
  expect(socket instanceof TLSSocket && socket.getPeerX509Certificate()).toBe(undefined)
  expect(socket instanceof TLSSocket && socket.getProtocol()).toBe('TLSv1.3')
})

test('an asset passes octet for octet, with and without a length', async () => {
  const asset = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251))
  const port = await startAssetServer((request, response) => {
    if (request.url === '/length') response.setHeader('content-length', asset.length)
    response.write(asset.subarray(0, 1_000))
    response.end(asset.subarray(1_000))
  })
  const proxy = assetProxy(port)
  const sized = await proxy.fetch(fetchOf(`https://${assetHost}/length`))
  expect(sized.length).toBe(asset.length)
  expect(digest(await buffer(sized.stream))).toBe(digest(asset))
  const chunked = await proxy.fetch(fetchOf(`https://${assetHost}/chunked`))
  expect(chunked.length).toBeUndefined()
  expect(digest(await buffer(chunked.stream))).toBe(digest(asset))
})

test('no more is fetched than is read', async () => {
  const asset = Buffer.alloc(64 * MIB)
  const large: ServerResponse[] = []
  const port = await startAssetServer((request, response) => {
    if (request.url === '/small') return void response.end('octets')
    large.push(response)
    Readable.from(slices(asset)).pipe(response)
  })
  const proxy = assetProxy(port)
  const { stream } = await proxy.fetch(fetchOf(url))
  for (let rounds = 0; rounds < 50; rounds += 1) await download(proxy, `https://${assetHost}/small`)
  const [response] = large
  if (response?.socket === null || response === undefined) throw new Error('not asked')
  expect(response.socket.bytesWritten).toBeLessThan(16 * MIB)
  stream.destroy()
  if (!response.closed) await once(response, 'close')
})

test('a host that is not known is never asked', async () => {
  let requests = 0
  const port = await startAssetServer((_request, response) => {
    requests += 1
    response.end('secret')
  })
  const proxy = assetProxy(port)
  for (const text of [
    'https://other.example/photo',
    'https://c.example/photo',
    'https://x.assets.c.example/photo',
    'https://assets.c.example.evil.example/photo',
    'https://localhost/photo',
  ])
    await expect(download(proxy, text)).rejects.toMatchObject({ code: 'asset-not-allowed' })
  expect(requests).toBe(0)
})

test('a host is known until the configuration no longer names it', async () => {
  const port = await startAssetServer((_request, response) => void response.end('octets'))
  const proxy = assetProxy(port)
  expect(await download(proxy)).toEqual(Buffer.from('octets'))
  proxy.allow(new Map())
  await expect(download(proxy)).rejects.toMatchObject({ code: 'asset-not-allowed' })
})

test.for([
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '192.168.1.1',
  '100.64.0.1',
  '0.0.0.0',
  '::1',
  'fe80::1',
  'fc00::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
])('a host whose name resolves to %s is not connected to', async (address) => {
  let requests = 0
  await startAssetServer(() => (requests += 1))
  const family = address.includes(':') ? 6 : 4
  const proxy = assetProxy(undefined, {
    resolve: (_hostname, done) =>
      done(null, [
        { address: '93.184.215.14', family: 4 },
        { address, family },
      ]),
  })
  await expect(download(proxy)).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(requests).toBe(0)
})

test('the name is resolved for the socket itself and never again', async () => {
  let resolved = 0
  const proxy = assetProxy(undefined, {
    limits: { connectMs: 50, headMs: 500 },
    resolve: (hostname, done) => {
      resolved += 1
      expect(hostname).toBe(assetHost)
      done(null, [{ address: resolved === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }])
    },
  })
  await expect(download(proxy)).rejects.toMatchObject({ code: 'peer-unreachable' })
  expect(resolved).toBe(1)
})

test.for([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
  const paths: (string | undefined)[] = []
  const port = await startAssetServer((request, response) => {
    paths.push(request.url)
    response.writeHead(status, { location: `https://${assetHost}/other` }).end('moved')
  })
  await expect(download(assetProxy(port))).rejects.toMatchObject({ code: 'peer-invalid' })
  expect(paths).toEqual(['/photo?size=full'])
})

test.for([
  [204, 'peer-invalid'],
  [206, 'peer-invalid'],
  [401, 'peer-invalid'],
  [403, 'peer-invalid'],
  [404, 'not-found'],
  [410, 'not-found'],
  [429, 'peer-invalid'],
  [500, 'peer-invalid'],
] as const)('a host that answers %i gives %s', async ([status, code]) => {
  const port = await startAssetServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/plain' })
    response.end(status === 204 ? undefined : 'why')
  })
  await expect(download(assetProxy(port))).rejects.toMatchObject({ code })
})

test('a host must prove its name to an authority that we know', async () => {
  const identities = [
    await assetAuthority.issue({ names: ['other.example'], subject: `CN=${assetHost}` }),
    await (await createAuthority()).issue({ names: [assetHost] }),
  ]
  for (const identity of identities) {
    let requests = 0
    const port = await startAssetServer(() => (requests += 1), identity)
    await expect(download(assetProxy(port))).rejects.toMatchObject({ code: 'peer-unreachable' })
    expect(requests).toBe(0)
  }
})

const limits = { bytesMax: 1_000 }

test('an asset that says it is too long is refused before a byte passes', async () => {
  const port = await startAssetServer((_request, response) => {
    response.writeHead(200, { 'content-length': 1_001 }).write('x')
  })
  await expect(assetProxy(port, { limits }).fetch(fetchOf(url))).rejects.toMatchObject({
    code: 'peer-invalid',
  })
})

test('an asset of just the limit passes, one octet more breaks off', async () => {
  const port = await startAssetServer((request, response) => {
    response.write(Buffer.alloc(500))
    response.end(Buffer.alloc(request.url === '/more' ? 501 : 500))
  })
  const proxy = assetProxy(port, { limits })
  expect(await download(proxy)).toHaveLength(1_000)
  await expect(download(proxy, `https://${assetHost}/more`)).rejects.toMatchObject({
    code: 'peer-invalid',
  })
})

test('a compressed asset is neither opened nor passed on', async () => {
  const port = await startAssetServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 3 }).end('zip')
  })
  await expect(download(assetProxy(port))).rejects.toMatchObject({ code: 'peer-invalid' })
})

test.for([
  ['nothing', '', 'peer-unreachable'],
  ['no HTTP', 'hello\r\n\r\n', 'peer-invalid'],
  ['no end', 'HTTP/1.1 200 OK\r\n\r\nocte', 'peer-invalid'],
  ['less than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nocte', 'peer-invalid'],
  [
    'half a chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nocte',
    'peer-invalid',
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nocte',
    'peer-invalid',
  ],
  ['endless headers', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`, 'peer-invalid'],
] as const)('a host that sends %s and half-closes is never a success', async ([, bytes, code]) => {
  const port = await startRawAssetServer((socket) => socket.end(bytes))
  await expect(download(assetProxy(port))).rejects.toMatchObject({ code })
})

test('a host that does not answer is given up', async () => {
  const sockets: Socket[] = []
  const port = await startRawAssetServer((socket) => sockets.push(socket))
  const proxy = assetProxy(port, { limits: { headMs: 50 } })
  await expect(download(proxy)).rejects.toMatchObject({ code: 'peer-timeout' })
  await gone(sockets)
})

test('a host that drips is given up at the deadline', async () => {
  const sockets: Socket[] = []
  const port = await startRawAssetServer((socket) => {
    sockets.push(socket)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    const dripping = setInterval(() => socket.write('x'), 10)
    socket.once('close', () => clearInterval(dripping))
  })
  const proxy = assetProxy(port, { limits: { deadlineMs: 200 } })
  const { stream } = await proxy.fetch(fetchOf(url))
  await expect(buffer(stream)).rejects.toMatchObject({ code: 'peer-timeout' })
  await gone(sockets)
})

test('the end of a drain ends what waits and what flows', async () => {
  const port = await startRawAssetServer((socket, head) => {
    if (head.startsWith('GET /flows'))
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nocte')
  })
  const proxy = assetProxy(port)
  const drain = new AbortController()
  const flowing = await proxy.fetch(fetchOf(`https://${assetHost}/flows`, drain.signal))
  const waiting = proxy.fetch(fetchOf(url, drain.signal))
  const outcomes = Promise.allSettled([waiting, buffer(flowing.stream)])
  drain.abort()
  expect(await outcomes).toMatchObject([
    { reason: { code: 'draining' } },
    { reason: { code: 'draining' } },
  ])
  await expect(proxy.fetch(fetchOf(url, drain.signal))).rejects.toMatchObject({ code: 'draining' })
})

test('one provider cannot take the share of all, and a share comes back', async () => {
  const waiting: ServerResponse[] = []
  const port = await startAssetServer((request, response) => {
    if (request.url === '/now') return void response.end('octets')
    response.writeHead(200, { 'content-length': 2 }).write('x')
    waiting.push(response)
  })
  const proxy = assetProxy(port, { limits: { inFlightPerPeerMax: 2, inFlightMax: 3 } })
  const open = [await proxy.fetch(fetchOf(url)), await proxy.fetch(fetchOf(url))]
  await expect(proxy.fetch(fetchOf(url))).rejects.toMatchObject({
    code: 'queue-full',
    retryAfterMs: 1_000,
  })
  const other = {
    ...fetchOf(`https://${assetHost}/now`),
    requester: parseProviderDomain('d.example'),
  }
  expect(await buffer((await proxy.fetch(other)).stream)).toEqual(Buffer.from('octets'))
  for (const response of waiting) response.end('y')
  for (const { stream } of open) expect(await buffer(stream)).toEqual(Buffer.from('xy'))
  expect(await download(proxy, `https://${assetHost}/now`)).toEqual(Buffer.from('octets'))
  const broken = await proxy.fetch(fetchOf(url))
  broken.stream.destroy()
  expect(await download(proxy, `https://${assetHost}/now`)).toEqual(Buffer.from('octets'))
})

function* slices(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

/** Resolves when all of these are closed. */
async function gone(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) if (!socket.closed) await once(socket, 'close')
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
