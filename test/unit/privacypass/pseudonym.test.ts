import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import {
  pseudonymChallenge,
  redemptionContext,
  verifyAdmission,
  type Admission,
  type AdmissionCheck,
  type PseudonymScope,
} from '../../../src/privacypass/pseudonym-certificate.ts'
import { acceptedEpochStarts, epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymNonce,
  readPseudonymKey,
} from '../../../src/privacypass/pseudonym-key.ts'
import { challengeBytes } from '../../../src/privacypass/token-challenge.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { issueToken, testIssuerKey } from '../../support/issuer-key.ts'

const hub = parseProviderDomain('hub.example')
const home = parseProviderDomain('b.example')
const room = parseMimiUri('mimi://hub.example/r/clubhouse')
const scope: PseudonymScope = { hub, room, issuer: home }
const dayMs = 86_400_000
const noonMs = 20_000 * dayMs + dayMs / 2
const epochStart = 20_000 * 86_400
const minuteMs = 60_000

const key = testIssuerKey(home)
const pair = generatePseudonymKey()
const nonce = pseudonymNonce(pair.publicKey)

function certify(where: PseudonymScope, start = epochStart, publicKey = pair.publicKey): Admission {
  const challenge = challengeBytes(pseudonymChallenge(where, start))
  const token = issueToken(key, challenge, pseudonymNonce(publicKey))
  return { token: tokenBytes(token), publicKey }
}

function check(change: Partial<AdmissionCheck> = {}): AdmissionCheck {
  return {
    scope,
    nowMs: noonMs,
    schemes: { blindRsa2048: blindRsaScheme },
    keys: [key.tokenKey],
    ...change,
  }
}

function reasonOf(admission: Admission, change: Partial<AdmissionCheck> = {}): string {
  const verdict = verifyAdmission(admission, check(change))
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind
}

const admission = certify(scope)

test('an epoch is a UTC day', () => {
  expect(epochStartSeconds(noonMs)).toBe(epochStart)
  expect(epochStartSeconds(epochStart * 1_000)).toBe(epochStart)
  expect(epochStartSeconds(epochStart * 1_000 - 1)).toBe(epochStart - 86_400)
})

test('the last epoch is accepted for ten minutes more, the next one ten minutes before', () => {
  const startMs = epochStart * 1_000
  const around = (minutes: number) => acceptedEpochStarts(startMs + minutes * minuteMs)
  expect(around(0)).toEqual([epochStart, epochStart - 86_400])
  expect(acceptedEpochStarts(startMs + 10 * minuteMs - 1)).toHaveLength(2)
  expect(around(10)).toEqual([epochStart])
  expect(acceptedEpochStarts(startMs - 10 * minuteMs - 1)).toEqual([epochStart - 86_400])
  expect(around(-10)).toEqual([epochStart - 86_400, epochStart])
})

test('the redemption context is the hash of label, hub, room, start and length', () => {
  const octets = Buffer.concat([
    Buffer.from('postern-rc-v1'),
    Buffer.of(hub.length),
    Buffer.from(hub),
    Buffer.of(room.length),
    Buffer.from(room),
    Buffer.from('00000000', 'hex'),
    Buffer.from(epochStart.toString(16), 'hex'),
    Buffer.from('00015180', 'hex'),
  ])
  const expected = createHash('sha256').update(octets).digest('hex')
  expect(redemptionContext(scope, epochStart).toString('hex')).toBe(expected)
})

test('an admission says who is admitted where, and is the same when it is repeated', () => {
  const verdict = verifyAdmission(admission, check())
  if (verdict.kind !== 'admitted') throw new Error(verdict.kind)
  expect(verdict.pseudonym).toMatchObject({
    issuer: home,
    keyId: key.tokenKey.keyId,
    spendKey: nonce,
    pseudonymId: nonce.subarray(0, 16),
    epochStart,
  })
  const hash = createHash('sha256')
    .update(Buffer.of(0x40, 91))
    .update(pair.publicKey)
    .update(Buffer.of(room.length))
    .update(room)
    .digest()
  expect(verdict.pseudonym.requestHash.equals(hash)).toBe(true)
  expect(verifyAdmission(certify(scope), check())).toMatchObject({
    pseudonym: { requestHash: hash, spendKey: nonce },
  })
})

test('a certificate holds in its room, epoch, hub and for its issuer only', () => {
  const otherRoom = parseMimiUri('mimi://hub.example/r/other')
  const otherHub = parseProviderDomain('other.example')
  expect(reasonOf(admission)).toBe('admitted')
  expect(reasonOf(certify({ ...scope, room: otherRoom }))).toBe('wrong-challenge')
  expect(reasonOf(certify({ ...scope, hub: otherHub }))).toBe('wrong-challenge')
  expect(reasonOf(certify(scope, epochStart + 86_400))).toBe('wrong-challenge')
  expect(reasonOf(admission, { nowMs: noonMs + dayMs })).toBe('wrong-challenge')
  expect(reasonOf(admission, { scope: { ...scope, issuer: otherHub } })).toBe('unknown-key')
})

test('the next epoch is admitted ten minutes ahead', () => {
  const next = certify(scope, epochStart + 86_400)
  const nowMs = (epochStart + 86_400) * 1_000 - 9 * minuteMs
  expect(verifyAdmission(next, check({ nowMs }))).toMatchObject({
    pseudonym: { epochStart: epochStart + 86_400 },
  })
})

test('a token is worth nothing with another key than the one it certifies', () => {
  const thief = generatePseudonymKey()
  expect(reasonOf({ ...admission, publicKey: thief.publicKey })).toBe('another-key-certified')
  const challenge = challengeBytes(pseudonymChallenge(scope, epochStart))
  const unbound = tokenBytes(issueToken(key, challenge, randomBytes(32)))
  expect(reasonOf({ ...admission, token: unbound })).toBe('another-key-certified')
})

test('a certified key that is no point of P-256 is refused', () => {
  const noPoint = Buffer.from(pair.publicKey)
  noPoint[noPoint.length - 1] = (noPoint.at(-1) ?? 0) ^ 1
  const short = pair.publicKey.subarray(0, 90)
  expect(reasonOf(certify(scope, epochStart, noPoint))).toBe('malformed-key')
  expect(reasonOf(certify(scope, epochStart, short))).toBe('malformed-key')
})

test('octets that are no token are refused, whatever they are', () => {
  const { token } = admission
  const extended = Buffer.concat([token, Buffer.of(0)])
  for (const octets of [Buffer.alloc(0), token.subarray(1), token.subarray(0, -1), extended])
    expect(reasonOf({ ...admission, token: octets })).toBe('malformed-token')
  const forged = Buffer.from(token)
  forged[353] = (forged[353] ?? 0) ^ 1
  expect(reasonOf({ ...admission, token: forged })).toBe('invalid-authenticator')
})

test('a pseudonym’s key is read as it was written and from no other octets', () => {
  const { privateKey, publicKey } = generatePseudonymKey()
  expect(publicKey).toHaveLength(91)
  expect(privateKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  expect(readPseudonymKey(publicKey)?.export({ format: 'der', type: 'spki' })).toEqual(publicKey)
  expect(readPseudonymKey(publicKey.subarray(1))).toBeUndefined()
})
