import { expect, test } from 'vitest'
import {
  readChallengeHeader,
  writeChallengeHeader,
} from '../../../src/privacypass/challenge-header.ts'
import { challengeBytes, type TokenChallenge } from '../../../src/privacypass/token-challenge.ts'
import { readTokenHeader, writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import { parseToken, tokenBytes, type Token } from '../../../src/privacypass/token.ts'

const challenge: TokenChallenge = {
  tokenType: 'blindRsa2048',
  issuerName: 'b.example',
  redemptionContext: Buffer.alloc(32, 7),
  originInfo: 'hub-a.example',
}
const encoded = challengeBytes(challenge).toString('base64url')
const malformed = expect.objectContaining({ code: 'malformed-request' })

const token: Token = {
  tokenType: 'voprfRistretto255',
  nonce: Buffer.alloc(32, 1),
  challengeDigest: Buffer.alloc(32, 2),
  tokenKeyId: Buffer.alloc(32, 3),
  authenticator: Buffer.alloc(64, 4),
}

test('a challenge header is quoted and padded', () => {
  expect(writeChallengeHeader([{ challenge, tokenKey: Buffer.of(1), maxAgeSeconds: 5 }])).toBe(
    `PrivateToken challenge="${encoded}==", token-key="AQ==", max-age=5`,
  )
})

test.each([
  ['quoted', `PrivateToken challenge="${encoded}"`],
  ['padded', `PrivateToken challenge="${encoded}=="`],
  ['neither quoted nor padded', `PrivateToken challenge=${encoded}`],
  ['unquoted and padded', `PrivateToken challenge=${encoded}==`],
  ['of another case', `privatetoken Challenge=${encoded}`],
  ['spaced and with empty elements', `, PrivateToken  challenge = "${encoded}" ,, `],
  ['among others', `Basic realm="a, b", PrivateToken challenge=${encoded}, Bearer`],
  ['behind a token68', `Negotiate YWI=, PrivateToken challenge=${encoded}`],
  ['with what is not known', `PrivateToken a=b, challenge=${encoded}, cost="\\"5\\""`],
])('a challenge is read where it is %s', (_, header) => {
  const offers = readChallengeHeader(header)
  expect(offers.map((offer) => offer.challenge)).toEqual([challenge])
  expect(offers[0]?.challengeBytes).toEqual(challengeBytes(challenge))
})

test('a challenge of an unknown type keeps its octets and its place', () => {
  const unknown = Buffer.from('da7a00', 'hex').toString('base64url')
  const offers = readChallengeHeader(
    `PrivateToken challenge=${unknown}, PrivateToken challenge=${encoded}, max-age=10`,
  )
  expect(offers).toEqual([
    {
      challenge: undefined,
      challengeBytes: Buffer.from('da7a00', 'hex'),
      tokenKey: undefined,
      maxAgeSeconds: undefined,
    },
    {
      challenge,
      challengeBytes: challengeBytes(challenge),
      tokenKey: undefined,
      maxAgeSeconds: 10,
    },
  ])
})

test.each([
  ['no challenge', 'PrivateToken'],
  ['an empty challenge', 'PrivateToken challenge=""'],
  ['a challenge of one octet', 'PrivateToken challenge=AA'],
  ['another alphabet', `PrivateToken challenge="${encoded.slice(0, -2)}+/"`],
  ['half a padding', `PrivateToken challenge="${encoded}="`],
  ['bits behind the last octet', 'PrivateToken challenge="AAB"'],
  ['a trailing octet', `PrivateToken challenge="${encoded.slice(0, -1)}QAA"`],
  ['an open quote', `PrivateToken challenge="${encoded}`],
  ['a parameter twice', `PrivateToken challenge=${encoded}, challenge=${encoded}`],
  ['a parameter without a scheme', `challenge=${encoded}`],
  ['no comma', `PrivateToken challenge=${encoded} max-age=1`],
  ['an age that is no number', `PrivateToken challenge=${encoded}, max-age=1s`],
  ['a key that is no base64url', `PrivateToken challenge=${encoded}, token-key="!"`],
  [
    'one bad entry among good ones',
    `PrivateToken challenge=${encoded}, PrivateToken challenge=AAI`,
  ],
  ['seventeen schemes', Array.from({ length: 17 }, () => 'Basic').join(',')],
  ['too many characters', `Basic realm="${'a'.repeat(16_384)}"`],
  ['a line break', 'Basic realm="a\nb"'],
])('a challenge header with %s is malformed', (_, header) => {
  expect(() => readChallengeHeader(header)).toThrow(malformed)
})

test('a token header is read as it was written, and in other spellings', () => {
  const header = writeTokenHeader(token)
  const plain = header.replaceAll(/["=]/g, '').replace('token', 'token=')
  for (const spelling of [header, plain, header.replace('PrivateToken', 'privatetoken')]) {
    const bytes = readTokenHeader(spelling)
    expect(bytes && parseToken(bytes)).toEqual(token)
  }
})

test.each(['Bearer abc', 'PrivateTokens token=AA', '', 'Basic token=AA'])(
  'credentials of another scheme are no token: %s',
  (header) => {
    expect(readTokenHeader(header)).toBeUndefined()
  },
)

test.each([
  ['no token', 'PrivateToken'],
  ['an empty token', 'PrivateToken token=""'],
  ['a token68', 'PrivateToken AAIA'],
  ['two credentials', `${writeTokenHeader(token)}, ${writeTokenHeader(token)}`],
  ['two tokens', 'PrivateToken token=AAIA, token=AAIA'],
  ['a token that is too long', `PrivateToken token=${'A'.repeat(2_736)}`],
])('a token header with %s is malformed', (_, header) => {
  expect(() => readTokenHeader(header)).toThrow(malformed)
})

test('a token that is cut or extended anywhere is refused with a code', () => {
  const bytes = tokenBytes(token)
  for (let length = 0; length < bytes.length; length++) {
    const cut = expect.objectContaining({ name: 'WireError', code: 'truncated' })
    expect(() => parseToken(bytes.subarray(0, length))).toThrow(cut)
  }
  const extended = expect.objectContaining({ code: 'trailing-bytes' })
  expect(() => parseToken(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(extended)
})

test('a token of an unknown type is refused with a code', () => {
  const bytes = tokenBytes(token)
  bytes.writeUInt16BE(0xda7a)
  expect(() => parseToken(bytes)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
})

test('what is read and written shares no memory with anything else', () => {
  const pooled = Buffer.from(tokenBytes(token))
  const read = parseToken(pooled)
  pooled.fill(0)
  expect(read).toEqual(token)
  const own = [tokenBytes(token), challengeBytes(challenge)]
  for (const bytes of own) expect(bytes.buffer.byteLength).toBe(bytes.length)
})
