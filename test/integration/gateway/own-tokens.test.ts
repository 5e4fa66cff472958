import { hash, randomBytes } from 'node:crypto'
import { AuthorizationHeader, WWWAuthenticateHeader } from '@cloudflare/privacypass-ts'
import { expect, test, vi } from 'vitest'
import { membershipIn } from '../../../src/client/tokens/membership.ts'
import { epochPseudonymUri } from '../../../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { readChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import { pseudonymChallenge } from '../../../src/privacypass/pseudonym-certificate.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
  type PseudonymKeyPair,
} from '../../../src/privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { challengeBytes, challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { requestAmortizedTokens } from '../../../src/privacypass/voprf/request-tokens.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../../src/wire/mimi/submit-message.ts'
import { mlsMessage } from '../../../src/wire/mls/header.ts'
import { addMember, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, callPeer, internalPath, problemOf } from '../../support/gateway-calls.ts'
import { ristretto255Group } from '../../support/oprf-groups.ts'
import {
  accountClient,
  otherVoprfRequest,
  patiently,
  patientlyShown,
  showCertificate,
} from '../../support/own-tokens.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { keyIdOf, TokenClient } from '../../support/token-client.ts'

const issuing = {
  tokens: true,
  extra: { issuer: { enabled: true, voprfP384: true }, experimental: { batchedTokens: true } },
} as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 4, pseudonymous: 20 },
  providers: { 'a.example': issuing, 'b.example': issuing },
})
const hub = () => clubhouse().federation.provider('a.example')
const home = () => clubhouse().federation.provider('b.example')
/** In which epoch of its group everybody is a member. */
const epochOf = (room: string) => clubhouse().bob.group(room).current

/** The scope of a room of the hub for users of a provider. */
function scopeOf(room: string, issuer: string) {
  const names = { hub: parseProviderDomain('a.example'), issuer: parseProviderDomain(issuer) }
  return { ...names, room: parseMimiUri(room, 'room') }
}

/** The key of a type in a directory. */
async function keyOf(client: TokenClient, type: number): Promise<Buffer> {
  const found = (await client.directory()).find(({ tokenType }) => tokenType === type)
  if (found === undefined) throw new Error('no key')
  return found.tokenKey
}

/** A token of type 0x0001 for this key, by the other implementation, as it stands in the header. */
async function p384Token(room: string, pair: PseudonymKeyPair, client: TokenClient) {
  const { headers } = await showCertificate(hub(), room, pair)
  const offer = WWWAuthenticateHeader.parse(headers.get('www-authenticate') ?? '').find(
    ({ tokenKey }) => tokenKey.length === 49,
  )
  if (offer === undefined) throw new Error('not offered')
  const { challenge, tokenKey } = offer
  const { body, finish } = await otherVoprfRequest(
    challenge,
    tokenKey,
    pseudonymNonce(pair.publicKey),
  )
  const answer = await patiently(() => client.postSingle(body))
  expect(answer).toMatchObject({ status: 200 })
  return new AuthorizationHeader(await finish(answer.bytes)).toString()
}

/** Tokens of type 0x0005 for these keys, in one batch of eight. */
async function batchTokens(
  scope: ReturnType<typeof scopeOf>,
  pairs: readonly PseudonymKeyPair[],
  client: TokenClient,
) {
  const nonces = Array.from({ length: 8 }, (_, at) => {
    const pair = pairs[at]
    return pair === undefined ? randomBytes(32) : pseudonymNonce(pair.publicKey)
  })
  const epochStart = epochStartSeconds(Date.now())
  const challenge = challengeBytes(pseudonymChallenge(scope, epochStart, 'voprfRistretto255'))
  const pending = requestAmortizedTokens({
    group: ristretto255Group,
    publicKey: await keyOf(client, 5),
    tokens: nonces.map((nonce) => ({ challenge, nonce })),
    randomness: randomBytes,
  })
  const body = encode(amortizedBatchRequestCodec, pending.request)
  const answer = await client.post(mediaTypes.amortizedBatchRequest, body)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers.get('content-type')).toBe(mediaTypes.amortizedBatchResponse)
  const tokens = pending.finalize(decode(amortizedBatchResponseCodec, answer.bytes))
  if (tokens === undefined) throw new Error('the proof does not hold')
  return tokens.map(tokenBytes)
}

/** What speaks under the pseudonym of this key, by the hub's own delivery service. */
function speaker(room: string, { privateKey, publicKey }: PseudonymKeyPair) {
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const sendingUri = epochPseudonymUri(parseProviderDomain('a.example'), pseudonymId)
  return (sequence: number, token?: Buffer) => {
    const body = messageBody(clubhouse().alice, room, { sendingUri })
    const { appMessage } = decode(submitMessageRequestCodec, body)
    const membership = membershipIn(epochOf(room), scopeOf(room, 'a.example'), pseudonymId)
    const proof = signSenderProof(
      { privateKey, pseudonymId, admission: token && { token, publicKey }, membership },
      {
        ...scopeOf(room, 'a.example'),
        messageHash: hash('sha256', encode(mlsMessage, appMessage), 'buffer'),
      },
      { epochStart: epochStartSeconds(Date.now()), sequence },
    )
    const headers = {
      'content-type': 'application/octet-stream',
      'postern-sender-proof': writeSenderProof(proof),
      'postern-account': 'olga',
    }
    return callInternal(hub(), internalPath('submitMessage', room), { body, headers })
  }
}

test('the hub asks its own users for any of three types, and others for what everybody can check', async () => {
  const { room } = clubhouse()
  const uri = await room()
  const asked = async (of: string, where = uri) => {
    const { headers } = await showCertificate(hub(), where, { ...generatePseudonymKey(), of })
    return readChallengeHeader(headers.get('www-authenticate') ?? '').map(({ challenge }) => [
      challenge?.issuerName,
      challenge?.tokenType,
    ])
  }
  expect(await asked('a.example')).toEqual([
    ['a.example', 'blindRsa2048'],
    ['a.example', 'voprfP384'],
    ['a.example', 'voprfRistretto255'],
  ])
  expect(await asked('b.example')).toEqual([['b.example', 'blindRsa2048']])
  // A challenge does not say whether the room is there.
  expect(await asked('b.example', 'mimi://a.example/r/nowhere')).toEqual(await asked('b.example'))
})

const forged = (token: Buffer) =>
  Buffer.concat([token.subarray(0, -1), Buffer.of((token.at(-1) ?? 0) ^ 1)])

test('whether a room is there is told to the holder of a token that holds, and to nobody else', async () => {
  const { room } = clubhouse()
  const client = await accountClient(hub(), 'otto')
  const nowhere = 'mimi://a.example/r/nowhere'
  const shown = async (where: string, bend = (token: Buffer) => token) => {
    const pair = generatePseudonymKey()
    const [token] = await batchTokens(scopeOf(where, 'a.example'), [pair], client)
    if (token === undefined) throw new Error('no token')
    const { publicKey } = pair
    const answer = await showCertificate(hub(), where, { token: bend(token), publicKey })
    return [answer.status, answer.body['code'], answer.body['facts']]
  }
  const invalid = [403, 'token-invalid', { reason: 'invalid-authenticator' }]
  expect(await shown(nowhere, forged)).toEqual(invalid)
  expect(await shown(await room(), forged)).toEqual(invalid)
  expect((await shown(nowhere)).slice(0, 2)).toEqual([404, 'room-unknown'])
})

test('another implementation gets a token of type 0x0001, is admitted with it and speaks', async () => {
  const { room } = clubhouse()
  const [uri, other] = [await room(), await room()]
  const client = await accountClient(hub(), 'olga')
  const pair = generatePseudonymKey()
  const { publicKey } = pair
  const token = await p384Token(uri, pair, client)
  const shown = (where: string, key = publicKey) =>
    patientlyShown(() =>
      showCertificate(hub(), where, { token, publicKey: key, epoch: epochOf(where) }),
    )
  expect(await shown(other)).toMatchObject({
    status: 403,
    body: { code: 'token-invalid', facts: { reason: 'wrong-challenge' } },
  })
  expect(await shown(uri, generatePseudonymKey().publicKey)).toMatchObject({
    status: 403,
    body: { code: 'token-invalid', facts: { reason: 'another-key-certified' } },
  })
  expect(await shown(uri)).toMatchObject({
    status: 201,
    body: {
      pseudonym: expect.stringMatching(/^mimi:\/\/a\.example\/u\/e~/) as unknown,
      remaining: 1,
    },
  })
  const say = speaker(uri, pair)
  expect([(await say(0)).status, (await say(1)).status]).toEqual([200, 200])
}, 60_000)

test('tokens of type 0x0005 come in one batch, and admit with the first message', async () => {
  const { room } = clubhouse()
  const uri = await room()
  const client = await accountClient(hub(), 'pia')
  const pairs = [generatePseudonymKey(), generatePseudonymKey(), generatePseudonymKey()]
  const tokens = await batchTokens(scopeOf(uri, 'a.example'), pairs, client)
  const say = pairs.map((pair) => speaker(uri, pair))
  expect(await say[0]?.(0, tokens[0])).toMatchObject({ status: 200 })
  expect(await say[0]?.(1)).toMatchObject({ status: 200 })
  expect(await say[1]?.(0, tokens[1])).toMatchObject({ status: 200 })
  // Two for each participant of the provider in the room.
  expect(await say[2]?.(0, tokens[2])).toMatchObject({ status: 429, code: 'pseudonyms-exhausted' })
})

test('a client that is told to has its tokens in batches for rooms of its own provider', async () => {
  const { alice, room } = clubhouse()
  const uri = await room()
  const requests = vi.spyOn(globalThis, 'fetch')
  try {
    const anna = await hub().client('anna', { extra: { amortizedTokens: true } })
    await anna.publishKeyPackages({ basic: 1, pseudonymous: 2 })
    alice.connect(anna.connectionCard())
    anna.connect(alice.connectionCard())
    await addMember(alice, anna, uri)
    anna.writeUnnamed(uri)
    const sent = await anna.sendText(uri, 'in a batch')
    expect(sent.kind === 'accepted' && sent.evidence?.senderUri).toMatch(
      /^mimi:\/\/a\.example\/u\/e~/,
    )
    const types = requests.mock.calls.map(([, init]) =>
      new Headers(init?.headers).get('content-type'),
    )
    expect(types).toContain(mediaTypes.amortizedBatchRequest)
    expect(types).not.toContain(mediaTypes.genericBatchRequest)
  } finally {
    requests.mockRestore()
  }
})

test('what only its issuer can check is refused of a user of another provider', async () => {
  const { bob, room } = clubhouse()
  const uri = await room()
  const pair = generatePseudonymKey()
  const { publicKey, privateKey } = pair
  const scope = scopeOf(uri, 'b.example')
  const [token] = await batchTokens(scope, [pair], await accountClient(home(), 'rob'))
  if (token === undefined) throw new Error('no token')
  const epoch = epochOf(uri)
  const shown = { token, publicKey, epoch, of: 'b.example' }
  expect(await showCertificate(hub(), uri, shown)).toMatchObject({
    status: 403,
    body: { code: 'token-invalid', facts: { reason: 'wrong-type' } },
  })
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const body = messageBody(bob, uri, {
    sendingUri: epochPseudonymUri(scope.issuer, pseudonymId),
  })
  const { appMessage } = decode(submitMessageRequestCodec, body)
  const membership = membershipIn(epoch, scope, pseudonymId)
  const proof = signSenderProof(
    { privateKey, pseudonymId, admission: { token, publicKey }, membership },
    { ...scope, messageHash: hash('sha256', encode(mlsMessage, appMessage), 'buffer') },
    { epochStart: epochStartSeconds(Date.now()), sequence: 0 },
  )
  const reply = await callPeer(hub(), {
    as: home().identity,
    from: 'b.example',
    operation: 'submitMessage',
    target: uri,
    body,
    headers: { 'mimi-sender-proof': writeSenderProof(proof) },
  })
  expect(problemOf(reply)).toEqual({ status: 403, code: 'token-invalid' })
  expect(JSON.parse(reply.body.toString())).toMatchObject({ facts: { reason: 'wrong-type' } })
})

test('a flood of forged tokens of type 0x0001 costs its share, and other tokens are taken meanwhile', async () => {
  const { room } = clubhouse()
  const uri = await room()
  const client = await accountClient(hub(), 'finn')
  const scope = scopeOf(uri, 'a.example')
  const challenge = pseudonymChallenge(scope, epochStartSeconds(Date.now()), 'voprfP384')
  const tokenKeyId = keyIdOf(await keyOf(client, 1))
  const forge = () => {
    const { publicKey } = generatePseudonymKey()
    const token = tokenBytes({
      tokenType: 'voprfP384',
      nonce: pseudonymNonce(publicKey),
      challengeDigest: challengeDigest(challengeBytes(challenge)),
      tokenKeyId,
      authenticator: randomBytes(48),
    })
    return showCertificate(hub(), uri, { token, publicKey, epoch: epochOf(uri) })
  }
  const outcomes: unknown[] = []
  let last = await forge()
  while (last.status === 403 && outcomes.length < 500) {
    outcomes.push(last.body['facts'])
    last = await forge()
  }
  expect(new Set(outcomes.map((facts) => JSON.stringify(facts)))).toEqual(
    new Set(['{"reason":"invalid-authenticator"}']),
  )
  expect(last).toMatchObject({
    status: 429,
    body: { code: 'rate-limited', facts: { limit: 'tokenCpu' } },
  })
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
  const pair = generatePseudonymKey()
  const [token] = await batchTokens(scope, [pair], client)
  expect(
    await showCertificate(hub(), uri, { ...pair, ...(token && { token }), epoch: epochOf(uri) }),
  ).toMatchObject({ status: 201 })
})
