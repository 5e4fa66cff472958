import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openIssuerKeys, type IssuerKeysOptions } from '../../../src/issuer/issuer-keys.ts'
import { issuerDirectory, statedTokens } from '../../../src/issuer/publish.ts'
import { readIssuerDirectory } from '../../../src/privacypass/issuer-directory.ts'
import { voprfKeyKind } from '../../../src/privacypass/voprf/issuer-key.ts'
import { KeysInMemory } from '../../support/keys-in-memory.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'
import { rsaKeyKind } from '../../support/rsa-keys.ts'

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 2, 1, 9)

async function open(more: Partial<IssuerKeysOptions> = {}) {
  const time = { nowMs: START_MS }
  const kept = new KeysInMemory()
  const keys = await openIssuerKeys({
    issuer: 'a.example',
    kept,
    kinds: rsaKeyKind(),
    clock: () => time.nowMs,
    ...more,
  })
  return { keys, kept, time }
}

test('an issuer that starts has one key of each class, and each signs', async () => {
  const { keys, kept } = await open()
  expect(keys.live().map(({ tokenClass, signs }) => [tokenClass, signs])).toEqual([
    ['message', true],
    ['first-contact', true],
  ])
  expect(await keys.rotate()).toBe(false)
  expect(kept.writes).toBe(2)
})

test('the ids of live keys all end unlike, so that a request names one key', async () => {
  const { keys, time } = await open()
  time.nowMs += 82 * DAY_MS
  await keys.rotate()
  const ends = keys.live().map(({ issuerKey }) => issuerKey.tokenKey.keyId.at(-1))
  expect(new Set(ends).size).toBe(4)
})

test('a successor is published at once, signs from the begin of a day, and the old key ends a week later', async () => {
  const { keys, time } = await open()
  const [first] = keys.live()
  time.nowMs += 81 * DAY_MS
  expect(await keys.rotate()).toBe(true)
  const signs = () =>
    keys
      .live()
      .flatMap(({ tokenClass, id, signs: does }) => (tokenClass === 'message' && does ? id : []))
  expect(keys.live()).toHaveLength(4)
  expect(signs()).toEqual([first?.id])
  time.nowMs += 2 * DAY_MS - 9 * 3_600_000
  expect(signs()).toEqual(['message-1'])
  expect(keys.live()).toHaveLength(4)
  time.nowMs += 8 * DAY_MS
  expect(keys.live()).toHaveLength(2)
})

test('at an operator’s word all keys are replaced: soon with an overlap, or now without', async () => {
  const { keys, time } = await open()
  await keys.replace('soon')
  expect(keys.live().map(({ signs }) => signs)).toEqual([true, false, true, false])
  await keys.replace('soon')
  expect(keys.live()).toHaveLength(4)
  const before = new Set(keys.live().map(({ id }) => id))
  await keys.replace('now')
  expect(keys.live().map(({ id, signs }) => [before.has(id), signs])).toEqual([
    [false, true],
    [false, true],
  ])
  time.nowMs += 1
  expect(await keys.rotate()).toBe(false)
})

test('calls that come together are carried out one after the other', async () => {
  const { keys, kept, time } = await open()
  time.nowMs += 82 * DAY_MS
  const outcomes = await Promise.all([keys.rotate(), keys.rotate(), keys.rotate()])
  expect(outcomes).toEqual([true, false, false])
  expect(kept.all('message')).toHaveLength(2)
})

test('a key that could not be made is made the next time', async () => {
  let fails = false
  const { blindRsa2048: kind } = rsaKeyKind()
  const { keys, time } = await open({
    kinds: {
      blindRsa2048: {
        ...kind,
        generate: (live) => (fails ? Promise.reject(new Error('no entropy')) : kind.generate(live)),
      },
    },
  })
  time.nowMs += 82 * DAY_MS
  fails = true
  await expect(keys.rotate()).rejects.toThrow('no entropy')
  fails = false
  expect(await keys.rotate()).toBe(true)
  expect(keys.live()).toHaveLength(4)
})

test('the directory has all keys with their class, those that sign first, and changes with the day', async () => {
  const { keys, time } = await open()
  await keys.replace('soon')
  const nowMs = time.nowMs
  const { bytes, maxAgeSeconds } = issuerDirectory(keys.live(), { requestUri: '/x', nowMs })
  const { issuerRequestUri, tokenKeys } = readIssuerDirectory(bytes)
  expect(issuerRequestUri).toBe('/x')
  expect(tokenKeys.map(({ tokenType, tokenClass }) => [tokenType, tokenClass])).toEqual([
    [2, 'message'],
    [2, 'first-contact'],
    [2, 'message'],
    [2, 'first-contact'],
  ])
  const [signing, , pending] = tokenKeys
  expect(signing?.notBeforeSeconds).toBe(START_MS / 1_000)
  expect(pending?.notBeforeSeconds).toBeGreaterThan(START_MS / 1_000)
  expect(maxAgeSeconds).toBe(3_600)
  const late = issuerDirectory(keys.live(), { requestUri: '/x', nowMs: nowMs + 14.75 * 3_600_000 })
  expect(late.maxAgeSeconds).toBe(900)
})

test('what we state has the digest of every live key, by class', async () => {
  const { keys } = await open()
  await keys.replace('soon')
  const stated = statedTokens(keys.live(), 'a.example')
  expect(stated).toMatchObject([
    { type: 2, issuer: 'a.example', class: 'message' },
    { type: 2, issuer: 'a.example', class: 'first-contact' },
  ])
  expect(stated.flatMap((entry) => entry.keys)).toHaveLength(4)
  for (const digest of stated.flatMap((entry) => entry.keys))
    expect(digest).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

test('each type that is on has a line of keys of its own, stated and published with its type', async () => {
  const kinds = {
    ...rsaKeyKind(),
    voprfP384: voprfKeyKind(oprfGroups.voprfP384, randomBytes),
    voprfRistretto255: voprfKeyKind(oprfGroups.voprfRistretto255, randomBytes),
  }
  const { keys } = await open({ kinds })
  await keys.replace('soon')
  expect(keys.live()).toHaveLength(8)
  const ends = keys.live().map(({ issuerKey }) => issuerKey.tokenKey.keyId.at(-1))
  expect(new Set(ends).size).toBe(8)
  expect(
    statedTokens(keys.live(), 'a.example').map((each) => [each.type, each.class, each.keys.length]),
  ).toEqual([
    [2, 'message', 2],
    [2, 'first-contact', 2],
    [1, 'message', 2],
    [5, 'message', 2],
  ])
  const { bytes } = issuerDirectory(keys.live(), { requestUri: '/x', nowMs: START_MS })
  const types = readIssuerDirectory(bytes).tokenKeys.map(({ tokenType }) => tokenType)
  expect(types).toEqual([2, 2, 1, 5, 2, 2, 1, 5])
})
