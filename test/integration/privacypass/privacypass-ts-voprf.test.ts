import { randomBytes } from 'node:crypto'
import {
  AuthorizationHeader,
  privateVerif,
  Token as PeerToken,
  TOKEN_TYPES,
  TokenChallenge as PeerChallenge,
} from '@cloudflare/privacypass-ts'
import { expect, test } from 'vitest'
import { tokenRequestCodec, tokenResponseCodecs } from '../../../src/privacypass/issuance.ts'
import {
  challengeBytes,
  challengeDigest,
  type TokenChallenge,
} from '../../../src/privacypass/token-challenge.ts'
import { readTokenHeader, writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import { createTokenScheme } from '../../../src/privacypass/token-scheme.ts'
import { tokenBytes, type Token } from '../../../src/privacypass/token.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { p384Group } from '../../../src/privacypass/voprf/p384.ts'
import { requestVoprfToken } from '../../../src/privacypass/voprf/request-tokens.ts'
import { decode, encode } from '../../../src/wire/codec.ts'

const { VOPRF } = TOKEN_TYPES
const issuer = 'a.example'
const challenge: TokenChallenge = {
  tokenType: 'voprfP384',
  issuerName: issuer,
  redemptionContext: randomBytes(32),
  originInfo: 'a.example',
}
const scheme = createTokenScheme('voprfP384')
const secretKey = p384Group.randomScalar(randomBytes)
const key = voprfIssuerKey({ group: p384Group, secretKey, issuer, randomness: randomBytes })
const { publicKey, keyId } = key.tokenKey
const peerIssuer = new privateVerif.Issuer(issuer, fresh(secretKey), fresh(publicKey))

/** The other library reads `bytes.buffer` and not the view: it gets memory of its own. */
function fresh(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function verdictOf(token: Token): string {
  const challenges = [{ digest: challengeDigest(challengeBytes(challenge)), context: undefined }]
  const verdict = scheme.verify(token, { keys: [key.tokenKey], challenges })
  return verdict.kind === 'valid' ? 'valid' : verdict.reason
}

test('both make the same key id of a key', async () => {
  expect(Buffer.from(await peerIssuer.tokenKeyID()).equals(keyId)).toBe(true)
})

test('our issuer, its client, its token header, our check and its own', async () => {
  const client = new privateVerif.Client()
  const request = await client.createTokenRequest(
    PeerChallenge.deserialize(fresh(challengeBytes(challenge))),
    fresh(publicKey),
  )
  const verdict = scheme.issue(decode(tokenRequestCodec, request.serialize()), [key])
  if (verdict.kind === 'refused' || verdict.response.tokenType !== 'voprfP384')
    throw new Error('no token was issued')
  const body = encode(tokenResponseCodecs.voprfP384, verdict.response)
  const token = await client.finalize(client.deserializeTokenResponse(fresh(body)))
  const bytes = readTokenHeader(new AuthorizationHeader(token).toString())
  expect(bytes && verdictOf(scheme.parse(bytes))).toBe('valid')
  expect(await peerIssuer.verify(token)).toBe(true)
})

test('its client takes no answer that our issuer made with another key', async () => {
  const other = voprfIssuerKey({
    group: p384Group,
    secretKey: p384Group.randomScalar(randomBytes),
    issuer,
    randomness: randomBytes,
  })
  const client = new privateVerif.Client()
  const request = await client.createTokenRequest(
    PeerChallenge.deserialize(fresh(challengeBytes(challenge))),
    fresh(publicKey),
  )
  const response = other.evaluate(decode(tokenRequestCodec, request.serialize()))
  if (response?.tokenType !== 'voprfP384') throw new Error('no token was issued')
  const body = encode(tokenResponseCodecs.voprfP384, response)
  await expect(client.finalize(client.deserializeTokenResponse(fresh(body)))).rejects.toThrow(
    'proof failed',
  )
})

test('its issuer, our client, our token header, its check and our own', async () => {
  const pending = requestVoprfToken({
    group: p384Group,
    challenge: challengeBytes(challenge),
    nonce: randomBytes(32),
    publicKey,
    randomness: randomBytes,
  })
  const body = encode(tokenRequestCodec, pending.request)
  const answer = await peerIssuer.issue(privateVerif.TokenRequest.deserialize(fresh(body)))
  const token = pending.finalize({
    tokenType: 'voprfP384',
    ...decode(tokenResponseCodecs.voprfP384, answer.serialize()),
  })
  if (token === undefined) throw new Error('the answer was refused')
  const [header] = AuthorizationHeader.parse(VOPRF, writeTokenHeader(token))
  expect(header && (await peerIssuer.verify(header.token))).toBe(true)
  expect(verdictOf(token)).toBe('valid')
  const forged = tokenBytes({ ...token, nonce: randomBytes(32) })
  expect(await peerIssuer.verify(PeerToken.deserialize(VOPRF, fresh(forged)))).toBe(false)
})
