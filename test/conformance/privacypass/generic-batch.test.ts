import { createPrivateKey, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { blindRsaIssuerKey } from '../../../src/privacypass/blind-rsa/token-key.ts'
import { challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import type { TokenResponse } from '../../../src/privacypass/issuance.ts'
import { createTokenScheme, type IssuerKey } from '../../../src/privacypass/token-scheme.ts'
import type { TokenType } from '../../../src/privacypass/token-type.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { decode } from '../../../src/wire/codec.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'
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

test.each(cases)(
  '$name is issued for its request, and its token verifies',
  ({ tokenType, issuance, request, response }) => {
    if (request === undefined || response === undefined) throw new Error('a batch without it')
    const key = issuerKeyOf(tokenType, vectorKeys(issuance).secretKey)
    const scheme = createTokenScheme(tokenType)
    const issued = scheme.issue(request, [key])
    expect(issued).toMatchObject({ kind: 'issued', response: withoutProof(response) })
    const verdict = scheme.verify(scheme.parse(issuance.token), {
      keys: [key.tokenKey],
      challenges: [{ digest: challengeDigest(issuance.token_challenge), context: undefined }],
    })
    expect(verdict.kind).toBe('valid')
  },
)

function issuerKeyOf(tokenType: TokenType, secretKey: Buffer): IssuerKey {
  if (tokenType === 'blindRsa2048') return blindRsaIssuerKey(createPrivateKey(secretKey), 'issuer')
  const group = oprfGroups[tokenType]
  return voprfIssuerKey({ group, secretKey, issuer: 'issuer', randomness: randomBytes })
}

/** A proof is made with a random scalar that the vectors do not give. */
function withoutProof(response: TokenResponse): Partial<TokenResponse> {
  if (response.tokenType === 'blindRsa2048') return response
  const { tokenType, evaluatedMessage } = response
  return { tokenType, evaluatedMessage }
}
