import { createECDH, hash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { DsConnection } from '../../../src/client/ds-connection.ts'
import { HubCredential } from '../../../src/client/tokens/hub-credential.ts'
import { membershipIn } from '../../../src/client/tokens/membership.ts'
import { IssuerConnection } from '../../../src/client/tokens/issuer-connection.ts'
import { orderBlindRsa } from '../../../src/client/tokens/token-order.ts'
import { epochPseudonymUri } from '../../../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { requestArcCredential } from '../../../src/privacypass/arc/arc-client.ts'
import {
  credentialChallenge,
  entryChallenge,
  presentationChallenge,
} from '../../../src/privacypass/arc/hub-scope.ts'
import { readChallengeHeader } from '../../../src/privacypass/challenge-header.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import { epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
  type PseudonymKeyPair,
} from '../../../src/privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../../../src/privacypass/sender-proof.ts'
import { challengeBytes } from '../../../src/privacypass/token-challenge.ts'
import { presentationHeader, writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import type { Token } from '../../../src/privacypass/token.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../../src/wire/mimi/submit-message.ts'
import { mlsMessage } from '../../../src/wire/mls/header.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import type { Provider } from '../../support/federation.ts'
import { callPeer } from '../../support/gateway-calls.ts'
import { patientlyShown, showCertificate } from '../../support/own-tokens.ts'
import { messageBody } from '../../support/raw-requests.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 4, pseudonymous: 20 },
  providers: {
    'a.example': { ...issuing, extra: { ...issuing.extra, experimental: { arc: true } } },
    'b.example': issuing,
    'c.example': issuing,
  },
})
const hub = () => clubhouse().federation.provider('a.example')
const home = () => clubhouse().federation.provider('b.example')
const hubDomain = parseProviderDomain('a.example')
/** In which epoch of its group everybody is a member. */
const epochOf = (room: string) => clubhouse().bob.group(room).current

/** The client of a new account of a provider, and its issuer. */
async function optionsOf(provider: Provider, name: string) {
  const { clients: url = '', tokens = '' } = provider.gateway.urls
  const [user, client] = [
    `mimi://${provider.domain}/u/${name}`,
    `mimi://${provider.domain}/d/${name}-9`,
  ]
  const { authorization } = await DsConnection.register({ url, user, client })
  const issuer = new IssuerConnection({ url: tokens, issuer: provider.domain, authorization })
  return {
    hubUrl: hub().gateway.urls.tokens ?? '',
    hub: hubDomain,
    home: parseProviderDomain(provider.domain),
    issuer,
    clock: () => Date.now(),
    randomness: (length: number) => randomBytes(length),
  }
}

const credentialOf = async (provider: Provider, name: string) =>
  patiently(async () => HubCredential.obtain(await optionsOf(provider, name)))

/** Does it again for as long as the share of the CPU is used. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if ((error as { status?: number }).status !== 429) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/** A message under the pseudonym of a key that was admitted, relayed by its provider. */
function speak(room: string, { privateKey, publicKey }: PseudonymKeyPair) {
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const sendingUri = epochPseudonymUri(parseProviderDomain('b.example'), pseudonymId)
  const body = messageBody(clubhouse().bob, room, { sendingUri })
  const { appMessage } = decode(submitMessageRequestCodec, body)
  const messageHash = hash('sha256', encode(mlsMessage, appMessage), 'buffer')
  const place = { hub: hubDomain, room: parseMimiUri(room, 'room') }
  const membership = membershipIn(epochOf(room), place, pseudonymId)
  const proof = signSenderProof(
    { privateKey, pseudonymId, membership },
    { ...place, messageHash },
    { epochStart: epochStartSeconds(Date.now()), sequence: 0 },
  )
  return callPeer(hub(), {
    as: home().identity,
    from: 'b.example',
    operation: 'submitMessage',
    target: room,
    body,
    headers: { 'mimi-sender-proof': writeSenderProof(proof) },
  })
}

test('a credential for one token of the own provider admits two pseudonyms in each room, which speak', async () => {
  const { room } = clubhouse()
  const [uri, other] = [await room(), await room()].map((text) => parseMimiUri(text, 'room'))
  if (uri === undefined || other === undefined) throw new Error('no room')
  const credential = await credentialOf(home(), 'rob')
  const pairs = [generatePseudonymKey(), generatePseudonymKey()]
  for (const pair of pairs) {
    const admitted = await patiently(() => credential.admit(uri, pair.publicKey, epochOf(uri)))
    expect(admitted?.pseudonym).toMatch(/^mimi:\/\/b\.example\/u\/e~/)
    expect((await speak(uri, pair)).status).toBe(200)
  }
  // The client itself presents no more: a third would repeat a tag.
  expect(await credential.admit(uri, newKey(), epochOf(uri))).toBeUndefined()
  const elsewhere = generatePseudonymKey()
  expect(
    await patiently(() => credential.admit(other, elsewhere.publicKey, epochOf(other))),
  ).toBeDefined()
  expect((await speak(other, elsewhere)).status).toBe(200)
  // A pseudonym that nobody admitted does not speak.
  expect((await speak(other, generatePseudonymKey())).status).toBe(401)
}, 60_000)

test('one presentation more than the limit is refused, and so is one that was seen with another key', async () => {
  const uri = parseMimiUri(await clubhouse().room(), 'room')
  const options = await optionsOf(hub(), 'olga')
  const url = `${options.hubUrl}/arc-credentials/a.example`
  const asked = await fetch(url, { method: 'POST' })
  expect(asked.status).toBe(401)
  const offers = readChallengeHeader(asked.headers.get('www-authenticate') ?? '')
  expect(offers.map((offer) => offer.challengeBytes.readUInt16BE(0))).toEqual([2, 0xe5ac])
  // A client that has a credential and counts nothing: one that is made anew of the same answer.
  const epochStart = epochStartSeconds(Date.now())
  const pending = requestArcCredential({
    publicKey: offers[1]?.tokenKey ?? Buffer.alloc(0),
    challenge: credentialChallenge(hubDomain, epochStart),
    randomness: randomBytes,
  })
  const response = await patiently(() => issued(options, pending.request))
  const challenge = presentationChallenge({ hub: hubDomain, room: uri }, epochStart)
  const present = (times: number): Buffer => {
    const credential = pending.finish(response)
    const tokens = Array.from({ length: times }, () => credential?.present(challenge, 2))
    const last = tokens.at(-1)
    if (last?.kind !== 'presented') throw new Error('not presented')
    return last.token
  }
  const [first, second, again] = [present(1), present(2), present(1)]
  const show = (token: Buffer, publicKey: Buffer) =>
    patientlyShown(() =>
      showCertificate(hub(), uri, {
        token: presentationHeader(token),
        publicKey,
        epoch: epochOf(uri),
      }),
    )
  const admittedKey = newKey()
  expect(await show(first, admittedKey)).toMatchObject({ status: 201, body: { remaining: 1 } })
  // The same request again has its answer.
  expect(await show(first, admittedKey)).toMatchObject({ status: 201 })
  const replayed = { status: 403, body: { code: 'token-replayed' } }
  expect(await show(first, newKey())).toMatchObject(replayed)
  // The third one cannot but have the tag of the first.
  expect(await show(again, newKey())).toMatchObject(replayed)
  expect(await show(second, newKey())).toMatchObject({ status: 201, body: { remaining: 0 } })
}, 60_000)

/** The answer to a request for a credential, for a fresh token of the provider's issuer. */
async function issued(
  options: Awaited<ReturnType<typeof optionsOf>>,
  request: Buffer,
): Promise<Buffer> {
  const entryHeader = writeTokenHeader(await entryTokenOf(options))
  const answer = await fetch(`${options.hubUrl}/arc-credentials/${options.home}`, {
    method: 'POST',
    headers: { authorization: entryHeader, 'content-type': mediaTypes.credentialRequest },
    body: Uint8Array.from(request),
  })
  if (!answer.ok) throw Object.assign(new Error('refused'), { status: answer.status })
  expect(answer.headers.get('content-type')).toBe(mediaTypes.credentialResponse)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return Buffer.from(await answer.arrayBuffer())
}

/** A token of type 0x0002 for a credential of the hub, as the client's own library has it. */
async function entryTokenOf({ issuer, home: from, hub: to, randomness }: Options): Promise<Token> {
  const { requestUrl, keys } = await issuer.directory()
  const challenge = entryChallenge({ hub: to, issuer: from }, epochStartSeconds(Date.now()))
  const challengeOf = () => challengeBytes(challenge)
  const wishes = Array.from({ length: 8 }, () => ({ nonce: randomBytes(32), challengeOf }))
  const [tokenKey] = keys
  if (tokenKey === undefined) throw new Error('no key')
  const order = { issuer, requestUrl, wishes, randomness }
  const answer = await orderBlindRsa(order, tokenKey)
  const [token] = answer.kind === 'issued' ? answer.tokens : []
  if (token === undefined) throw new Error('no token')
  return token
}

type Options = Awaited<ReturnType<typeof optionsOf>>

test('the challenge of a room has an entry for the provider that comes, behind the tokens, with its limit', async () => {
  const { room } = clubhouse()
  const uri = await room()
  const keys = new Set<string | undefined>()
  for (const of of ['a.example', 'b.example', 'c.example']) {
    const { headers } = await showCertificate(hub(), uri, { ...generatePseudonymKey(), of })
    const offers = readChallengeHeader(headers.get('www-authenticate') ?? '')
    expect(offers.map((offer) => [offer.challengeBytes.readUInt16BE(0), offer.rateLimit])).toEqual([
      [2, undefined],
      [0xe5ac, 2],
    ])
    for (const { tokenKey } of offers) keys.add(tokenKey?.toString('hex'))
  }
  expect(keys.size).toBe(6)
  const other = await showCertificate(hub(), uri, { ...generatePseudonymKey(), of: 'x.example' })
  expect(other).toMatchObject({ status: 404, body: { code: 'not-found' } })
})

test('a provider that the hub does not serve gets no credential', async () => {
  const { hubUrl } = await optionsOf(hub(), 'paul')
  for (const [name, code] of [
    ['x.example', 'not-found'],
    ['-', 'invalid-domain'],
  ] as const) {
    const url = `${hubUrl}/arc-credentials/${encodeURIComponent(name)}`
    const answer = await fetch(url, { method: 'POST' })
    expect(await answer.json()).toMatchObject({ code })
  }
})

test('where they are off no credential is given, none is asked for and none is taken', async () => {
  const { cathy, federation } = clubhouse()
  const off = federation.provider('c.example')
  const url = `${off.gateway.urls.tokens}/arc-credentials/c.example`
  expect((await fetch(url, { method: 'POST' })).status).toBe(404)
  // A room of its own, and what a client would present there.
  const own = `mimi://c.example/r/${randomBytes(6).toString('hex')}`
  await cathy.createRoom({ room: own, name: 'Own', suite: 'moderated-pseudonyms' })
  const { headers } = await showCertificate(off, own, generatePseudonymKey())
  expect(
    readChallengeHeader(headers.get('www-authenticate') ?? '').map(({ rateLimit }) => rateLimit),
  ).toEqual([undefined])
  const presentation = Buffer.concat([Buffer.of(0xe5, 0xac), randomBytes(554)])
  const answer = await showCertificate(off, own, {
    token: presentationHeader(presentation),
    publicKey: generatePseudonymKey().publicKey,
    epoch: cathy.group(own).current,
  })
  expect(answer).toMatchObject({
    status: 403,
    body: { code: 'token-invalid', facts: { reason: 'malformed-token' } },
  })
})

test('a flood of forged presentations meets 429 before any cryptography, and others notice nothing', async () => {
  const { bob, cathy, room } = clubhouse()
  const uri = parseMimiUri(await room(), 'room')
  const { headers } = await showCertificate(hub(), uri, generatePseudonymKey())
  const offer = readChallengeHeader(headers.get('www-authenticate') ?? '').at(-1)
  const forged = Buffer.concat([
    Buffer.of(0xe5, 0xac, 0, 0, 0, 0),
    hash('sha256', offer?.challengeBytes ?? '', 'buffer'),
    hash('sha256', offer?.tokenKey ?? '', 'buffer'),
    forgedPresentation(),
  ])
  const forge = () => {
    const { publicKey } = generatePseudonymKey()
    const token = presentationHeader(forged)
    return showCertificate(hub(), uri, { token, publicKey, epoch: epochOf(uri) })
  }
  const answers = await Promise.all(Array.from({ length: 60 }, forge))
  const codes = Map.groupBy(answers, ({ body }) => body['code'])
  expect(new Set(codes.keys())).toEqual(new Set(['rate-limited', 'token-invalid']))
  expect(codes.get('rate-limited')?.[0]).toMatchObject({ body: { facts: { limit: 'tokenCpu' } } })
  expect(codes.get('rate-limited')?.[0]?.headers.get('retry-after')).toMatch(/^[1-9]/)
  // 50 ms at once, and a twentieth of the time: nothing near sixty.
  expect(codes.get('token-invalid')?.length).toBeLessThan(40)
  bob.writeUnnamed(uri)
  expect((await bob.sendText(uri, 'with a certificate')).kind).toBe('accepted')
  expect((await cathy.sendText(uri, 'by my pseudonym of the room')).kind).toBe('accepted')
})

function newKey(): Buffer {
  return generatePseudonymKey().publicKey
}

function element(): Buffer {
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  return ecdh.getPublicKey(null, 'compressed')
}

function scalar(): Buffer {
  return Buffer.concat([Buffer.of(0), randomBytes(31)])
}

/** Elements and scalars that are some, and prove nothing. */
function forgedPresentation(): Buffer {
  // The only digit's commitment is that of the nonce.
  const nonceCommit = element()
  return Buffer.concat([
    ...Array.from({ length: 4 }, element),
    nonceCommit,
    nonceCommit,
    ...Array.from({ length: 9 }, scalar),
  ])
}
