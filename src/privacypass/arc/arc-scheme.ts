import { createHash } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import { Recent } from '../../model/recent.ts'
import { decode, encode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import {
  ARC_TOKEN_TYPE,
  arcCredentialRequestCodec,
  arcTokenCodec,
  challengeDigest,
  presentationContextOf,
  requestContextOf,
  type ArcChallenge,
  type ArcToken,
} from './arc-messages.ts'
import { credentialResponseCodec } from './credential-messages.ts'
import { createCredentialResponse, requestAttribute } from './issuance.ts'
import { encodeElement, type Element } from './p256-group.ts'
import { randomScalars } from './p256-scalar.ts'
import { presentationCodec, presentationGenerator, verifyPresentation } from './presentation.ts'
import { parsePresentationLimit, type PresentationLimit } from './presentation-limit.ts'
import { serverPublicKeyCodec, type ServerKey } from './server-keys.ts'

/** A challenge that is acceptable now, and what it stands for. */
export interface ExpectedArcChallenge<Context> {
  readonly challenge: ArcChallenge
  readonly context: Context
}

/** A presentation that verifies. It may still have been spent. */
export interface VerifiedPresentation<Context> {
  readonly issuer: string
  readonly keyId: Buffer
  readonly context: Context
  /** What presentations are counted for: issuer, origin, redemption context and key. */
  readonly presentationContext: Buffer
  /** 33 octets: whoever sees it twice in one context sees one presentation twice. */
  readonly tag: Buffer
  /** SHA-256 of the tag: 32 octets, as stores of spent tokens take them. */
  readonly spendKey: Buffer
}

/** In the order of the checks. */
export type ArcRefusal = 'unknown-key' | 'wrong-challenge' | 'invalid-authenticator'

export type ArcVerdict<Context> =
  | { readonly kind: 'valid'; readonly token: VerifiedPresentation<Context> }
  | { readonly kind: 'refused'; readonly reason: ArcRefusal }

/** A presentation whose key and challenge are right; whether it authenticates is not known. */
export type ArcFit<Context> =
  | ({ readonly kind: 'fits' } & ExpectedArcChallenge<Context>)
  | {
      readonly kind: 'refused'
      readonly reason: Exclude<ArcRefusal, 'invalid-authenticator'>
    }

export type ArcIssuance =
  | { readonly kind: 'issued'; readonly response: Buffer }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'unknown-key' | 'invalid-message' }

/** One key of a hub that issues credentials and verifies what comes of them. */
export interface ArcScheme {
  readonly tokenType: typeof ARC_TOKEN_TYPE
  readonly keyId: Buffer
  /** 99 octets, for clients. */
  readonly publicKey: Buffer
  readonly limit: PresentationLimit
  /** Throws `WireError`. */
  readonly parse: (bytes: Uint8Array) => ArcToken
  /** Compares key and challenge: no cryptography. */
  readonly fit: <Context>(
    token: ArcToken,
    expected: readonly ExpectedArcChallenge<Context>[],
  ) => ArcFit<Context>
  /** Only what fits costs cryptography. */
  readonly verify: <Context>(
    token: ArcToken,
    expected: readonly ExpectedArcChallenge<Context>[],
  ) => ArcVerdict<Context>
  /** Answers a CredentialRequest; who may ask is up to the caller. */
  readonly issue: (request: Uint8Array) => ArcIssuance
}

export interface ArcSchemeOptions {
  readonly key: ServerKey
  /** How many presentations each context gets, from 2 to 1,024. */
  readonly limit: number
  readonly randomness: Randomness
}

/**
 * Token type 0xE5AC of draft-ietf-privacypass-arc-protocol-00, experimental: its octets change with the
 * drafts. Throws `configuration-invalid` for another limit.
 */
export function createArcScheme({ key, limit, randomness }: ArcSchemeOptions): ArcScheme {
  const checkedLimit = parsePresentationLimit(limit)
  const tokenCodec = arcTokenCodec(checkedLimit)
  const recent = new Recent<ChallengeTerms>(CHALLENGES_REMEMBERED)
  return {
    tokenType: ARC_TOKEN_TYPE,
    keyId: key.keyId,
    publicKey: encode(serverPublicKeyCodec, key.publicKey),
    limit: checkedLimit,
    parse: (bytes) => decode(tokenCodec, bytes),
    fit: (token, expected) => fitToken(token, expected, key.keyId),
    verify: (token, expected) => verifyToken(token, expected, { key, limit: checkedLimit, recent }),
    issue: (request) => issueCredential(request, key, randomness),
  }
}

/** Reads the octets of a presentation; undefined for anything else. */
export function readArcToken(scheme: ArcScheme, bytes: Uint8Array): ArcToken | undefined {
  return orUndefined(() => scheme.parse(bytes))
}

interface Verifier {
  readonly key: ServerKey
  readonly limit: PresentationLimit
  readonly recent: Recent<ChallengeTerms>
}

/** What verifying needs of a challenge: a hash to the curve, which costs as much as three products. */
interface ChallengeTerms {
  readonly presentationContext: Buffer
  readonly m2: bigint
  readonly generatorT: Element
}

function verifyToken<Context>(
  token: ArcToken,
  expected: readonly ExpectedArcChallenge<Context>[],
  verifier: Verifier,
): ArcVerdict<Context> {
  const { key, limit } = verifier
  const { keyId } = key
  const fit = fitToken(token, expected, keyId)
  if (fit.kind === 'refused') return fit
  const { challenge, context } = fit
  const presentation = orUndefined(() => decode(presentationCodec(limit), token.presentation))
  const terms = termsOf(challenge, token.challengeDigest, verifier)
  if (presentation === undefined || !verifyPresentation(key, { ...terms, limit }, presentation))
    return { kind: 'refused', reason: 'invalid-authenticator' }
  const tag = encodeElement(presentation.tag)
  const spendKey = createHash('sha256').update(tag).digest()
  const { presentationContext } = terms
  const issuer = challenge.issuerName
  return { kind: 'valid', token: { issuer, keyId, context, presentationContext, tag, spendKey } }
}

function fitToken<Context>(
  token: ArcToken,
  expected: readonly ExpectedArcChallenge<Context>[],
  keyId: Buffer,
): ArcFit<Context> {
  if (!token.issuerKeyId.equals(keyId)) return { kind: 'refused', reason: 'unknown-key' }
  const digest = token.challengeDigest
  const found = expected.find(({ challenge }) => challengeDigest(challenge).equals(digest))
  if (found === undefined) return { kind: 'refused', reason: 'wrong-challenge' }
  return { kind: 'fits', ...found }
}

function termsOf(
  challenge: ArcChallenge,
  digest: Buffer,
  { key, recent }: Verifier,
): ChallengeTerms {
  const name = digest.toString('latin1')
  const known = recent.get(name)
  if (known !== undefined) return known
  const counted = presentationContextOf(challenge, key.keyId)
  const terms = {
    presentationContext: counted,
    m2: requestAttribute(requestContextOf(challenge, key.keyId)),
    generatorT: presentationGenerator(counted),
  }
  recent.set(name, terms)
  return terms
}

function issueCredential(bytes: Uint8Array, key: ServerKey, randomness: Randomness): ArcIssuance {
  const request = orUndefined(() => decode(arcCredentialRequestCodec, bytes))
  if (request === undefined) return { kind: 'refused', reason: 'malformed' }
  if (request.truncatedIssuerKeyId !== key.keyId.at(-1))
    return { kind: 'refused', reason: 'unknown-key' }
  const response = createCredentialResponse(key, request.encodedRequest, randomScalars(randomness))
  if (response === undefined) return { kind: 'refused', reason: 'invalid-message' }
  return { kind: 'issued', response: encode(credentialResponseCodec, response) }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Rooms and epochs, two of each room while an epoch ends. */
const CHALLENGES_REMEMBERED = 512
