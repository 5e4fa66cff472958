import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAccountHandles, type HandleKey } from '../../../src/issuer/account-handles.ts'

const DAY_MS = 86_400_000
const START_MS = 20_000 * DAY_MS

function key(octet: number, activeFromMs: number, expiresAtMs?: number): HandleKey {
  return { key: createSecretKey(Buffer.alloc(32, octet)), activeFromMs, expiresAtMs }
}

test('a handle is 16 octets that differ by account and by key', () => {
  const one = createAccountHandles(() => [key(1, 0)])
  const two = createAccountHandles(() => [key(2, 0)])
  const handle = one.current('alice', START_MS)
  expect(handle).toHaveLength(16)
  expect(handle).toEqual(one.current('alice', START_MS + 40 * DAY_MS))
  expect(handle).not.toEqual(one.current('alicf', START_MS))
  expect(handle).not.toEqual(two.current('alice', START_MS))
})

test('a key that takes over in the middle of a day counts from the next one', () => {
  const atMs = START_MS + DAY_MS / 2
  const handles = createAccountHandles(() => [key(2, atMs), key(1, 0, atMs)])
  const before = handles.current('alice', atMs - 1)
  expect(handles.current('alice', atMs + 1)).toEqual(before)
  expect(handles.current('alice', START_MS + DAY_MS - 1)).toEqual(before)
  expect(handles.current('alice', START_MS + DAY_MS)).not.toEqual(before)
})

test('what was held against an account under an older key is still found for 30 days', () => {
  const handles = createAccountHandles(() => [key(2, START_MS), key(1, 0, START_MS)])
  const old = handles.current('alice', START_MS - 1)
  expect(handles.recent('alice', START_MS + 1)).toContainEqual(old)
  expect(handles.recent('alice', START_MS + 29 * DAY_MS)).toContainEqual(old)
  expect(handles.recent('alice', START_MS + 30 * DAY_MS)).not.toContainEqual(old)
  expect(handles.recent('alice', START_MS + 30 * DAY_MS)).toHaveLength(1)
})

test('on the first day the only key counts; without a key nobody has a handle', () => {
  const first = createAccountHandles(() => [key(1, START_MS + 5)])
  expect(first.current('alice', START_MS + 6)).toHaveLength(16)
  const none = createAccountHandles(() => [])
  expect(() => none.current('alice', START_MS)).toThrow('key-unavailable')
})
