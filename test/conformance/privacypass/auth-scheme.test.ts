import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  readChallengeHeader,
  writeChallengeHeader,
} from '../../../src/privacypass/challenge-header.ts'
import {
  challengeBytes,
  challengeDigest,
  type TokenChallenge,
} from '../../../src/privacypass/token-challenge.ts'
import { tokenInputBytes } from '../../../src/privacypass/token.ts'
import { tokenTypeCodes } from '../../../src/privacypass/token-type.ts'
import { fromHex } from '../../support/hex.ts'
import { vectorJson } from '../../support/vectors.ts'

const hex = z.string().transform(fromHex)
const headerSchema = z.array(
  z.looseObject({
    'WWW-Authenticate': z.string(),
  }),
)
const entrySchema = z.object({ type: z.number(), key: hex, age: z.number(), challenge: hex })
const tokenSchema = z.array(
  z.object({
    token_type: z.literal('0002'),
    issuer_name: hex,
    redemption_context: hex,
    origin_info: hex,
    nonce: hex,
    token_key_id: hex,
    token_authenticator_input: hex,
  }),
)

const read = (name: string) =>
  vectorJson(`ratelimit/privacypass-ts__auth_scheme_${name}.json`) ?? []
const headers = ['header_v14', 'header_complicated'].flatMap((name) =>
  headerSchema.parse(read(name)).map((vector, index) => ({ name: `${name} ${index + 1}`, vector })),
)
const tokens = tokenSchema.parse(read('token_v14'))

// Where the vectors are absent `vectorJson` says so.
test.skipIf(headers.length === 0)('there are vectors of headers and of tokens', () => {
  expect([headers.length, tokens.length]).toEqual([3, 5])
})

test.each(headers)('$name is read, and written so that it is read alike', ({ vector }) => {
  const offers = readChallengeHeader(vector['WWW-Authenticate'])
  const entries = [0, 1]
    .filter((index) => `token-type-${index}` in vector)
    .map((index) =>
      entrySchema.parse({
        type: vector[`token-type-${index}`],
        key: vector[`token-key-${index}`],
        age: vector[`max-age-${index}`],
        challenge: vector[`token-challenge-${index}`],
      }),
    )
  const found = offers.map(({ challenge, challengeBytes: bytes, tokenKey, maxAgeSeconds }) => ({
    type: challenge && tokenTypeCodes[challenge.tokenType],
    key: tokenKey,
    age: maxAgeSeconds,
    challenge: bytes,
  }))
  expect(found).toEqual(entries)
  const rewritten = writeChallengeHeader(
    offers.flatMap(({ challenge, tokenKey, maxAgeSeconds }) =>
      challenge === undefined || tokenKey === undefined || maxAgeSeconds === undefined
        ? []
        : [{ challenge, tokenKey, maxAgeSeconds }],
    ),
  )
  expect(readChallengeHeader(rewritten)).toEqual(offers)
})

test.each(tokens)('challenge and authenticator input are those of token %#', (vector) => {
  const challenge: TokenChallenge = {
    tokenType: 'blindRsa2048',
    issuerName: vector.issuer_name.toString(),
    redemptionContext: vector.redemption_context,
    originInfo: vector.origin_info.toString(),
  }
  const input = tokenInputBytes({
    tokenType: 'blindRsa2048',
    nonce: vector.nonce,
    challengeDigest: challengeDigest(challengeBytes(challenge)),
    tokenKeyId: vector.token_key_id,
  })
  expect(input.toString('hex')).toBe(vector.token_authenticator_input.toString('hex'))
})
