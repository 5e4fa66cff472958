import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { writeIssuerDirectory } from '../../../src/privacypass/issuer-directory.ts'
import type { TokenKey } from '../../../src/privacypass/token-scheme.ts'
import { tokenTypeCodes } from '../../../src/privacypass/token-type.ts'
import { createIssuerKeys } from '../../../src/senders/issuer-keys.ts'
import { testIssuerKey } from '../../support/issuer-key.ts'

const [hub, issuer] = [parseProviderDomain('a.example'), parseProviderDomain('b.example')]
const MIDNIGHT = Date.UTC(2026, 10, 2)
const MINUTE_MS = 60_000

interface Listed {
  readonly tokenKey: TokenKey
  readonly fromMs?: number
  readonly isStated?: boolean
}

const listed = (change: Omit<Listed, 'tokenKey'> = {}): Listed => ({
  tokenKey: testIssuerKey(issuer).tokenKey,
  ...change,
})

/** A hub that looks at the keys of an issuer, which says when it is asked. */
function open(...keys: readonly Listed[]) {
  const time = { nowMs: MIDNIGHT - 30 * MINUTE_MS }
  const directory = { keys, asked: 0, fault: undefined as GatewayError | undefined }
  const issuerKeys = createIssuerKeys({
    self: hub,
    own: () => [],
    published: () => {
      directory.asked += 1
      if (directory.fault !== undefined) return Promise.reject(directory.fault)
      return Promise.resolve(published(directory.keys))
    },
    clock: () => time.nowMs,
  })
  const live = async () => (await issuerKeys.live(issuer)).map(({ keyId }) => keyId)
  const renewed = async () => (await issuerKeys.renewed(issuer)).map(({ keyId }) => keyId)
  return { time, directory, live, renewed }
}

function published(keys: readonly Listed[]) {
  const directory = writeIssuerDirectory({
    issuerRequestUri: '/token-request',
    tokenKeys: keys.map(({ tokenKey, fromMs }) => ({
      tokenType: tokenTypeCodes.blindRsa2048,
      tokenKey: tokenKey.publicKey,
      notBeforeSeconds: fromMs === undefined ? undefined : fromMs / 1_000,
    })),
  })
  const stated = keys.filter(({ isStated = true }) => isStated)
  return { directory, digests: stated.map(({ tokenKey }) => tokenKey.keyId.toString('base64url')) }
}

const ids = (...keys: readonly Listed[]) => keys.map(({ tokenKey }) => tokenKey.keyId)

test('a successor that was seen before its time is taken from then on, and not an hour later', async () => {
  const [old, next] = [listed(), listed({ fromMs: MIDNIGHT })]
  const { time, directory, live } = open(old, next)
  expect(await live()).toEqual(ids(old))
  time.nowMs = MIDNIGHT - 6 * MINUTE_MS
  expect(await live()).toEqual(ids(old))
  // Its clock may be ahead of ours.
  time.nowMs = MIDNIGHT - 5 * MINUTE_MS
  expect(await live()).toEqual(ids(old, next))
  time.nowMs = MIDNIGHT + MINUTE_MS
  expect(await live()).toEqual(ids(old, next))
  expect(directory.asked).toBe(1)
})

test('keys are looked up again after an hour, or a minute where one is not known', async () => {
  const [old, next] = [listed(), listed()]
  const { time, directory, live, renewed } = open(old)
  expect(await live()).toEqual(ids(old))
  directory.keys = [next]
  time.nowMs += MINUTE_MS - 1
  expect(await renewed()).toEqual(ids(old))
  time.nowMs += 1
  expect(await live()).toEqual(ids(old))
  expect(await renewed()).toEqual(ids(next))
  directory.keys = [old]
  time.nowMs += 60 * MINUTE_MS
  expect(await live()).toEqual(ids(old))
})

test('a provider that is away is asked once in half a minute, whoever wants its keys', async () => {
  const known = listed()
  const { time, directory, live, renewed } = open(known)
  directory.fault = new GatewayError('peer-timeout')
  const refused = { code: 'peer-timeout' }
  await Promise.all(
    [live(), renewed(), live()].map((asked) => expect(asked).rejects.toMatchObject(refused)),
  )
  expect(directory.asked).toBe(1)
  time.nowMs += 29_999
  await expect(live()).rejects.toMatchObject(refused)
  await expect(renewed()).rejects.toMatchObject(refused)
  expect(directory.asked).toBe(1)
  directory.fault = undefined
  time.nowMs += 1
  expect(await live()).toEqual(ids(known))
  expect(directory.asked).toBe(2)
})

test('a provider that goes away later is known for its hour', async () => {
  const known = listed()
  const { time, directory, live, renewed } = open(known)
  expect(await live()).toEqual(ids(known))
  directory.fault = new GatewayError('peer-timeout')
  time.nowMs += 2 * MINUTE_MS
  await expect(renewed()).rejects.toMatchObject({ code: 'peer-timeout' })
  expect(await live()).toEqual(ids(known))
})

test('a key that the signed document does not name is not taken', async () => {
  const [stated, other] = [listed(), listed({ isStated: false })]
  const { live } = open(stated, other)
  expect(await live()).toEqual(ids(stated))
})

test('of an issuer with three keys for messages there are none, begun or not', async () => {
  const three = [listed(), listed(), listed({ fromMs: MIDNIGHT + 86_400_000 })]
  const { time, directory, live } = open(...three)
  await expect(live()).rejects.toMatchObject({ code: 'directory-invalid' })
  // One that the document does not name is another class's, or nobody's.
  const two = [listed(), listed()]
  directory.keys = [...two, listed({ isStated: false })]
  time.nowMs += MINUTE_MS
  expect(await live()).toEqual(ids(...two))
})
