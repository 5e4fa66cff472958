import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import {
  assetUrl as url,
  downloadsBurst,
  octets,
  useAssetFederation,
} from '../../support/asset-federation.ts'
import { callInternal, problemOf, rows } from '../../support/gateway-calls.ts'
import type { PeerReply } from '../../support/peers-listener.ts'

// b.example has the hub a.example fetch what c.example keeps.
const assets = useAssetFederation()

test('an asset reaches the provider octet for octet, and its host learns nothing of it', async () => {
  const reply = await assets().ask(url)
  expect(reply.status).toBe(200)
  expect(reply.body.equals(octets)).toBe(true)
  expect(Object.keys(reply.headers).toSorted()).toEqual([
    'connection',
    'content-type',
    'date',
    'transfer-encoding',
  ])
  expect(reply.headers['content-type']).toBe('application/octet-stream')
  expect(assets().requests.map(({ rawHeaders }) => rawHeaders)).toEqual([
    ['host', 'assets.c.example', 'connection', 'keep-alive', 'accept-encoding', 'identity'],
  ])
})

test('our own assets are fetched for others too', async () => {
  const { status, body } = await assets().ask('https://assets.a.example/own')
  expect([status, body.equals(octets)]).toEqual([200, true])
  expect(assets().requests.map((request) => request.headers.host)).toEqual(['assets.a.example'])
})

test.each([
  ['plain HTTP', 'http://assets.c.example/x', 400, 'invalid-uri'],
  ['an address', 'https://127.0.0.1/x', 400, 'invalid-uri'],
  ['an address of IPv6', 'https://[::1]/x', 400, 'invalid-uri'],
  ['an address as one number', 'https://2130706433/x', 400, 'invalid-uri'],
  ['the metadata address', 'https://169.254.169.254/latest', 400, 'invalid-uri'],
  ['credentials', 'https://u:p@assets.c.example/x', 400, 'invalid-uri'],
  ['another host as credentials', 'https://assets.c.example@evil.example/x', 400, 'invalid-uri'],
  ['another port', 'https://assets.c.example:8443/x', 400, 'invalid-uri'],
  ['a fragment', 'https://assets.c.example/x#y', 400, 'invalid-uri'],
  ['a line feed', 'https://assets.c.example/x\nhost: y', 400, 'malformed-request'],
  ['a backslash', 'https://assets.c.example\\x', 400, 'malformed-request'],
  ['dot segments', 'https://assets.c.example/../x', 400, 'malformed-request'],
  ['a MIMI URI', 'mimi://c.example/u/cathy', 400, 'invalid-uri'],
  ['another host', 'https://evil.example/x', 403, 'asset-not-allowed'],
  ['a host that a provider is', 'https://c.example/x', 403, 'asset-not-allowed'],
  ['a host below', 'https://x.assets.c.example/x', 403, 'asset-not-allowed'],
  ['this machine', 'https://localhost/x', 403, 'asset-not-allowed'],
  ['a provider that is not served', 'https://assets.d.example/x', 403, 'asset-not-allowed'],
  ['a quarantined provider', 'https://assets.f.example/x', 403, 'disclosure-refused'],
] as const)('a URL with %s is refused', async (...[, text, status, code]) => {
  expect(problemOf(await assets().ask(text))).toEqual({ status, code })
  expect(assets().requests).toEqual([])
})

test.each([
  ['/missing', 404, 'not-found'],
  ['/moved', 502, 'peer-invalid'],
  ['/long', 502, 'peer-invalid'],
  ['/slow', 504, 'peer-timeout'],
])('what the host says to %s is no asset', async (path, status, code) => {
  expect(problemOf(await assets().ask(`https://assets.c.example${path}`))).toEqual({ status, code })
  expect(assets().requests).toHaveLength(1)
})

test.each(['/endless', '/cut'])('an asset that is %s is never taken for whole', async (path) => {
  await expect(assets().ask(`https://assets.c.example${path}`)).rejects.toMatchObject({
    code: 'ECONNRESET',
  })
})

test.each(['POST', 'HEAD', 'PUT'])('%s is not the way to ask', async (method) => {
  const { status, headers } = await assets().ask(url, { method })
  expect([status, headers.allow]).toEqual([405, 'GET'])
  expect(assets().requests).toEqual([])
})

test('a question has no body', async () => {
  const reply = await assets().ask(url, { body: 'x', headers: { 'content-length': '1' } })
  expect(problemOf(reply)).toEqual({ status: 413, code: 'body-too-large' })
  expect(assets().requests).toEqual([])
})

test.each([
  ['that nobody knows', 'g.example', 'peer-unknown'],
  ['that policy lets nothing fetch', 'e.example', 'not-admitted'],
])('a provider %s is refused', async (_, from, code) => {
  const { ask, requests } = assets()
  expect(problemOf(await ask(url, { from }))).toEqual({ status: 403, code })
  expect(requests).toEqual([])
})

test('a reader that goes away ends the fetching', async () => {
  const hub = assets().federation.provider('a.example')
  const {
    certificate: cert,
    key,
    authorities: ca,
  } = assets().federation.provider('b.example').identity
  const request = httpsRequest({
    host: '127.0.0.1',
    port: Number(new URL(hub.gateway.urls.peers).port),
    path: `/proxyDownload/${encodeURIComponent('https://assets.c.example/drip')}`,
    headers: { host: 'a.example', from: 'mimi@b.example' },
    servername: 'a.example',
    cert,
    key,
    ca: [...ca],
    agent: false,
  })
  request.on('error', () => {})
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  await once(response, 'data')
  request.destroy()
  await expect.poll(() => assets().requests[0]?.socket.destroyed, { timeout: 5_000 }).toBe(true)
})

test('neither log nor journal of any provider has a URL', async () => {
  await assets().ask(url)
  await assets().through('a.example', url)
  for (const provider of assets().federation.values()) {
    const events = rows(provider, 'postern.sqlite')('SELECT * FROM events')
    for (const text of [provider.log(), JSON.stringify(events)])
      expect(text).not.toMatch(/assets\.|photo|secret/)
  }
  const events = rows(assets().federation.provider('a.example'), 'postern.sqlite')
  await expect
    .poll(() =>
      events(
        "SELECT peer, outcome FROM events WHERE operation = 'proxyDownload' AND kind = ?",
        'exchange.accepted',
      ),
    )
    .toContainEqual({ peer: 'b.example', outcome: 'success' })
})

test('a host that the configuration no longer names is not asked after a reload', async () => {
  const hub = assets().federation.provider('a.example')
  const before = hub.config()
  const path = `/internal/v1/proxyDownload/${encodeURIComponent('https://assets.a.example/x')}`
  await hub.gateway.reload(hub.config({ assetDomains: [] }))
  expect(await callInternal(hub, path)).toMatchObject({ code: 'asset-not-allowed' })
  await hub.gateway.reload(before)
  expect((await callInternal(hub, path)).status).toBe(200)
})

test('the budget of a provider ends, and the answer says until when', async () => {
  const replies: PeerReply[] = []
  while (replies.at(-1)?.status !== 429 && replies.length <= downloadsBurst)
    replies.push(await assets().ask('https://evil.example/x', { from: 'c.example' }))
  expect(replies).toHaveLength(downloadsBurst + 1)
  const [last] = replies.slice(-1)
  if (last === undefined) throw new Error('no reply')
  expect(problemOf(last)).toEqual({ status: 429, code: 'rate-limited' })
  expect(Number(last.headers['retry-after'])).toBeGreaterThan(50)
})
