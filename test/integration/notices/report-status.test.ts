import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { createStatusDesk } from '../../../src/notices/report-status.ts'

const hub = parseProviderDomain('hub.example')
const receipt = [
  { alg: 'EdDSA', kid: 'a'.repeat(43), typ: 'report-receipt+jws' },
  { hub: 'hub.example', iat: 1, report: 'rep-1' },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat(Buffer.alloc(64).toString('base64url'))
  .join('.')

interface Answered {
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number
}

/** What an app is told where the hub answers this. */
async function told({ status, body, retryAfterMs }: Answered) {
  const desk = createStatusDesk({
    self: parseProviderDomain('home.example'),
    reports: { status: () => undefined },
    receipts: { read: () => undefined },
    isServed: (domain) => domain === hub,
    ask: ({ bytes }) => {
      expect(bytes.toString()).toBe(receipt)
      return Promise.resolve({ status, bytes: Buffer.from(body), retryAfterMs })
    },
    clock: () => 0,
  })
  return desk.statusOf(receipt, new AbortController().signal).catch((error: unknown) => error)
}

test.each([
  ['a status', { status: 200, body: '{"status":"decided:no_action"}' }, 'decided:no_action'],
  [
    'a status with more than it may say',
    { status: 200, body: '{"status":"received","by":"ann"}' },
    'peer-invalid',
  ],
  ['a status that nobody knows', { status: 200, body: '{"status":"<script>"}' }, 'peer-invalid'],
  ['no JSON', { status: 200, body: 'ok' }, 'peer-invalid'],
  ['that it does not know it', { status: 404, body: '{}' }, 'receipt-unknown'],
  ['to wait', { status: 429, body: '{}' }, 'rate-limited'],
  ['an error of its own', { status: 500, body: '{}' }, 'peer-invalid'],
])('a hub that answers %s', async (_, answered, expected) => {
  const answer = await told({ ...answered, retryAfterMs: 3_000 })
  expect(answer instanceof GatewayError ? answer.code : answer).toBe(expected)
})
