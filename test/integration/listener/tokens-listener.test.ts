import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { WWWAuthenticateHeader } from '@cloudflare/privacypass-ts'
import { expect, onTestFinished, test } from 'vitest'
import {
  TokensListener,
  type TokensListenerOptions,
} from '../../../src/listener/tokens-listener.ts'
import type { CertificateToAdmit, PseudonymDesk } from '../../../src/listener/token-desks.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { membershipProofCodec } from '../../../src/privacypass/membership-proof.ts'
import { challengeBytes, type TokenChallenge } from '../../../src/privacypass/token-challenge.ts'
import { writeTokenHeader } from '../../../src/privacypass/token-header.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { encode } from '../../../src/wire/codec.ts'
import { issueToken, testIssuerKey } from '../../support/issuer-key.ts'

const ROOM = 'mimi://hub.example/r/clubhouse'
const PATH = `/pseudonyms/${encodeURIComponent(ROOM)}`
const issuerKey = testIssuerKey('a.example')
const challenge: TokenChallenge = {
  tokenType: 'blindRsa2048',
  issuerName: 'a.example',
  redemptionContext: randomBytes(32),
  originInfo: 'hub.example',
}
const token = issueToken(issuerKey, challengeBytes(challenge))
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = publicKey.export({ format: 'der', type: 'spki' })

/** Admits whoever comes, unless told otherwise. */
function desk(changes: Partial<PseudonymDesk> = {}) {
  const admitted: CertificateToAdmit[] = []
  const pseudonyms: PseudonymDesk = {
    offers: () =>
      Promise.resolve([{ challenge, tokenKey: issuerKey.tokenKey.publicKey, maxAgeSeconds: 600 }]),
    admitCertificate: (certificate) => {
      admitted.push(certificate)
      const pseudonym = 'mimi://a.example/u/e~AAAAAAAAAAAAAAAAAAAAAA'
      return Promise.resolve({ pseudonym, expiresAtMs: 1_999, remaining: 3 })
    },
    ...changes,
  }
  return { pseudonyms, admitted }
}

async function start(options: Partial<TokensListenerOptions> = {}) {
  const listener = new TokensListener({ forwardedFor: false, ...options })
  onTestFinished(() => listener[Symbol.asyncDispose]())
  const port = await listener.listen({ host: '127.0.0.1', port: 0 })
  return { listener, port, url: `http://127.0.0.1:${port}` }
}

interface Post {
  readonly authorization?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function post(url: string, { authorization, body = bodyOf(spki), headers = {} }: Post = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
  })
  const json = (await answer.json()) as Readonly<Record<string, unknown>>
  return { status: answer.status, headers: answer.headers, json }
}

function bodyOf(key: Buffer): string {
  return JSON.stringify({ provider: 'a.example', publicKey: key.toString('base64url') })
}

test('without a token the answer is a challenge that another implementation reads', async () => {
  const { url } = await start(desk())
  for (const authorization of [undefined, 'Bearer secret']) {
    const answer = await post(`${url}${PATH}`, authorization === undefined ? {} : { authorization })
    expect(answer).toMatchObject({ status: 401, json: { code: 'sender-token-required' } })
    const [offer] = WWWAuthenticateHeader.parse(answer.headers.get('www-authenticate') ?? '')
    expect(Buffer.from(offer?.challenge.serialize() ?? [])).toEqual(challengeBytes(challenge))
    expect(Buffer.from(offer?.tokenKey ?? [])).toEqual(issuerKey.tokenKey.publicKey)
    expect(answer.headers.get('www-authenticate')).toContain('max-age=600')
  }
})

test('a token and a key become a pseudonym of the room', async () => {
  const { admitted, pseudonyms } = desk()
  const { url } = await start({ pseudonyms })
  const answer = await post(`${url}${PATH}`, { authorization: writeTokenHeader(token) })
  expect(answer.status).toBe(201)
  expect(answer.json).toEqual({
    pseudonym: 'mimi://a.example/u/e~AAAAAAAAAAAAAAAAAAAAAA',
    expiresAt: 1,
    remaining: 3,
  })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(admitted).toEqual([
    {
      room: ROOM,
      provider: 'a.example',
      publicKey: spki,
      token: tokenBytes(token),
      membership: undefined,
    },
  ])
})

test('a proof of membership comes along, or the body is refused', async () => {
  const { admitted, pseudonyms } = desk()
  const { url } = await start({ pseudonyms })
  const membership = { mlsEpoch: 7n, signature: Buffer.alloc(64, 3) }
  const octets = encode(membershipProofCodec, membership)
  const show = (proof: Buffer) =>
    post(`${url}${PATH}`, {
      authorization: writeTokenHeader(token),
      body: JSON.stringify({
        provider: 'a.example',
        publicKey: spki.toString('base64url'),
        membership: proof.toString('base64url'),
      }),
    })
  expect((await show(octets)).status).toBe(201)
  expect(admitted).toMatchObject([{ room: ROOM, membership }])
  for (const other of [octets.subarray(1), Buffer.concat([octets, Buffer.of(0)]), Buffer.alloc(0)])
    expect(await show(other)).toMatchObject({ status: 400, json: { code: 'malformed-body' } })
})

test('a token that is not taken is answered with what would be', async () => {
  const refused = new GatewayError('sender-token-required', { facts: { tier: 'epoch-pseudonym' } })
  const { url } = await start(desk({ admitCertificate: () => Promise.reject(refused) }))
  const answer = await post(`${url}${PATH}`, { authorization: writeTokenHeader(token) })
  expect(answer).toMatchObject({ status: 401, json: { facts: { tier: 'epoch-pseudonym' } } })
  expect(answer.headers.get('www-authenticate')).toContain('PrivateToken challenge=')
})

test('many issuers make a list that still fits into a head', async () => {
  const offers = Array.from({ length: 40 }, (_, at) => ({
    challenge: { ...challenge, issuerName: `p${at}.example` },
    tokenKey: issuerKey.tokenKey.publicKey,
  }))
  const { url } = await start(desk({ offers: () => Promise.resolve(offers) }))
  const header = (await post(`${url}${PATH}`)).headers.get('www-authenticate') ?? ''
  expect(header.split('PrivateToken ')).toHaveLength(13)
  expect(header).toContain('challenge=')
})

test.each([
  ['no JSON', '{'],
  ['no key', JSON.stringify({ provider: 'a.example' })],
  ['no provider', JSON.stringify({ publicKey: spki.toString('base64url') })],
  ['more than that', bodyOf(spki).replace('{', '{"room":"r",')],
  ['a key that is too long', bodyOf(Buffer.concat([spki, Buffer.of(0)]))],
  ['another alphabet', bodyOf(spki).replace('"publicKey":"M', '"publicKey":"+')],
])('a body with %s is refused', async (_, body) => {
  const { admitted, pseudonyms } = desk()
  const { url } = await start({ pseudonyms })
  const answer = await post(`${url}${PATH}`, { authorization: writeTokenHeader(token), body })
  expect(answer).toMatchObject({ status: 400, json: { code: 'malformed-body' } })
  expect(admitted).toEqual([])
})

test('what is too large, is no room, or carries half a token is refused', async () => {
  const { url } = await start(desk())
  const authorization = writeTokenHeader(token)
  expect(await post(`${url}${PATH}`, { authorization, body: 'x'.repeat(1_025) })).toMatchObject({
    status: 413,
  })
  const user = `/pseudonyms/${encodeURIComponent('mimi://hub.example/u/alice')}`
  expect(await post(`${url}${user}`, { authorization })).toMatchObject({ status: 400 })
  expect(await post(`${url}${PATH}?x=1`, { authorization })).toMatchObject({ status: 400 })
  const two = `${authorization}, ${authorization}`
  for (const bad of ['PrivateToken', 'PrivateToken token="!"', two])
    expect(await post(`${url}${PATH}`, { authorization: bad })).toMatchObject({
      status: 400,
      json: { code: 'malformed-request' },
    })
})

test('a room that takes no tokens, or is not known, is not found', async () => {
  const { url } = await start(desk({ offers: () => Promise.resolve([]) }))
  expect(await post(`${url}${PATH}`)).toMatchObject({ status: 404, json: { code: 'not-found' } })
  const other = await start(
    desk({
      offers: () => {
        throw new GatewayError('room-unknown')
      },
    }),
  )
  expect(await post(`${other.url}${PATH}`)).toMatchObject({
    status: 404,
    json: { code: 'room-unknown' },
  })
})

test('without desks there is nothing but health and the document', async () => {
  const { url } = await start()
  expect(await post(`${url}${PATH}`)).toMatchObject({ status: 404 })
  expect(await post(`${url}/token-request`)).toMatchObject({ status: 404 })
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object }
  expect(Object.keys(document.paths)).toEqual(['/healthz', '/openapi.json'])
})

test('another method is told which one there is', async () => {
  const { url } = await start(desk())
  const answer = await fetch(`${url}${PATH}`)
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
})

test('clients behind a front end have limits of their own', async () => {
  const gate = Promise.withResolvers<never>()
  gate.promise.catch(() => {})
  const { url } = await start({
    ...desk({ admitCertificate: () => gate.promise }),
    forwardedFor: true,
    limits: { inFlightPerAddressMax: 1 },
  })
  const authorization = writeTokenHeader(token)
  const ask = (client: string) =>
    post(`${url}${PATH}`, { authorization, headers: { 'x-forwarded-for': `1.1.1.1, ${client}` } })
  const first = [ask('192.0.2.1'), ask('192.0.2.1')]
  expect((await Promise.race(first)).status).toBe(429)
  const other = ask('192.0.2.2')
  gate.reject(new GatewayError('store-unavailable'))
  expect((await other).status).toBe(503)
  const statuses = (await Promise.all(first)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([429, 503]))
})

test('heads that are too large, and what is no HTTP, end the connection', async () => {
  const { url, port } = await start(desk())
  const large = await fetch(`${url}${PATH}`, {
    method: 'POST',
    headers: { authorization: `PrivateToken token="${'A'.repeat(20_000)}"` },
  })
  expect(large.status).toBe(431)
  const socket = connect(port, '127.0.0.1')
  socket.end('nonsense\r\n\r\n')
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  expect(Buffer.concat(chunks).toString()).toContain('400 Bad Request')
})

test('a drain refuses what is new', async () => {
  const { listener, url } = await start(desk())
  await listener.drain(AbortSignal.timeout(1_000))
  expect(await post(`${url}${PATH}`)).toMatchObject({ status: 503, json: { code: 'draining' } })
})
