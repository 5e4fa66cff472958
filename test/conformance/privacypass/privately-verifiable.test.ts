import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { tokenRequestCodec, tokenResponseCodecs } from '../../../src/privacypass/issuance.ts'
import { challengeDigest, tokenChallengeCodec } from '../../../src/privacypass/token-challenge.ts'
import { createTokenScheme } from '../../../src/privacypass/token-scheme.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import {
  requestAmortizedTokens,
  requestVoprfToken,
} from '../../../src/privacypass/voprf/request-tokens.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { oprfGroups, scalarRandomness } from '../../support/oprf-groups.ts'
import { amortizedVectors, singleVectors, vectorKeys } from '../../support/token-vectors.ts'

const singles = {
  'privacypass-ts__priv_verif_rfc9578.go': 'voprfP384',
  'privacypass-ts__priv_verif_rfc9578.rust': 'voprfP384',
  'privacypass-rs__private_p384_go': 'voprfP384',
  'privacypass-rs__private_p384_rs': 'voprfP384',
  'privacypass-rs__private_ristretto255_go': 'voprfRistretto255',
  'privacypass-rs__private_ristretto255_rs': 'voprfRistretto255',
} as const
const amortized = [
  'privacypass-rs__amortized_ristretto255_go',
  'privacypass-rs__amortized_ristretto255_rs',
]

const cases = Object.entries(singles).flatMap(([file, tokenType]) =>
  singleVectors(file).map((vector, index) => ({ name: `${file} ${index + 1}`, tokenType, vector })),
)
const batches = amortized.flatMap((file) =>
  amortizedVectors(file).map((vector, index) => ({ name: `${file} ${index + 1}`, vector })),
)

// Where the vectors are absent `vectorJson` says so.
test.skipIf(cases.length === 0)('there are vectors of single tokens and of batches', () => {
  expect(
    cases.map(({ tokenType }) => tokenType).filter((type) => type === 'voprfP384'),
  ).toHaveLength(20)
  expect([cases.length, batches.length]).toEqual([30, 10])
})

describe.each(cases)('$name', ({ tokenType, vector }) => {
  const group = oprfGroups[tokenType]
  const scheme = createTokenScheme(tokenType)
  const { secretKey, publicKey } = vectorKeys(vector)
  const { issuerName } = decode(tokenChallengeCodec, vector.token_challenge)
  const key = voprfIssuerKey({ group, secretKey, issuer: issuerName, randomness: randomBytes })
  const request = () =>
    requestVoprfToken({
      group,
      challenge: vector.token_challenge,
      nonce: vector.nonce,
      publicKey,
      randomness: scalarRandomness(vector.blind),
    })

  test('the private key has the public key of the vector', () => {
    expect(key.tokenKey.publicKey.equals(publicKey)).toBe(true)
  })

  test('the client asks with the octets of the vector and finalizes its token', () => {
    const pending = request()
    expect(encode(tokenRequestCodec, pending.request).equals(vector.token_request)).toBe(true)
    const response = decode(tokenResponseCodecs[tokenType], vector.token_response)
    const token = pending.finalize({ tokenType, ...response })
    expect(token && tokenBytes(token).equals(vector.token)).toBe(true)
  })

  test('the issuer evaluates as the vector, and proves it', () => {
    const verdict = scheme.issue(decode(tokenRequestCodec, vector.token_request), [key])
    if (verdict.kind === 'refused' || verdict.response.tokenType !== tokenType)
      throw new Error('no token was issued')
    const { evaluatedMessage } = decode(tokenResponseCodecs[tokenType], vector.token_response)
    expect(verdict.response.evaluatedMessage.equals(evaluatedMessage)).toBe(true)
    const token = request().finalize(verdict.response)
    expect(token && tokenBytes(token).equals(vector.token)).toBe(true)
  })

  test('the token verifies for its challenge, and no changed one does', () => {
    const keys = [key.tokenKey]
    const challenges = [{ digest: challengeDigest(vector.token_challenge), context: 'here' }]
    const verify = (bytes: Buffer) => scheme.verify(scheme.parse(bytes), { keys, challenges })
    expect(verify(vector.token)).toEqual({
      kind: 'valid',
      token: {
        issuer: issuerName,
        keyId: key.tokenKey.keyId,
        context: 'here',
        spendKey: vector.nonce,
      },
    })
    const reasons = [2, 34, 66, 98, vector.token.length - 1].map((at) => {
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

describe.each(batches)('$name', ({ vector }) => {
  const group = oprfGroups.voprfRistretto255
  const scheme = createTokenScheme('voprfRistretto255')
  const { secretKey, publicKey } = vectorKeys(vector)
  const key = voprfIssuerKey({ group, secretKey, issuer: 'issuer', randomness: randomBytes })
  const request = () => {
    const blinds = [...vector.blinds]
    return requestAmortizedTokens({
      group,
      tokens: vector.nonces.map((nonce) => ({ challenge: vector.token_challenge, nonce })),
      publicKey,
      randomness: (bytes) => scalarRandomness(blinds.shift() ?? Buffer.alloc(0))(bytes),
    })
  }

  test('the client asks with the octets of the vector and finalizes its tokens', () => {
    const pending = request()
    const asked = encode(amortizedBatchRequestCodec, pending.request)
    expect(asked.equals(vector.token_request)).toBe(true)
    const tokens = pending.finalize(decode(amortizedBatchResponseCodec, vector.token_response))
    expect(tokens?.map((token) => tokenBytes(token))).toEqual(vector.tokens)
  })

  test('the issuer evaluates as the vector, and proves it once for all', () => {
    const verdict = scheme.issueBatch(decode(amortizedBatchRequestCodec, vector.token_request), [
      key,
    ])
    if (verdict.kind === 'refused') throw new Error('no token was issued')
    const { evaluatedMessages } = decode(amortizedBatchResponseCodec, vector.token_response)
    expect(verdict.response.evaluatedMessages).toEqual(evaluatedMessages)
    const tokens = request().finalize(verdict.response)
    expect(tokens?.map((token) => tokenBytes(token))).toEqual(vector.tokens)
  })

  test('every token verifies', () => {
    const challenges = [{ digest: challengeDigest(vector.token_challenge), context: undefined }]
    const verdicts = vector.tokens.map((token) =>
      scheme.verify(scheme.parse(token), { keys: [key.tokenKey], challenges }),
    )
    expect(verdicts.map(({ kind }) => kind)).toEqual(vector.tokens.map(() => 'valid'))
  })
})
