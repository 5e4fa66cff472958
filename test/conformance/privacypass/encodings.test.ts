import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { tokenRequestCodec, tokenResponseCodecs } from '../../../src/privacypass/issuance.ts'
import { tokenChallengeCodec } from '../../../src/privacypass/token-challenge.ts'
import type { TokenType } from '../../../src/privacypass/token-type.ts'
import { parseToken, tokenBytes } from '../../../src/privacypass/token.ts'
import { decode, encode, type AnyCodec } from '../../../src/wire/codec.ts'
import { WireError } from '../../../src/wire/errors.ts'
import { anyCodec } from '../../support/any-codec.ts'
import {
  amortizedVectors,
  batchVectors,
  singleVectors,
  vectorType,
} from '../../support/token-vectors.ts'
import { vectorPath } from '../../support/vectors.ts'

const singles: Readonly<Record<string, TokenType>> = {
  'privacypass-ts__priv_verif_rfc9578.go': 'voprfP384',
  'privacypass-ts__priv_verif_rfc9578.rust': 'voprfP384',
  'privacypass-rs__private_p384_go': 'voprfP384',
  'privacypass-rs__private_p384_rs': 'voprfP384',
  'privacypass-ts__pub_verif_rfc9578.go': 'blindRsa2048',
  'privacypass-ts__pub_verif_rfc9578.rust': 'blindRsa2048',
  'privacypass-rs__public_go': 'blindRsa2048',
  'privacypass-rs__public_rs': 'blindRsa2048',
  'privacypass-rs__private_ristretto255_go': 'voprfRistretto255',
  'privacypass-rs__private_ristretto255_rs': 'voprfRistretto255',
}
const amortized = [
  'privacypass-rs__amortized_ristretto255_go',
  'privacypass-rs__amortized_ristretto255_rs',
]
const generic = [
  'privacypass-ts__generic_batched_tokens_v6_go',
  'privacypass-ts__generic_batched_tokens_v6_rs',
  'privacypass-rs__generic_go',
  'privacypass-rs__generic_rs',
]

/** Files that are no vectors of what is built, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'privacypass-ts__auth_scheme_header_v14': 'auth-scheme.test.ts',
  'privacypass-ts__auth_scheme_header_complicated': 'auth-scheme.test.ts',
  'privacypass-ts__auth_scheme_token_v14': 'auth-scheme.test.ts',
  'blindrsa-ts__rfc9474': 'blind-rsa.test.ts',
  rfc9474_draft_test_vectors: 'blind-rsa.test.ts',
  'privacypass-rs__generic_ts': 'an earlier draft, refused below',
  'privacypass-rs__amortized_p384_go': 'amortized batches exist here for type 0x0005 only',
  'privacypass-rs__amortized_p384_rs': 'amortized batches exist here for type 0x0005 only',
  'privacypass-ts__pub_verif_with_metadata_v3': 'partially blind RSA, 0xDA7A, does not exist here',
  'privacypass-ts__auth_scheme_token_with_extensions_v1': 'type 0xDA7A does not exist here',
  'blindrsa-ts__partially_blind_rsa_draft2': 'partially blind RSA does not exist here',
  'act_draft_2026-02-21': 'anonymous credit tokens do not exist here',
  rfc9497_voprf_allVectors: 'oprf.test.ts',
  'arc_p256_draft_2026-03-02': 'anonymous rate-limited credentials',
  'sigma_2026-03-01_c8b6105__testSigmaProtocols': 'proofs of rate-limited credentials',
  'sigma_2026-08-16__fiatShamirCodecVectors': 'a later draft than the one of ARC',
  'sigma_2026-08-16__fiatShamirShake128Vectors': 'a later draft than the one of ARC',
  'sigma_2026-08-16__sigma-proofs-invalid_Shake128_P256': 'a later draft than the one of ARC',
  'sigma_2026-08-16__sigma-proofs_Shake128_P256': 'a later draft than the one of ARC',
}

const directory = vectorPath('ratelimit')

test.skipIf(directory === undefined)('every file of vectors is read, or it is said why not', () => {
  const files = readdirSync(directory ?? '.').filter((file) => file.endsWith('.json'))
  const known = [...Object.keys(singles), ...amortized, ...generic, ...Object.keys(elsewhere)]
  expect(files.map((file) => file.slice(0, -'.json'.length)).toSorted()).toEqual(known.toSorted())
})

const named = <Vector>(file: string, vectors: readonly Vector[]) =>
  vectors.map((vector, index) => ({ name: `${file} ${index + 1}`, vector }))

test.each(
  Object.entries(singles).flatMap(([file, tokenType]) =>
    named(file, singleVectors(file)).map((found) => ({ ...found, tokenType })),
  ),
)('$name is written as it was read', ({ vector, tokenType }) => {
  expect(rewritten(tokenChallengeCodec, vector.token_challenge)).toEqual(vector.token_challenge)
  expect(rewritten(tokenRequestCodec, vector.token_request)).toEqual(vector.token_request)
  const responseCodec = tokenResponseCodecs[tokenType]
  expect(rewritten(responseCodec, vector.token_response)).toEqual(vector.token_response)
  expect(parseToken(vector.token).tokenType).toBe(tokenType)
  expect(tokenBytes(parseToken(vector.token))).toEqual(vector.token)
})

test.each(amortized.flatMap((file) => named(file, amortizedVectors(file))))(
  '$name is written as it was read',
  ({ vector }) => {
    const { token_challenge, token_request, token_response, tokens } = vector
    expect(rewritten(tokenChallengeCodec, token_challenge)).toEqual(token_challenge)
    expect(rewritten(amortizedBatchRequestCodec, token_request)).toEqual(token_request)
    expect(rewritten(amortizedBatchResponseCodec, token_response)).toEqual(token_response)
    expect(tokens.map((token) => tokenBytes(parseToken(token)))).toEqual(tokens)
  },
)

test.each(generic.flatMap((file) => named(file, batchVectors(file))))(
  '$name has one request and one answer for each token, and is written as it was read',
  ({ vector }) => {
    const types = vector.issuance.map(vectorType)
    const { tokenRequests } = decode(genericBatchRequestCodec, vector.token_request)
    const { tokenResponses } = decode(genericBatchResponseCodec, vector.token_response)
    expect(tokenRequests.map(({ tokenType }) => tokenType)).toEqual(types)
    expect(tokenResponses.map((response) => response?.tokenType)).toEqual(types)
    const { token_request, token_response } = vector
    expect(rewritten(genericBatchRequestCodec, token_request)).toEqual(token_request)
    expect(rewritten(genericBatchResponseCodec, token_response)).toEqual(token_response)
    expect(vector.issuance.map(({ token }) => parseToken(token).tokenType)).toEqual(types)
  },
)

// An earlier draft wrote a length before each element.
test.each(named('privacypass-rs__generic_ts', batchVectors('privacypass-rs__generic_ts')))(
  '$name is refused',
  ({ vector }) => {
    expect(() => decode(genericBatchRequestCodec, vector.token_request)).toThrow(WireError)
    expect(() => decode(genericBatchResponseCodec, vector.token_response)).toThrow(WireError)
  },
)

function rewritten(codec: AnyCodec, bytes: Buffer): Buffer {
  return encode(anyCodec(codec), decode(codec, bytes))
}
