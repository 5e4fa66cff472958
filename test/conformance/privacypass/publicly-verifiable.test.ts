import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { requestBlindRsaToken } from '../../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import {
  blindRsaIssuerKey,
  pssSaltBytes,
  readBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import { tokenRequestCodec, tokenResponseCodecs } from '../../../src/privacypass/issuance.ts'
import { challengeDigest, tokenChallengeCodec } from '../../../src/privacypass/token-challenge.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { singleVectors, vectorKeys, type SingleVector } from '../../support/token-vectors.ts'

const files = [
  'privacypass-ts__pub_verif_rfc9578.go',
  'privacypass-ts__pub_verif_rfc9578.rust',
  'privacypass-rs__public_go',
  'privacypass-rs__public_rs',
]
const cases = files.flatMap((file) =>
  singleVectors(file).map((vector, index) => ({ name: `${file} ${index + 1}`, vector })),
)

// Where the vectors are absent `vectorJson` says so.
test.skipIf(cases.length === 0)('there are five vectors of each source', () => {
  expect(cases).toHaveLength(20)
})

describe.each(cases)('$name', ({ vector }) => {
  const { issuerName } = decode(tokenChallengeCodec, vector.token_challenge)
  const { secretKey, publicKey } = vectorKeys(vector)
  const issuerKey = blindRsaIssuerKey(createPrivateKey(secretKey), issuerName)

  test('the private key has the public key and the id of the vector', () => {
    expect(issuerKey.tokenKey.publicKey.equals(publicKey)).toBe(true)
    expect(readBlindRsaKey(publicKey, issuerName)?.keyId).toEqual(issuerKey.tokenKey.keyId)
  })

  test('the client asks with the octets of the vector and finalizes its token', () => {
    const tokenKey = readBlindRsaKey(publicKey, issuerName)
    if (tokenKey === undefined) throw new Error('the key of the vector was refused')
    const pending = requestBlindRsaToken({
      challenge: vector.token_challenge,
      nonce: vector.nonce,
      tokenKey,
      randomness: (bytes) => (bytes === pssSaltBytes ? saltOf(vector) : vector.blind),
    })
    expect(encode(tokenRequestCodec, pending.request).equals(vector.token_request)).toBe(true)
    const response = decode(tokenResponseCodecs.blindRsa2048, vector.token_response)
    const token = pending.finalize({ tokenType: 'blindRsa2048', ...response })
    expect(token && tokenBytes(token).equals(vector.token)).toBe(true)
  })

  test('the issuer answers with the octets of the vector', () => {
    const request = decode(tokenRequestCodec, vector.token_request)
    const verdict = blindRsaScheme.issue(request, [issuerKey])
    if (verdict.kind === 'refused' || verdict.response.tokenType !== 'blindRsa2048')
      throw new Error('no token was issued')
    expect(verdict.response.blindSignature.equals(vector.token_response)).toBe(true)
  })

  test('the token verifies for its challenge, and no changed one does', () => {
    const keys = [issuerKey.tokenKey]
    const challenges = [{ digest: challengeDigest(vector.token_challenge), context: 'here' }]
    const verify = (bytes: Buffer) =>
      blindRsaScheme.verify(blindRsaScheme.parse(bytes), { keys, challenges })
    expect(verify(vector.token)).toEqual({
      kind: 'valid',
      token: {
        issuer: issuerName,
        keyId: issuerKey.tokenKey.keyId,
        context: 'here',
        spendKey: vector.nonce,
      },
    })
    const reasons = [2, 34, 66, 98, 353].map((at) => {
      const changed = Buffer.from(vector.token)
      changed[at] = (changed[at] ?? 0) ^ 1
      const verdict = verify(changed)
      return verdict.kind === 'refused' ? verdict.reason : verdict.kind
    })
    expect(reasons).toEqual([
      'invalid-authenticator',
      'wrong-challenge',
      'unknown-key',
      'invalid-authenticator',
      'invalid-authenticator',
    ])
  })
})

function saltOf({ salt }: SingleVector): Buffer {
  if (salt === undefined || salt === null) throw new Error('a vector without a salt')
  return salt
}
