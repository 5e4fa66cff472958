import { constants, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  blindSign,
  randomBlind,
  rsaPublicKey,
} from '../../../src/privacypass/blind-rsa/blind-signature.ts'
import { requestBlindRsaToken } from '../../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import {
  blindRsaIssuerKey,
  generateBlindRsaKey,
  readBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import {
  challengeBytes,
  challengeDigest,
  type TokenChallenge,
} from '../../../src/privacypass/token-challenge.ts'
import type { TokenRequest } from '../../../src/privacypass/issuance.ts'
import {
  parseToken,
  tokenBytes,
  tokenInputBytes,
  type Token,
} from '../../../src/privacypass/token.ts'
import { issueToken, testIssuerKey } from '../../support/issuer-key.ts'

const challenge: TokenChallenge = {
  tokenType: 'blindRsa2048',
  issuerName: 'b.example',
  redemptionContext: Buffer.alloc(0),
  originInfo: 'hub.example',
}
const bytes = challengeBytes(challenge)
const challenges = [{ digest: challengeDigest(bytes), context: 'here' }]
const key = testIssuerKey('b.example')
const other = testIssuerKey('b.example')
const token = issueToken(key, bytes)

function reasonOf(presented: Token, keys = [other.tokenKey, key.tokenKey]): string {
  const verdict = blindRsaScheme.verify(presented, { keys, challenges })
  return verdict.kind === 'valid' ? 'valid' : verdict.reason
}

test('a token verifies under any of the live keys, and not once its key is none of them', () => {
  expect(reasonOf(token)).toBe('valid')
  expect(reasonOf(token, [other.tokenKey])).toBe('unknown-key')
  expect(reasonOf({ ...token, tokenKeyId: other.tokenKey.keyId })).toBe('invalid-authenticator')
})

test('a token of another challenge is refused before its signature is looked at', () => {
  const elsewhere = challengeBytes({ ...challenge, originInfo: 'other.example' })
  expect(reasonOf(issueToken(key, elsewhere))).toBe('wrong-challenge')
})

test('a token of another type is refused', () => {
  const presented: Token = { ...token, tokenType: 'voprfP384', authenticator: Buffer.alloc(48) }
  expect(reasonOf(presented)).toBe('wrong-type')
})

test('a signature holds with 48 octets of salt and with SHA-384 only', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const { tokenKey } = blindRsaIssuerKey(privateKey, 'b.example')
  const input = { ...token, tokenKeyId: tokenKey.keyId }
  const pss = constants.RSA_PKCS1_PSS_PADDING
  const signed = (hash: string, padding: number, saltLength = 48) => {
    const rsa = { key: privateKey, padding, ...(padding === pss && { saltLength }) }
    const authenticator = sign(hash, tokenInputBytes(input), rsa)
    return reasonOf({ ...input, tokenType: 'blindRsa2048', authenticator }, [tokenKey])
  }
  expect(signed('sha384', pss)).toBe('valid')
  const others = [
    ...[0, 20, 47, 49, 64, 206].map((saltLength) => signed('sha384', pss, saltLength)),
    ...['sha256', 'sha512'].map((hash) => signed(hash, pss)),
    signed('sha384', constants.RSA_PKCS1_PADDING),
  ]
  expect(new Set(others)).toEqual(new Set(['invalid-authenticator']))
})

test('the spend key outlives the buffer in which the token came', () => {
  const pooled = Buffer.from(tokenBytes(token))
  const verdict = blindRsaScheme.verify(parseToken(pooled), { keys: [key.tokenKey], challenges })
  pooled.fill(0)
  expect(verdict).toMatchObject({ kind: 'valid', token: { spendKey: token.nonce } })
})

const pending = requestBlindRsaToken({
  challenge: bytes,
  nonce: randomBytes(32),
  tokenKey: key.tokenKey,
  randomness: randomBytes,
})

function issueReason(change: Partial<TokenRequest>): string {
  const request = { ...pending.request, ...change } as TokenRequest
  const verdict = blindRsaScheme.issue(request, [key])
  return verdict.kind === 'issued' ? 'issued' : verdict.reason
}

test('an issuer refuses what names no key of it, is of another type or no integer modulo its key', () => {
  const otherOctet = (pending.request.truncatedTokenKeyId + 1) % 256
  expect(issueReason({})).toBe('issued')
  expect(issueReason({ truncatedTokenKeyId: otherOctet })).toBe('unknown-key')
  expect(issueReason({ tokenType: 'voprfP384' })).toBe('wrong-type')
  expect(issueReason({ blindedMessage: Buffer.alloc(256, 0xff) })).toBe('invalid-message')
})

test('a client takes no answer of another key', () => {
  const request = { ...pending.request, truncatedTokenKeyId: other.tokenKey.keyId[31] ?? 0 }
  const verdict = blindRsaScheme.issue(request, [other])
  // A blinded message can be above the other modulus; then there is no answer at all.
  const answer = verdict.kind === 'issued' ? pending.finalize(verdict.response) : undefined
  expect(answer).toBeUndefined()
})

test('a key that does not invert its own signatures signs nothing', () => {
  const [low, high] = [1, 2]
    .map(() => generateKeyPairSync('rsa', { modulusLength: 2_048 }))
    .toSorted((a, b) => (modulusOf(a) < modulusOf(b) ? -1 : 1))
  if (low === undefined || high === undefined) throw new Error('no keys')
  const unavailable = expect.objectContaining({ code: 'key-unavailable' })
  // Of those of the higher modulus some are not even below the lower one.
  for (let number = 1; number <= 60; number += 1)
    for (const [own, published] of [
      [low, high],
      [high, low],
    ] as const) {
      const message = Buffer.alloc(256, number)
      const attempt = () => blindSign(own.privateKey, rsaPublicKey(published.publicKey), message)
      expect(attempt).toThrow(unavailable)
    }
})

test('blinds are drawn anew until they are below the modulus, and not for ever', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const rsa = rsaPublicKey(publicKey)
  const draws = [Buffer.alloc(256, 0xff), Buffer.alloc(256), Buffer.alloc(256, 3)]
  const expected = BigInt(`0x${'03'.repeat(256)}`)
  expect(randomBlind(rsa, () => draws.shift() ?? Buffer.alloc(256))).toBe(expected)
  expect(() => randomBlind(rsa, () => Buffer.alloc(256))).toThrow('internal')
})

test('a public key is read in the one encoding of RFC 9578 and no other', () => {
  const { publicKey } = key.tokenKey
  expect(readBlindRsaKey(publicKey, 'b.example')).toMatchObject({ keyId: key.tokenKey.keyId })
  const even = Buffer.from(publicKey)
  even[even.length - 6] = (even.at(-6) ?? 0) & 0xfe
  const short = Buffer.from(publicKey)
  short[81] = (short[81] ?? 0) & 0x7f
  const refused = [
    even,
    short,
    publicKey.subarray(1),
    publicKey.subarray(0, -1),
    Buffer.concat([publicKey, Buffer.of(0)]),
    generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({
      format: 'der',
      type: 'spki',
    }),
  ]
  expect(refused.map((spki) => readBlindRsaKey(spki, 'b.example'))).toEqual(
    refused.map(() => undefined),
  )
})

test.each([
  ['RSA of another length', () => generateKeyPairSync('rsa', { modulusLength: 3_072 })],
  [
    'another exponent',
    () => generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 }),
  ],
  ['no RSA', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
])('%s is no key of an issuer', (_, generate) => {
  const { privateKey } = generate()
  const unavailable = expect.objectContaining({ code: 'key-unavailable' })
  expect(() => blindRsaIssuerKey(privateKey, 'b.example')).toThrow(unavailable)
})

test('a new key can be told from the live ones by the last octet of its id', async () => {
  const live = [key.tokenKey, other.tokenKey]
  const { tokenKey } = blindRsaIssuerKey(await generateBlindRsaKey(live), 'b.example')
  expect(live.map(({ keyId }) => keyId.at(-1))).not.toContain(tokenKey.keyId.at(-1))
})

function modulusOf({ publicKey }: { readonly publicKey: KeyObject }): bigint {
  return rsaPublicKey(publicKey).modulus
}
