import { expect, test } from 'vitest'
import { pageSecurityPolicy } from '../../../src/metadata/html.ts'
import { labelPage } from '../../../src/metadata/labels/page.ts'
import { codeOf, internalRequest, startInternalListener } from '../../support/internal-listener.ts'
import { someLabel } from '../../support/labels.ts'

const room = encodeURIComponent('mimi://a.example/r/lobby')

test('a label is JSON unless the reader would rather have a page', async () => {
  const { port } = await startInternalListener()
  const get = (headers: Record<string, string>) =>
    internalRequest({ port, path: `/internal/v1/labels/rooms/${room}`, method: 'GET', headers })
  for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
    const reply = await get({ accept })
    expect(reply.headers).toMatchObject({ 'content-type': 'application/json', vary: 'accept' })
    expect(JSON.parse(reply.text)).toEqual(someLabel)
  }
  const page = await get({ accept: 'text/html, application/json;q=0.9' })
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pageSecurityPolicy(),
    vary: 'accept',
  })
  expect(page.text).toBe(labelPage(someLabel))
})

test('no page in a browser reads a label from here', async () => {
  const { port } = await startInternalListener()
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'none' }]) {
    const reply = await internalRequest({
      port,
      path: '/internal/v1/labels/peers/b.example',
      method: 'GET',
      headers: { ...headers, accept: 'text/html' },
    })
    expect([reply.status, codeOf(reply)]).toEqual([403, 'not-admitted'])
  }
})
