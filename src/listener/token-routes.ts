import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse } from '../model/handle.ts'
import { parseMimiUri } from '../model/ids.ts'
import { readBase64url } from '../privacypass/base64url.ts'
import { writeChallengeHeader } from '../privacypass/challenge-header.ts'
import { issuerDirectoryPath } from '../privacypass/issuer-directory.ts'
import { mediaTypes } from '../privacypass/media-types.ts'
import {
  membershipProofBytes,
  readMembershipProof,
  type MembershipProof,
} from '../privacypass/membership-proof.ts'
import { readTokenHeader } from '../privacypass/token-header.ts'
import { json } from './internal-route.ts'
import { PROBLEM_CONTENT_TYPE, problemResponse } from './problems.ts'
import { pathTarget } from './raw-path.ts'
import { readBody } from './read-body.ts'
import type {
  CertificateToAdmit,
  CredentialDesk,
  IssuerDesk,
  PseudonymDesk,
} from './token-desks.ts'
import type { TokenRoute } from './token-route.ts'
import { pseudonymRequestSchema } from './token-schemas.ts'
import { tokensOpenApi } from './tokens-openapi.ts'

/** What is served by these desks; what a desk is missing for is not there. */
export function tokenRoutes({
  issuer,
  pseudonyms,
  credentials,
}: {
  readonly issuer?: IssuerDesk | undefined
  readonly pseudonyms?: PseudonymDesk | undefined
  readonly credentials?: CredentialDesk | undefined
}): readonly TokenRoute[] {
  const served = [
    ...(issuer === undefined ? [] : [directoryRoute(issuer), issuanceRoute(issuer)]),
    ...(pseudonyms === undefined ? [] : [pseudonymRoute(pseudonyms)]),
    ...(credentials === undefined ? [] : [credentialRoute(credentials)]),
    healthRoute,
  ]
  return [...served, documentRoute(served)]
}

function directoryRoute({ directory }: IssuerDesk): TokenRoute {
  return {
    method: 'GET',
    path: issuerDirectoryPath,
    summary: 'The keys of the issuer: RFC 9578 §4',
    answer: { status: 200, body: [mediaTypes.issuerDirectory] },
    run: () => {
      const { bytes, maxAgeSeconds } = directory()
      const cacheControl = `max-age=${maxAgeSeconds}`
      const headers = { contentType: mediaTypes.issuerDirectory, cacheControl }
      return Promise.resolve({ status: 200, bytes, headers })
    },
  }
}

function issuanceRoute({ issue, requestBytesMax }: IssuerDesk): TokenRoute {
  return {
    method: 'POST',
    path: '/token-request',
    summary: 'All tokens of a class that an account gets in a day: RFC 9578 §5, §6, and in batches',
    authorization: 'The credentials of an account, as the provider’s own service knows them',
    body: issuanceRequests,
    answer: { status: 200, body: issuanceResponses },
    run: async (request, signal) => {
      const { authorization, 'content-type': type = '' } = request.headers
      const contentType = type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
      const bytes = await readBody(request, requestBytesMax)
      try {
        const answer = await issue({ contentType, authorization, bytes, signal })
        const headers = { contentType: answer.contentType, cacheControl: NO_STORE }
        return { status: 200, bytes: answer.bytes, headers }
      } catch (fault) {
        return refusal(fault, 'account-not-authenticated', 'Bearer')
      }
    },
  }
}

function pseudonymRoute(desk: PseudonymDesk): TokenRoute {
  const path = '/pseudonyms'
  return {
    method: 'POST',
    path,
    variable: 'room',
    summary: 'Admits a pseudonym to a room for one day',
    authorization:
      '`PrivateToken token="…"`, RFC 9577 §2.2; without it the answer is the challenge',
    body: 'PseudonymRequest',
    answer: { status: 201, body: 'Pseudonym' },
    run: async (request) => {
      const room = parseMimiUri(pathTarget(request.url ?? '', path), 'room')
      const body = await readBody(request, PSEUDONYM_BODY_BYTES_MAX)
      const asked = { ...parsePseudonym(body), room }
      try {
        return await admit(desk, asked, request)
      } catch (fault) {
        return refusal(fault, 'sender-token-required', () => challengeOf(desk, asked))
      }
    },
  }
}

function credentialRoute(desk: CredentialDesk): TokenRoute {
  const path = '/arc-credentials'
  return {
    method: 'POST',
    path,
    variable: 'provider',
    summary: 'Experimental: an anonymous rate-limited credential for one token of type 0x0002',
    authorization:
      '`PrivateToken token="…"`, RFC 9577 §2.2; without it the answer is the challenge',
    body: [mediaTypes.credentialRequest],
    answer: { status: 200, body: [mediaTypes.credentialResponse] },
    run: async (request) => {
      const provider = pathTarget(request.url ?? '', path)
      try {
        const token = presentedToken(request)
        const body = await readBody(request, CREDENTIAL_REQUEST_BYTES)
        const bytes = await desk.issue({ provider, token, request: body })
        const headers = { contentType: mediaTypes.credentialResponse, cacheControl: NO_STORE }
        return { status: 200, bytes, headers }
      } catch (fault) {
        return refusal(fault, 'sender-token-required', async () =>
          writeChallengeHeader(await desk.offers(provider)),
        )
      }
    },
  }
}

/** Throws `sender-token-required` where nothing is presented. */
function presentedToken(request: IncomingMessage): Buffer {
  const token = readTokenHeader(request.headers.authorization ?? '')
  if (token === undefined) throw new GatewayError('sender-token-required')
  return token
}

async function admit(
  desk: PseudonymDesk,
  asked: Omit<CertificateToAdmit, 'token'>,
  request: IncomingMessage,
) {
  const admitted = await desk.admitCertificate({ ...asked, token: presentedToken(request) })
  const { pseudonym, expiresAtMs, remaining } = admitted
  const expiresAt = Math.floor(expiresAtMs / 1_000)
  const { status, bytes, headers } = json(201, { pseudonym, expiresAt, remaining })
  return { status, bytes, headers: { ...headers, cacheControl: NO_STORE } }
}

function parsePseudonym(body: Buffer): Omit<CertificateToAdmit, 'room' | 'token'> {
  const { success, data } = pseudonymRequestSchema.safeParse(parsedJson(body))
  const publicKey = success ? readBase64url(data.publicKey, SPKI_BYTES_MAX) : undefined
  if (publicKey === undefined) throw new GatewayError('malformed-body')
  const { provider = '', membership } = data ?? {}
  return { provider, publicKey, membership: parseMembership(membership) }
}

function parseMembership(text: string | undefined): MembershipProof | undefined {
  if (text === undefined) return undefined
  const octets = readBase64url(text, membershipProofBytes)
  const proof = octets && readMembershipProof(octets)
  if (proof === undefined) throw new GatewayError('malformed-body')
  return proof
}

function parsedJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

async function challengeOf(
  desk: PseudonymDesk,
  asked: Pick<CertificateToAdmit, 'room' | 'provider'>,
): Promise<string> {
  const offers = (await desk.offers(asked)).slice(0, OFFERS_MAX)
  if (offers.length === 0) throw new GatewayError('not-found')
  return writeChallengeHeader(offers)
}

/** A 401 says how to do better; any other fault is thrown on. */
async function refusal(
  fault: unknown,
  code: GatewayError['code'],
  challenge: string | (() => Promise<string>),
): Promise<ListenerResponse> {
  if (!(fault instanceof GatewayError) || fault.code !== code) throw fault
  const { status, bytes } = problemResponse(fault)
  const authenticate = typeof challenge === 'string' ? challenge : await challenge()
  const headers = { contentType: PROBLEM_CONTENT_TYPE, authenticate, cacheControl: NO_STORE }
  return { status, bytes, headers }
}

const healthRoute: TokenRoute = {
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the gateway answers',
  answer: { status: 200, body: 'Health' },
  run: () => Promise.resolve(json(200, { status: 'ok' })),
}

function documentRoute(served: readonly TokenRoute[]): TokenRoute {
  const route: TokenRoute = {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    answer: { status: 200, body: ['application/json'] },
    run: () => Promise.resolve(json(200, tokensOpenApi([...served, route]))),
  }
  return route
}

const issuanceRequests = [
  mediaTypes.tokenRequest,
  mediaTypes.genericBatchRequest,
  mediaTypes.amortizedBatchRequest,
]
const issuanceResponses = [
  mediaTypes.tokenResponse,
  mediaTypes.genericBatchResponse,
  mediaTypes.amortizedBatchResponse,
]
const NO_STORE = 'no-store'
const PSEUDONYM_BODY_BYTES_MAX = 1_024
/** SubjectPublicKeyInfo of a P-256 key. */
const SPKI_BYTES_MAX = 91
const CREDENTIAL_REQUEST_BYTES = 229
const OFFERS_MAX = 12
