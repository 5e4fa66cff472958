import { GatewayError } from '../model/errors.ts'
import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { arcChallengeBytes, type ArcChallenge } from './arc/arc-messages.ts'
import { readAuthSchemes, type AuthScheme } from './auth-schemes.ts'
import { paddedBase64url, readBase64url } from './base64url.ts'
import { ownBytes } from './own-bytes.ts'
import {
  challengeBytes,
  challengeBytesMax,
  tokenChallengeCodec,
  type TokenChallenge,
} from './token-challenge.ts'
import { tokenTypeOf } from './token-type.ts'

/** What a token origin asks for, one of the entries of `WWW-Authenticate`. */
export interface TokenOffer {
  readonly challenge: TokenChallenge | ArcChallenge
  /** The issuer's public key, in the encoding of its token type. */
  readonly tokenKey?: Uint8Array
  readonly maxAgeSeconds?: number
  /** Presentations that one credential gives. draft-ietf-privacypass-arc-protocol-00 §6 */
  readonly rateLimit?: number
}

/** The same as it was read. */
export interface ReceivedOffer {
  /** Undefined for a token type that is not known here; its struct may be another one. */
  readonly challenge: TokenChallenge | undefined
  /** The octets of the challenge, over memory of their own. */
  readonly challengeBytes: Buffer
  readonly tokenKey: Buffer | undefined
  readonly maxAgeSeconds: number | undefined
  readonly rateLimit: number | undefined
}

/** The value of `WWW-Authenticate` for at least one offer, in the order of preference. RFC 9577 §2.1 */
export function writeChallengeHeader(offers: readonly TokenOffer[]): string {
  return offers.map((offer) => `PrivateToken ${offerParameters(offer).join(', ')}`).join(', ')
}

function offerParameters(offer: TokenOffer): readonly string[] {
  const { challenge, tokenKey, maxAgeSeconds, rateLimit } = offer
  const octets =
    challenge.tokenType === 'arc' ? arcChallengeBytes(challenge) : challengeBytes(challenge)
  const parameters = [`challenge="${paddedBase64url(octets)}"`]
  if (tokenKey !== undefined) parameters.push(`token-key="${paddedBase64url(tokenKey)}"`)
  if (maxAgeSeconds !== undefined) parameters.push(`max-age=${maxAgeSeconds}`)
  if (rateLimit !== undefined) parameters.push(`rate-limit=${rateLimit}`)
  return parameters
}

/**
 * The `PrivateToken` entries of a `WWW-Authenticate` value; other schemes and unknown parameters are
 * passed over. Throws `malformed-request`, also for one entry among good ones. RFC 9577 §2.1
 */
export function readChallengeHeader(header: string): readonly ReceivedOffer[] {
  return readAuthSchemes(header)
    .filter(({ scheme }) => scheme === 'privatetoken')
    .map(readOffer)
}

function readOffer({ parameters }: AuthScheme): ReceivedOffer {
  const pooled = readBase64url(parameters.get('challenge') ?? '', challengeBytesMax)
  if (pooled === undefined || pooled.length < 2) throw new GatewayError('malformed-request')
  const bytes = ownBytes(pooled)
  const isKnown = tokenTypeOf(bytes.readUInt16BE(0)) !== undefined
  return {
    challenge: isKnown ? decodeChallenge(bytes) : undefined,
    challengeBytes: bytes,
    tokenKey: readTokenKey(parameters.get('token-key')),
    maxAgeSeconds: readNumber(parameters.get('max-age')),
    rateLimit: readNumber(parameters.get('rate-limit')),
  }
}

function decodeChallenge(bytes: Buffer): TokenChallenge {
  try {
    return decode(tokenChallengeCodec, bytes)
  } catch (cause) {
    if (cause instanceof WireError) throw new GatewayError('malformed-request', { cause })
    throw cause
  }
}

function readTokenKey(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = readBase64url(text, TOKEN_KEY_BYTES_MAX)
  if (bytes === undefined) throw new GatewayError('malformed-request')
  return bytes
}

function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[0-9]{1,10}$/.test(text)) throw new GatewayError('malformed-request')
  return Number(text)
}

const TOKEN_KEY_BYTES_MAX = 2_048
