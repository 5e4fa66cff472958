import { expect, test } from 'vitest'
import { Fifo } from '../../../src/delivery/fifo.ts'
import { backoffMs, verdictOfFault, verdictOfStatus } from '../../../src/delivery/outbox-verdict.ts'
import { encodeSegment, fillPath, parsePathTemplate } from '../../../src/delivery/path-template.ts'
import { isPublicAddress } from '../../../src/delivery/public-address.ts'
import { retryAfterMs } from '../../../src/delivery/retry-after.ts'
import { GatewayError } from '../../../src/model/errors.ts'

const now = Date.UTC(2026, 10, 23, 12, 0, 0)

test.for([
  ['5', 5_000],
  ['0', 0],
  ['999999999', 86_400_000],
  ['Mon, 23 Nov 2026 12:00:07 GMT', 7_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2026-11-23T12:00:07Z', undefined],
  [['1', '2'], undefined],
  [undefined, undefined],
] as const)('Retry-After %j is %j ms', ([value, expected]) => {
  expect(retryAfterMs(typeof value === 'object' ? [...value] : value, () => now)).toBe(expected)
})

test('a template is filled with the target as one segment', () => {
  const template = parsePathTemplate('https://B.example:443/v1/update{roomId}/x', {
    host: 'b.example',
    port: 443,
  })
  expect(fillPath(template, "mimi://a.example/r/it's (*)")).toBe(
    '/v1/updatemimi%3A%2F%2Fa.example%2Fr%2Fit%27s%20%28%2A%29/x',
  )
  expect(() => encodeSegment('\ud800')).toThrow('invalid-uri')
})

test.for([
  'http://b.example/{x}',
  'https://c.example/{x}',
  'https://b.example.evil/{x}',
  'https://b.example@evil/{x}',
  'https://b.example:8443/{x}',
  'https://b.example/{x}/{y}',
  'https://b.example/',
  'https://{x}.b.example/',
  'https://b.example/?q={x}',
  'https://b.example/{x}#y',
  'https://b.example/a/../{x}',
  'https://b.example/%2e%2e/{x}',
  'https://b.example/{+x}',
  'https://b.example/\r\n{x}',
  '//b.example/{x}',
])('the template %j is refused', (template) => {
  expect(() => parsePathTemplate(template, { host: 'b.example', port: 443 })).toThrow(
    'directory-invalid',
  )
})

test('a configured address makes the template’s port inert', () => {
  expect(
    parsePathTemplate('https://b.example:8443/{x}', { host: 'b.example', port: undefined }).before,
  ).toBe('/')
})

test.for([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'ff02::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'localhost',
  '',
])('%j is no public address', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

test.for(['1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00::1'])(
  '%j is a public address',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

test('a queue keeps its order over many turns', () => {
  const queue = new Fifo<number>()
  const taken: (number | undefined)[] = []
  for (let index = 0; index < 5_000; index++) {
    queue.push(index)
    if (index % 3 === 0) taken.push(queue.shift())
  }
  expect([queue.first, queue.size]).toEqual([taken.length, 5_000 - taken.length])
  while (queue.size > 0) taken.push(queue.shift())
  expect(taken).toEqual(Array.from({ length: 5_000 }, (_, index) => index))
  expect([queue.shift(), queue.first]).toEqual([undefined, undefined])
})

test('a back-off grows, has jitter over its upper half, is bounded and never sooner than asked', () => {
  const limits = { baseMs: 1_000, maxMs: 10_000 }
  const least = { ...limits, randomness: () => Buffer.alloc(4) }
  const most = { ...limits, randomness: () => Buffer.alloc(4, 0xff) }
  expect([1, 2, 3, 9, 900].map((failures) => backoffMs(failures, 0, least))).toEqual([
    500, 1_000, 2_000, 5_000, 5_000,
  ])
  expect([1, 2, 900].map((failures) => backoffMs(failures, 0, most))).toEqual([
    1_000, 2_000, 10_000,
  ])
  expect(backoffMs(1, 60_000, most)).toBe(60_000)
})

test('every status and fault has a verdict', () => {
  expect([200, 201, 202, 204].map((status) => verdictOfStatus(status).kind)).toEqual(
    Array(4).fill('delivered'),
  )
  expect([301, 400, 403, 404, 409, 426].map((status) => verdictOfStatus(status).kind)).toEqual(
    Array(6).fill('rejected'),
  )
  expect([408, 425, 429, 500, 504].map((status) => verdictOfStatus(status).kind)).toEqual(
    Array(5).fill('retry'),
  )
  expect(verdictOfStatus(503, 9)).toEqual({ kind: 'peer-down', afterMs: 9 })
  const kinds = (
    [
      'peer-unreachable',
      'directory-invalid',
      'queue-full',
      'peer-timeout',
      'peer-invalid',
      'draining',
    ] as const
  ).map((code) => verdictOfFault(new GatewayError(code)).kind)
  expect(kinds).toEqual(['peer-down', 'peer-down', 'peer-down', 'retry', 'retry', 'interrupted'])
  expect(verdictOfFault(new Error('bug')).kind).toBe('retry')
})
