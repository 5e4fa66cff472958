import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { readBase64url, paddedBase64url } from '../../../src/privacypass/base64url.ts'
import {
  readChallengeHeader,
  writeChallengeHeader,
} from '../../../src/privacypass/challenge-header.ts'
import { readIssuerDirectory } from '../../../src/privacypass/issuer-directory.ts'
import { readSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { challengeBytes } from '../../../src/privacypass/token-challenge.ts'
import { readTokenHeader, writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import { parseToken } from '../../../src/privacypass/token.ts'
import { tokenStructValues } from '../../support/arbitraries/tokens.ts'

const { TokenChallenge, Token, SenderProof } = tokenStructValues
const keyBytes = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((key) => Buffer.from(key))
const offer = fc.record({
  challenge: TokenChallenge,
  tokenKey: keyBytes,
  maxAgeSeconds: fc.nat(),
})

test('challenge headers come back as they were, many in one', () => {
  fc.assert(
    fc.property(fc.array(offer, { maxLength: 5 }), (offers) => {
      const expected = offers.map((each) => ({
        ...each,
        challengeBytes: challengeBytes(each.challenge),
      }))
      expect(readChallengeHeader(writeChallengeHeader(offers))).toEqual(expected)
    }),
  )
})

test('token headers and sender proofs come back as they were', () => {
  fc.assert(
    fc.property(Token, SenderProof, (token, proof) => {
      const bytes = readTokenHeader(writeTokenHeader(token))
      expect(bytes && parseToken(bytes)).toEqual(token)
      expect(readSenderProof(writeSenderProof(proof))).toEqual(proof)
    }),
  )
})

test('base64url is read in its two spellings only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      const bytes = Buffer.from(octets)
      expect(readBase64url(paddedBase64url(bytes), 60)).toEqual(bytes)
      expect(readBase64url(bytes.toString('base64url'), 60)).toEqual(bytes)
      const oneMore = Buffer.concat([bytes, Buffer.of(0)])
      expect(readBase64url(paddedBase64url(oneMore), bytes.length)).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[\w=+/-]{0,12}$/), (text) => {
      const bytes = readBase64url(text, 60)
      return (
        bytes === undefined || [paddedBase64url(bytes), bytes.toString('base64url')].includes(text)
      )
    }),
  )
})

const piece = fc.oneof(
  fc.constantFrom('PrivateToken', 'Basic', 'challenge=', 'token=', '"', '\\', ',', ' ', '=', 'AAI'),
  fc.string({ maxLength: 6, unit: 'binary' }),
)
const hostile = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))

/** False for any error without a code. */
function refusesWithCode(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    return error instanceof GatewayError
  }
}

test('hostile text is refused with a code', () => {
  fc.assert(
    fc.property(hostile, (text) =>
      [readChallengeHeader, readTokenHeader, readSenderProof].every((read) =>
        refusesWithCode(() => read(text)),
      ),
    ),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.oneof(hostile, fc.json()), (text) =>
      refusesWithCode(() => readIssuerDirectory(Buffer.from(text))),
    ),
  )
})

test('a header of any piece repeated to the limit is read or refused with a code', () => {
  for (const repeated of ['a', ' ', ',', '"', '\\"', 'a=', 'a ', 'a=b,', 'a="', '=', '\t,'])
    expect(
      refusesWithCode(() => readChallengeHeader(repeated.repeat(16_384 / repeated.length))),
    ).toBe(true)
})
