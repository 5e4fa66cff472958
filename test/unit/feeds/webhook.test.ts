import { expect, test } from 'vitest'
import { parseWebhookSecret, webhookBody, webhookHeaders } from '../../../src/feeds/webhook.ts'
import { testHappening } from '../../../src/feeds/happenings.ts'

test('a signature is that of the libraries of Standard Webhooks', () => {
  // The test vector of its JavaScript and Go libraries.
  const secret = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n')
  const headers = webhookHeaders([secret], {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    atMs: 1_614_265_330_999,
    body: '{"test": 2432232314}',
  })
  expect(headers.slice(-6)).toEqual([
    'webhook-id',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp',
    '1614265330',
    'webhook-signature',
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  ])
})

test.each(['', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'A'.repeat(100)}`, 'A'.repeat(44), 'whsec_§'])(
  'no secret: %s',
  (text) => {
    expect(() => parseWebhookSecret(text)).toThrow('key-unavailable')
  },
)

test('times are whole minutes', () => {
  const happening = { ...testHappening('00', 1_796_000_012_345), deadlineMs: 1_796_000_099_999 }
  const body = webhookBody({ ...happening, name: 'case.opened', category: 'child.grooming' })
  expect(JSON.parse(body)).toEqual({
    type: 'case.opened',
    timestamp: '2026-11-30T00:53:00Z',
    data: {
      number: 0,
      case: '',
      category: 'child.grooming',
      severity: 0,
      queue: 'child-safety',
      deadline: '2026-11-30T00:54:00Z',
    },
  })
})
