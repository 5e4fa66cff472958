import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import {
  AuthorizationHeader,
  genericBatched,
  MediaType,
  PRIVATE_TOKEN_ISSUER_DIRECTORY,
  publicVerif,
  Token as PeerToken,
  TOKEN_TYPES,
  TokenChallenge as PeerChallenge,
  WWWAuthenticateHeader,
} from '@cloudflare/privacypass-ts'
import { beforeAll, expect, test } from 'vitest'
import {
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { requestBlindRsaToken } from '../../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaScheme } from '../../../src/privacypass/blind-rsa/scheme.ts'
import {
  blindRsaIssuerKey,
  generateBlindRsaKey,
  readBlindRsaKey,
} from '../../../src/privacypass/blind-rsa/token-key.ts'
import {
  readChallengeHeader,
  writeChallengeHeader,
} from '../../../src/privacypass/challenge-header.ts'
import { tokenRequestCodec, tokenResponseCodecs } from '../../../src/privacypass/issuance.ts'
import { issuerDirectoryPath } from '../../../src/privacypass/issuer-directory.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import {
  challengeBytes,
  challengeDigest,
  type TokenChallenge,
} from '../../../src/privacypass/token-challenge.ts'
import { readTokenHeader, writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import type { IssuerKey, TokenKey } from '../../../src/privacypass/token-scheme.ts'
import { parseToken, tokenBytes, type Token } from '../../../src/privacypass/token.ts'
import { decode, encode } from '../../../src/wire/codec.ts'

const { BLIND_RSA } = TOKEN_TYPES
const mode = publicVerif.BlindRSAMode.PSS
const issuerName = 'b.example'
const challenge: TokenChallenge = {
  tokenType: 'blindRsa2048',
  issuerName,
  redemptionContext: randomBytes(32),
  originInfo: 'hub.example',
}

let key: IssuerKey
let peerIssuer: publicVerif.Issuer

beforeAll(async () => {
  const privateKey = await generateBlindRsaKey()
  key = blindRsaIssuerKey(privateKey, issuerName)
  peerIssuer = await peerIssuerOf(privateKey.export({ format: 'der', type: 'pkcs8' }))
})

/** The other library reads `bytes.buffer` and not the view: it gets memory of its own. */
function fresh(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

async function peerIssuerOf(pkcs8: Buffer): Promise<publicVerif.Issuer> {
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' }
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
  const jwk = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  })
  const publicJwk = { kty: 'RSA', n: jwk.n ?? '', e: jwk.e ?? '' }
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify'])
  return new publicVerif.Issuer(mode, issuerName, privateKey, publicKey, { supportsRSARAW: false })
}

function verdictOf(token: Token, tokenKey: TokenKey): string {
  const digest = challengeDigest(challengeBytes(challenge))
  const challenges = [{ digest, context: undefined }]
  const verdict = blindRsaScheme.verify(token, { keys: [tokenKey], challenges })
  return verdict.kind === 'valid' ? 'valid' : verdict.reason
}

test('both make the same key id of a key', async () => {
  expect(Buffer.from(await peerIssuer.tokenKeyID()).equals(key.tokenKey.keyId)).toBe(true)
})

test('both use the same media types and the same well-known path', () => {
  expect(PRIVATE_TOKEN_ISSUER_DIRECTORY).toBe(issuerDirectoryPath)
  expect(mediaTypes).toMatchObject({
    issuerDirectory: MediaType.PRIVATE_TOKEN_ISSUER_DIRECTORY,
    tokenRequest: MediaType.PRIVATE_TOKEN_REQUEST,
    tokenResponse: MediaType.PRIVATE_TOKEN_RESPONSE,
    genericBatchRequest: MediaType.ARBITRARY_BATCHED_TOKEN_REQUEST,
    genericBatchResponse: MediaType.ARBITRARY_BATCHED_TOKEN_RESPONSE,
  })
})

test('our challenge header, our issuer, its client, its token header, our check', async () => {
  const header = writeChallengeHeader([
    { challenge, tokenKey: key.tokenKey.publicKey, maxAgeSeconds: 60 },
  ])
  const [offer] = WWWAuthenticateHeader.parse(header)
  if (offer === undefined) throw new Error('no challenge was found')
  const client = new publicVerif.Client(mode)
  const request = await client.createTokenRequest(offer.challenge, fresh(offer.tokenKey))
  const verdict = blindRsaScheme.issue(decode(tokenRequestCodec, request.serialize()), [key])
  if (verdict.kind === 'refused' || verdict.response.tokenType !== 'blindRsa2048')
    throw new Error('no token was issued')
  const body = encode(tokenResponseCodecs.blindRsa2048, verdict.response)
  const token = await client.finalize(client.deserializeTokenResponse(fresh(body)))
  const bytes = readTokenHeader(new AuthorizationHeader(token).toString())
  expect(bytes && verdictOf(blindRsaScheme.parse(bytes), key.tokenKey)).toBe('valid')
})

test('its challenge header, its issuer, our client, our token header, its check', async () => {
  const peerChallenge = new PeerChallenge(
    BLIND_RSA.value,
    issuerName,
    fresh(challenge.redemptionContext),
    [challenge.originInfo],
  )
  const header = new WWWAuthenticateHeader(peerChallenge, fresh(key.tokenKey.publicKey), 10)
  const [offer] = readChallengeHeader(header.toString(true))
  const tokenKey = readBlindRsaKey(offer?.tokenKey ?? Buffer.alloc(0), issuerName)
  if (offer === undefined || tokenKey === undefined) throw new Error('no challenge was found')
  expect(offer.challenge).toEqual(challenge)
  const pending = requestBlindRsaToken({
    challenge: offer.challengeBytes,
    nonce: randomBytes(32),
    tokenKey,
    randomness: randomBytes,
  })
  const body = encode(tokenRequestCodec, pending.request)
  const request = publicVerif.TokenRequest.deserialize(BLIND_RSA, fresh(body))
  const response = (await peerIssuer.issue(request)).serialize()
  const token = pending.finalize({
    tokenType: 'blindRsa2048',
    ...decode(tokenResponseCodecs.blindRsa2048, response),
  })
  if (token === undefined) throw new Error('the answer was refused')
  const [peerHeader] = AuthorizationHeader.parse(BLIND_RSA, writeTokenHeader(token))
  expect(peerHeader && (await peerIssuer.verify(peerHeader.token))).toBe(true)
  const forged = tokenBytes({ ...token, nonce: randomBytes(32) })
  expect(await peerIssuer.verify(PeerToken.deserialize(BLIND_RSA, fresh(forged)))).toBe(false)
})

test('a generic batch of its client from our issuer, with a refusal in its place', async () => {
  const clients = [0, 1, 2].map(() => new publicVerif.Client(mode))
  const peerChallenge = PeerChallenge.deserialize(fresh(challengeBytes(challenge)))
  const requests = await Promise.all(
    clients.map((client) =>
      client.createTokenRequest(peerChallenge, fresh(key.tokenKey.publicKey)),
    ),
  )
  const foreign = new publicVerif.TokenRequest(
    ((key.tokenKey.keyId.at(-1) ?? 0) + 1) % 256,
    fresh(requests[1]?.blindedMsg ?? Buffer.alloc(0)),
    BLIND_RSA,
  )
  const batchClient = new genericBatched.Client()
  const batch = batchClient.createTokenRequest(
    [requests[0], foreign, requests[2]].flatMap((request) =>
      request === undefined ? [] : [new genericBatched.TokenRequest(request)],
    ),
  )
  const { tokenRequests } = decode(genericBatchRequestCodec, batch.serialize())
  const tokenResponses = tokenRequests.map((request) => {
    const verdict = blindRsaScheme.issue(request, [key])
    return verdict.kind === 'issued' ? verdict.response : undefined
  })
  const body = encode(genericBatchResponseCodec, { tokenResponses })
  const answers = [...batchClient.deserializeTokenResponse(fresh(body))]
  expect(answers.map(({ tokenResponse }) => tokenResponse !== null)).toEqual([true, false, true])
  const verdicts = await Promise.all(
    answers.map(async ({ tokenResponse }, index) => {
      if (tokenResponse === null) return 'none'
      const body0 = fresh(tokenResponse.serialize())
      const client = clients[index]
      if (client === undefined) throw new Error('more answers than clients')
      const token = await client.finalize(client.deserializeTokenResponse(body0))
      return verdictOf(parseToken(token.serialize()), key.tokenKey)
    }),
  )
  expect(verdicts).toEqual(['valid', 'none', 'valid'])
})

test('a generic batch of our client from its issuer', async () => {
  const pending = [0, 1].map(() =>
    requestBlindRsaToken({
      challenge: challengeBytes(challenge),
      nonce: randomBytes(32),
      tokenKey: key.tokenKey,
      randomness: randomBytes,
    }),
  )
  const tokenRequests = pending.map(({ request }) => request)
  const body = encode(genericBatchRequestCodec, { tokenRequests })
  const issuer = new genericBatched.Issuer(peerIssuer)
  const answer = await issuer.issue(genericBatched.BatchedTokenRequest.deserialize(fresh(body)))
  const { tokenResponses } = decode(genericBatchResponseCodec, answer.serialize())
  const verdicts = pending.map(({ finalize }, index) => {
    const response = tokenResponses[index]
    const token = response && finalize(response)
    return token && verdictOf(token, key.tokenKey)
  })
  expect(verdicts).toEqual(['valid', 'valid'])
})
