import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { AddressCap, clientAddress } from '../../../src/listener/client-address.ts'

function requestFrom(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:0DB8:1:0002:ffff::', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['', 'unknown'],
])('a client at %s counts as %s', (address, expected) => {
  expect(clientAddress(requestFrom(address), false)).toBe(expected)
})

test('behind a front end the last entry counts, which the client cannot write', () => {
  const request = requestFrom('127.0.0.1', '198.51.100.1, 203.0.113.9 ,  192.0.2.7')
  expect(clientAddress(request, true)).toBe('192.0.2.7')
  expect(clientAddress(request, false)).toBe('127.0.0.1')
  expect(clientAddress(requestFrom('127.0.0.1'), true)).toBe('127.0.0.1')
  expect(clientAddress(requestFrom('127.0.0.1', 'me'), true)).toBe('unknown')
})

test('so many of one address run at once, and others are not held up', async () => {
  const cap = new AddressCap(2)
  const gate = Promise.withResolvers<void>()
  const running = [cap.run('a', () => gate.promise), cap.run('a', () => gate.promise)]
  await expect(cap.run('a', () => Promise.resolve())).rejects.toMatchObject({
    code: 'rate-limited',
    retryAfterMs: 1_000,
  })
  expect(await cap.run('b', () => Promise.resolve('b'))).toBe('b')
  gate.resolve()
  await Promise.all(running)
  await expect(cap.run('a', () => Promise.reject(new Error('fails')))).rejects.toThrow('fails')
  expect(await cap.run('a', () => Promise.resolve('a'))).toBe('a')
})
