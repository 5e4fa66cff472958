import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testHappening, webhookEvents } from '../../../src/feeds/happenings.ts'
import { parseWebhookSecret, webhookBody, webhookHeaders } from '../../../src/feeds/webhook.ts'
import { tempDir } from '../../support/temp-dir.ts'

const page = readFileSync('docs/webhooks.md', 'utf8')

interface Example {
  readonly isGenuine: (
    secret: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => boolean
}

test('the example of docs/webhooks.md tells what is ours from what is not', async () => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const file = join(tempDir(), 'verify.mjs')
  writeFileSync(file, code)
  const { isGenuine } = (await import(file)) as Example
  const [old, next] = [7, 8].map((octet) => {
    return `whsec_${Buffer.alloc(32, octet).toString('base64')}`
  })
  if (old === undefined || next === undefined) throw new Error('no secrets')
  const body = webhookBody(testHappening('0f', Date.now()))
  const secrets = [old, next].map(parseWebhookSecret)
  const headersAt = (atMs: number): Readonly<Record<string, string>> => {
    const flat = webhookHeaders(secrets, { id: '0f', atMs, body })
    return Object.fromEntries(
      flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])),
    )
  }
  const headers = headersAt(Date.now())
  expect(isGenuine(old, headers, body)).toBe(true)
  expect(isGenuine(next, headers, body)).toBe(true)
  expect(isGenuine(`whsec_${'AAAA'.repeat(8)}`, headers, body)).toBe(false)
  expect(isGenuine(old, headers, `${body} `)).toBe(false)
  expect(isGenuine(old, { ...headers, 'webhook-id': '10' }, body)).toBe(false)
  expect(isGenuine(old, headersAt(Date.now() - 302_000), body)).toBe(false)
})

test('docs/webhooks.md names every event', () => {
  expect(webhookEvents.filter((name) => !page.includes(`| \`${name}\``))).toEqual([])
})
