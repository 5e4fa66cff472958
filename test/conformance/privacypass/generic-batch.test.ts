import { createPrivateKey } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import { blindRsaIssuerKey } from '../../../src/privacypass/blind-rsa/token-key.ts'
import { challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import { decode } from '../../../src/wire/codec.ts'
import { batchVectors, vectorKeys, vectorType } from '../../support/token-vectors.ts'

const files = [
  'privacypass-ts__generic_batched_tokens_v6_go',
  'privacypass-ts__generic_batched_tokens_v6_rs',
  'privacypass-rs__generic_go',
  'privacypass-rs__generic_rs',
]
const cases = files.flatMap((file) =>
  batchVectors(file).flatMap((vector, index) => {
    const { tokenRequests } = decode(genericBatchRequestCodec, vector.token_request)
    const { tokenResponses } = decode(genericBatchResponseCodec, vector.token_response)
    return vector.issuance.map((issuance, at) => ({
      name: `${file} ${index + 1}, token ${at + 1}`,
      tokenType: vectorType(issuance),
      issuance,
      request: tokenRequests[at],
      response: tokenResponses[at],
    }))
  }),
)

// Where the vectors are absent `vectorJson` says so.
test.skipIf(cases.length === 0)('there are tokens of every type in batches', () => {
  expect(Object.groupBy(cases, ({ tokenType }) => tokenType)).toMatchObject({
    voprfP384: { length: 13 },
    blindRsa2048: { length: 14 },
    voprfRistretto255: { length: 1 },
  })
})

test.each(cases.filter(({ tokenType }) => tokenType === 'blindRsa2048'))(
  '$name is issued with the octets of the vector, and its token verifies',
  ({ issuance, request, response }) => {
    const key = blindRsaIssuerKey(createPrivateKey(vectorKeys(issuance).secretKey), 'issuer')
    if (request === undefined) throw new Error('a batch without its request')
    expect(blindRsaScheme.issue(request, [key])).toEqual({ kind: 'issued', response })
    const verdict = blindRsaScheme.verify(blindRsaScheme.parse(issuance.token), {
      keys: [key.tokenKey],
      challenges: [{ digest: challengeDigest(issuance.token_challenge), context: undefined }],
    })
    expect(verdict.kind).toBe('valid')
  },
)
