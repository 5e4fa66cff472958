import { expect, test } from 'vitest'
import { assetUrl as url, octets, useAssetFederation } from '../../support/asset-federation.ts'
import { callInternal } from '../../support/gateway-calls.ts'

// Clients of b.example read what c.example keeps, by way of the hub a.example.
const assets = useAssetFederation()

test('a client gets an asset through its own provider and the hub that it names', async () => {
  const clients = assets().federation.provider('b.example').gateway.urls.clients ?? ''
  const registered = await fetch(`${clients}/client/v1/clients`, {
    method: 'POST',
    body: JSON.stringify({ user: 'mimi://b.example/u/bob', client: 'mimi://b.example/d/bob1' }),
  })
  const { token } = (await registered.json()) as { token: string }
  const path = `${clients}/client/v1/proxyDownload/${encodeURIComponent(url)}`
  const headers = { authorization: `Bearer ${token}`, 'postern-hub': 'a.example' }
  const answered = await fetch(path, { headers })
  expect([answered.status, answered.headers.get('content-type')]).toEqual([
    200,
    'application/octet-stream',
  ])
  expect(Buffer.from(await answered.arrayBuffer()).equals(octets)).toBe(true)
  expect(assets().requests.map(({ rawHeaders }) => rawHeaders.join(' '))).toEqual([
    'host assets.c.example connection keep-alive accept-encoding identity',
  ])
  const missing = await fetch(path, { headers: { 'postern-hub': 'a.example' } })
  expect(missing.status).toBe(401)
})

test.each([
  ['/missing', 404, 'not-found'],
  ['/moved', 502, 'peer-invalid'],
  ['/slow', 504, 'peer-timeout'],
])('the refusal of the hub for %s reaches the client', async (path, status, code) => {
  expect(await assets().through('a.example', `https://assets.c.example${path}`)).toMatchObject({
    status,
    code,
  })
})

test('a host that the hub does not know, and a hub that we do not know, are refused', async () => {
  expect(await assets().through('a.example', 'https://evil.example/x')).toMatchObject({
    status: 403,
    code: 'asset-not-allowed',
  })
  expect(await assets().through('evil.example', url)).toMatchObject({
    status: 403,
    code: 'peer-unknown',
  })
  expect(await assets().through('10.0.0.1:80', url)).toMatchObject({
    status: 400,
    code: 'invalid-domain',
  })
  expect(await assets().through(undefined, url)).toMatchObject({
    status: 403,
    code: 'asset-not-allowed',
  })
  expect(assets().requests).toEqual([])
})

test('an asset that is cut between host and hub is not whole at the client either', async () => {
  await expect(assets().through('a.example', 'https://assets.c.example/cut')).rejects.toThrow(
    'terminated',
  )
})

test('a client of the hub asks its own provider', async () => {
  const path = `/internal/v1/proxyDownload/${encodeURIComponent(url)}`
  const { status, bytes } = await callInternal(assets().federation.provider('a.example'), path)
  expect([status, bytes.equals(octets)]).toEqual([200, true])
})
