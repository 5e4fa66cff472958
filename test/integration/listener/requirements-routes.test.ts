import { expect, test } from 'vitest'
import { builtIn, chainOf } from '../../support/requirements.ts'
import { pageSecurityPolicy } from '../../../src/metadata/html.ts'
import { requirementsPage } from '../../../src/metadata/requirements/page.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { peerRequest, problemCode, startPeersListener } from '../../support/peers-listener.ts'

const chain = chainOf(2)
const [first, second] = chain
if (first === undefined || second === undefined) throw new Error('no documents')
const path = '/.well-known/mimi-metadata-requirements'

async function publishing() {
  const { port } = await startPeersListener({
    requirements: {
      current: () => second as NonNullable<typeof second>,
      find: (digest) => chain.find((signed) => signed.digest === digest),
      page: (signed) => ({
        html: Buffer.from(requirementsPage({ signed, builtIn, declarations })),
        policy: pageSecurityPolicy(),
      }),
    },
  })
  return (where: string, headers: Record<string, string> = {}, method = 'GET') =>
    peerRequest({ port, path: where, headers, method })
}

test('programs get the signed document with its digest as ETag', async () => {
  const get = await publishing()
  for (const accept of [
    undefined,
    '*/*',
    'application/jose',
    'application/jose, text/html;q=0.5',
  ]) {
    const reply = await get(path, accept === undefined ? {} : { accept })
    expect(reply).toMatchObject({ status: 200 })
    expect(reply.body.toString()).toBe(second.jws)
    expect(reply.headers).toMatchObject({
      'content-type': 'application/jose',
      etag: `"${second.digest}"`,
      vary: 'accept',
      'cache-control': 'no-cache',
    })
  }
})

test('who has the document already gets none', async () => {
  const get = await publishing()
  for (const tag of [`"${second.digest}"`, `W/"${second.digest}"`, `"x", "${second.digest}"`]) {
    const reply = await get(path, { 'if-none-match': tag })
    expect(reply.status).toBe(304)
    expect(reply.body).toHaveLength(0)
    expect(reply.headers['content-length']).toBeUndefined()
  }
  expect((await get(path, { 'if-none-match': `"${first.digest}"` })).status).toBe(200)
  // The page is another representation.
  const page = await get(path, { accept: 'text/html', 'if-none-match': `"${second.digest}"` })
  expect(page.status).toBe(200)
})

test('people get a page without scripts, under a strict policy', async () => {
  const get = await publishing()
  const reply = await get(path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
  expect(reply.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pageSecurityPolicy(),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
  expect(pageSecurityPolicy()).toMatch(/^default-src 'none'; style-src 'sha256-/)
  const html = reply.body.toString()
  expect(html).toContain('<h1>Metadata requirements of a.example</h1>')
  expect(html).not.toMatch(/<script|javascript:|\son\w+=|style="|src=/)
})

test('older documents are found by their digest and never change', async () => {
  const get = await publishing()
  const reply = await get(`${path}/${first.digest}`)
  expect(reply.body.toString()).toBe(first.jws)
  expect(reply.headers['cache-control']).toContain('immutable')
  for (const digest of ['x', '..', 'A'.repeat(43), '%2e%2e', `${first.digest}x`])
    expect(problemCode(await get(`${path}/${digest}`))).toBe('not-found')
})

test('the path is for GET, and not there without requirements', async () => {
  const get = await publishing()
  expect(problemCode(await get(path, {}, 'POST'))).toBe('method-not-allowed')
  const { port } = await startPeersListener()
  expect(problemCode(await peerRequest({ port, path, method: 'GET' }))).toBe('not-found')
})
