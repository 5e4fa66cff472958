import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  arcChallengeCodec,
  arcCredentialRequestCodec,
  arcTokenCodec,
} from '../../../../src/privacypass/arc/arc-messages.ts'
import { credentialResponseCodec } from '../../../../src/privacypass/arc/credential-messages.ts'
import {
  combined,
  generatorG,
  multiply,
  multiplyGenerator,
} from '../../../../src/privacypass/arc/p256-group.ts'
import { generatorH } from '../../../../src/privacypass/arc/hash-to-p256.ts'
import { P256_ORDER } from '../../../../src/privacypass/arc/p256-scalar.ts'
import {
  presentationBytes,
  presentationCodec,
} from '../../../../src/privacypass/arc/presentation.ts'
import {
  bitCount,
  parsePresentationLimit,
  type PresentationLimit,
} from '../../../../src/privacypass/arc/presentation-limit.ts'
import {
  serverPrivateKeyCodec,
  serverPublicKeyCodec,
} from '../../../../src/privacypass/arc/server-keys.ts'
import { exactBytes, record } from '../../../support/arbitraries/base.ts'
import { describeStructs } from '../../struct-laws.ts'

const scalar = fc.bigInt({ min: 1n, max: P256_ORDER - 1n })
const element = scalar.map((value) => combined([value, generatorG]))
const noneOrDigest = fc.oneof(exactBytes(0), exactBytes(32))
const name = (minLength: number) =>
  fc.stringMatching(/^[!-~]*$/).filter((text) => text.length >= minLength)
const exactly = <T>(one: fc.Arbitrary<T>, length: number) =>
  fc.array(one, { minLength: length, maxLength: length })
const proof = (scalars: number) =>
  record({ challenge: scalar, responses: exactly(scalar, scalars) })

const challenge = record({
  tokenType: fc.constant('arc' as const),
  issuerName: name(1),
  redemptionContext: noneOrDigest,
  originInfo: name(0),
  credentialContext: noneOrDigest,
})
const request = record({ m1Enc: element, m2Enc: element, requestProof: proof(4) })
const response = record({
  U: element,
  encUPrime: element,
  X0Aux: element,
  X1Aux: element,
  X2Aux: element,
  HAux: element,
  responseProof: proof(7),
})
const limits = [2, 3, 16, 1_024].map((count) => parsePresentationLimit(count))

function presentation(digits: number) {
  return record({
    U: element,
    UPrimeCommit: element,
    m1Commit: element,
    tag: element,
    nonceCommit: element,
    presentationProof: record({
      D: exactly(element, digits),
      challenge: scalar,
      responses: exactly(scalar, 5 + 3 * digits),
    }),
  })
}

const arc = fc.constant('arc' as const)
const named = <T>(what: string, of: (limit: PresentationLimit) => T) =>
  Object.fromEntries(limits.map((limit) => [`${what} of ${limit}`, of(limit)]))

describeStructs(
  {
    TokenChallenge: arcChallengeCodec,
    CredentialRequest: arcCredentialRequestCodec,
    CredentialResponse: credentialResponseCodec,
    ServerPublicKey: serverPublicKeyCodec,
    ServerPrivateKey: serverPrivateKeyCodec,
    ...named('Presentation', presentationCodec),
    ...named('Token', arcTokenCodec),
  },
  {
    TokenChallenge: challenge,
    CredentialRequest: record({
      tokenType: arc,
      truncatedIssuerKeyId: fc.nat({ max: 255 }),
      encodedRequest: request,
    }),
    CredentialResponse: response,
    ServerPublicKey: record({ X0: element, X1: element, X2: element }),
    ServerPrivateKey: record({ x0: scalar, x1: scalar, x2: scalar, x0Blinding: scalar }),
    ...named('Presentation', (limit) => presentation(bitCount(limit))),
    ...named('Token', (limit) =>
      record({
        tokenType: arc,
        presentationNonce: fc.constant('hidden' as const),
        challengeDigest: exactBytes(32),
        issuerKeyId: exactBytes(32),
        presentation: exactBytes(presentationBytes(limit)),
      }),
    ),
  },
)

test('products distribute over sums of scalars, with OpenSSL below', () => {
  fc.assert(
    fc.property(scalar, scalar, (a, b) => {
      const both = multiply(a, generatorH).add(multiply(b, generatorH))
      expect(both.equals(multiply(a + b, generatorH))).toBe(true)
      expect(
        multiplyGenerator(a)
          .add(multiplyGenerator(b))
          .equals(multiplyGenerator(a + b)),
      ).toBe(true)
    }),
    { numRuns: 50 },
  )
})
