import { once } from 'node:events'
import { Agent } from 'node:https'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import type { RawRequest } from '../../../src/model/adapter.ts'
import type { RequestContext } from '../../../src/model/handle.ts'
import { createAuthority } from '../../support/certificates.ts'
import {
  authority,
  followerIdentity,
  hubIdentity,
  peerRequest,
  problemCode,
  startPeersListener,
} from '../../support/peers-listener.ts'

test('a peer whose certificate proves its From reaches the pipeline, byte for byte', async () => {
  const seen: [RawRequest, RequestContext][] = []
  const { port } = await startPeersListener({
    handle: (request, context) => {
      seen.push([request, context])
      return Promise.resolve({ status: 201, bytes: Buffer.from([0xff, 0, 0x80]) })
    },
  })
  const body = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  const reply = await peerRequest({
    port,
    path: '/notify/mimi%3A%2F%2Fa.example%2Fr%2Fclubhouse',
    headers: { 'mimi-metadata-suite': 'moderated-pseudonyms' },
    body,
  })
  expect(reply.status).toBe(201)
  expect([...reply.body]).toEqual([0xff, 0, 0x80])
  const [request, context] = seen[0] ?? []
  expect(request).toEqual({
    operation: 'notify',
    direction: 'ingress',
    origin: { kind: 'peer', domain: 'b.example' },
    target: 'mimi://a.example/r/clubhouse',
    bytes: body,
  })
  expect(context).toMatchObject({
    suite: 'moderated-pseudonyms',
    agreement: undefined,
    receivedAtMs: 1_000,
  })
})

test.for([
  ['no From', { from: undefined }, 'from-mismatch'],
  ['another provider in From', { from: 'mimi@c.example' }, 'from-mismatch'],
  ['a subdomain in From', { from: 'mimi@x.b.example' }, 'from-mismatch'],
  ['another local part', { from: 'alice@b.example' }, 'from-mismatch'],
  ['a display name', { from: 'B <mimi@b.example>' }, 'from-mismatch'],
] as const)('%s is refused with 403', async ([, headers, code]) => {
  const { port } = await startPeersListener()
  const reply = await peerRequest({ port, headers: { ...headers } })
  expect([reply.status, problemCode(reply)]).toEqual([403, code])
  expect(reply.headers['content-type']).toBe('application/problem+json')
})

test('a wildcard or a common name proves no domain', async () => {
  const { port } = await startPeersListener()
  const wildcard = await authority.issue({ names: ['*.example'] })
  const subject = await authority.issue({ subject: 'CN=b.example' })
  const decoy = await authority.issue({ names: ['c.example'], subject: 'CN=b.example' })
  const codes = await Promise.all(
    [wildcard, subject, decoy].map(async (identity) =>
      problemCode(await peerRequest({ port, identity })),
    ),
  )
  expect(codes).toEqual(['from-mismatch', 'peer-not-authenticated', 'from-mismatch'])
})

test('one connection may speak for each domain of its certificate, and for no other', async () => {
  const { port } = await startPeersListener({
    handle: ({ origin }) =>
      Promise.resolve({
        status: 200,
        bytes: Buffer.from(origin.kind === 'peer' ? origin.domain : ''),
      }),
  })
  const identity = await authority.issue({ names: ['b.example', 'c.example'] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = (from: string) => peerRequest({ port, identity, agent, headers: { from } })
  expect(String((await ask('mimi@b.example')).body)).toBe('b.example')
  expect(String((await ask('mimi@C.example')).body)).toBe('c.example')
  expect((await ask('mimi@d.example')).status).toBe(403)
  expect(String((await ask('mimi@b.example')).body)).toBe('b.example')
})

test('a certificate of an unknown authority does not get past the handshake', async () => {
  const { port } = await startPeersListener()
  const stranger = await (await createAuthority()).issue({ names: ['b.example'] })
  await expect(
    peerRequest({ port, identity: { ...stranger, authorities: [authority.pem] } }),
  ).rejects.toThrow(HANDSHAKE_FAILED)
})

test('no certificate, an expired one and TLS 1.2 do not get past the handshake', async () => {
  const { port } = await startPeersListener()
  const expired = await authority.issue({ names: ['b.example'], notAfter: new Date('2021-01-01') })
  await expect(peerRequest({ port, identity: expired })).rejects.toThrow(HANDSHAKE_FAILED)
  await expect(peerRequest({ port, tls: { cert: undefined, key: undefined } })).rejects.toThrow(
    HANDSHAKE_FAILED,
  )
  await expect(peerRequest({ port, tls: { maxVersion: 'TLSv1.2' } })).rejects.toThrow(
    HANDSHAKE_FAILED,
  )
})

test('unknown and denied peers are told apart', async () => {
  const { port } = await startPeersListener({
    standing: (domain) => (domain === 'b.example' ? 'denied' : 'unknown'),
  })
  const other = await authority.issue({ names: ['c.example'] })
  expect(problemCode(await peerRequest({ port }))).toBe('peer-denied')
  const reply = await peerRequest({ port, identity: other, headers: { from: 'mimi@c.example' } })
  expect([reply.status, problemCode(reply)]).toEqual([403, 'peer-unknown'])
})

test('Host must name this provider where hosts are configured', async () => {
  const { port } = await startPeersListener({ hosts: ['a.example'] })
  expect((await peerRequest({ port, headers: { host: 'A.example:8443' } })).status).toBe(200)
  const reply = await peerRequest({ port, headers: { host: 'z.example' } })
  expect([reply.status, problemCode(reply)]).toEqual([421, 'misdirected'])
})

test('a renewed certificate serves new connections, and bad material changes nothing', async () => {
  const { listener, port } = await startPeersListener()
  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const { certificate: cert, key, authorities } = followerIdentity
      const socket = connect({
        host: '127.0.0.1',
        port,
        cert,
        key,
        ca: [...authorities],
        servername: 'a.example',
      })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
        socket.destroy()
      })
    })
  const first = await serial()
  listener.renew(await authority.issue({ names: ['a.example'] }))
  const second = await serial()
  expect(second).not.toBe(first)
  expect(() => listener.renew({ ...hubIdentity, key: 'no key' })).toThrow(/DECODER/)
  expect(await serial()).toBe(second)
  expect((await peerRequest({ port })).status).toBe(200)
})

test('a session that is resumed keeps the identity of its certificate', async () => {
  const { port } = await startPeersListener()
  const { certificate: cert, key, authorities } = followerIdentity
  const options = {
    host: '127.0.0.1',
    port,
    cert,
    key,
    ca: [...authorities],
    servername: 'a.example',
  }
  const first = connect(options)
  onTestFinished(() => void first.destroy())
  const [session] = (await once(first, 'session')) as [Buffer]
  const reply = await peerRequest({ port, tls: { session } })
  expect(reply.status).toBe(200)
  expect(
    (await peerRequest({ port, tls: { session }, headers: { from: 'mimi@c.example' } })).status,
  ).toBe(403)
})

test('the directory is served as it was provided', async () => {
  const { port } = await startPeersListener({ directory: () => Buffer.from('{"notify":"x"}') })
  const reply = await peerRequest({
    port,
    method: 'GET',
    path: '/.well-known/mimi-protocol-directory',
  })
  expect(reply.headers['content-type']).toBe('application/json')
  expect(String(reply.body)).toBe('{"notify":"x"}')
})

test('faults become problems: codes with their status, anything else an opaque 500', async () => {
  const faults: unknown[] = []
  const answers = [
    new GatewayError('rate-limited', { retryAfterMs: 1_500, facts: { ladder: 'peer' } }),
    new GatewayError('upstream-unavailable', { facts: { secret: 'x' } }),
    new Error('a detail that nobody may see'),
  ]
  const { port } = await startPeersListener({
    handle: () => Promise.reject(answers.shift() ?? new Error('none left')),
    onFault: (fault) => faults.push(fault),
  })
  const limited = await peerRequest({ port })
  expect([limited.status, limited.headers['retry-after']]).toEqual([429, '2'])
  expect(JSON.parse(String(limited.body))).toEqual({
    type: 'urn:postern:error:rate-limited',
    title: 'Too many requests',
    status: 429,
    code: 'rate-limited',
    facts: { ladder: 'peer' },
  })
  const down = await peerRequest({ port })
  expect([down.status, down.headers['retry-after']]).toEqual([503, '5'])
  const internal = await peerRequest({ port })
  expect(internal.status).toBe(500)
  expect(String(internal.body)).not.toContain('detail')
  expect(faults).toHaveLength(3)
})

test('only headers of the allow-list are answered, and a value cannot smuggle another', async () => {
  const { port } = await startPeersListener({
    handle: ({ bytes }) =>
      Promise.resolve({
        status: 200,
        bytes,
        headers: { suite: 'identified', agreement: 'x\r\nset-cookie: y' },
      }),
  })
  const reply = await peerRequest({ port, body: 'x' })
  expect(Object.keys(reply.headers).toSorted()).toEqual([
    'connection',
    'content-length',
    'content-type',
    'date',
    'mimi-metadata-suite',
  ])
})

test('a draining listener finishes what it has, and refuses the rest', async () => {
  const entered = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const { listener, port } = await startPeersListener({
    handle: async ({ bytes }) => {
      entered.resolve()
      await release.promise
      return { status: 200, bytes }
    },
  })
  const held = peerRequest({ port, body: 'held' })
  await entered.promise
  const drained = listener.drain(new AbortController().signal)
  const refused = await peerRequest({ port })
  expect([refused.status, problemCode(refused), refused.headers.connection]).toEqual([
    503,
    'draining',
    'close',
  ])
  release.resolve()
  await drained
  expect(String((await held).body)).toBe('held')
})

test('a drain that runs out of time aborts what is left', async () => {
  const entered = Promise.withResolvers<AbortSignal>()
  const { listener, port } = await startPeersListener({
    handle: (_request, { signal }) => {
      entered.resolve(signal)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new GatewayError('draining')))
      })
    },
  })
  const held = peerRequest({ port })
  await entered.promise
  await listener.drain(AbortSignal.abort())
  expect((await held).status).toBe(503)
})

const HANDSHAKE_FAILED = /alert|reset|hang up|disconnected/i
