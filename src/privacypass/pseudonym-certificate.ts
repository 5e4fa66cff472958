import { createHash, type KeyObject } from 'node:crypto'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { encode, opaque, struct, text, uint32, type Decoded } from '../wire/codec.ts'
import { seconds } from './seconds.ts'
import { acceptedEpochStarts, epochSeconds } from './pseudonym-epoch.ts'
import {
  pseudonymIdOf,
  pseudonymKeyBytes,
  pseudonymNonce,
  readPseudonymKey,
} from './pseudonym-key.ts'
import { challengeBytes, challengeDigest, type TokenChallenge } from './token-challenge.ts'
import type { ExpectedChallenge, TokenKey, TokenRefusal } from './token-scheme.ts'
import type { TokenSchemes } from './token-schemes.ts'
import type { TokenType } from './token-type.ts'
import { readToken, tokenBytesMax } from './token.ts'

/** Where a pseudonym speaks, and who issued its token. */
export interface PseudonymScope {
  readonly hub: ProviderDomain
  readonly room: MimiUri
  /** The home provider of the pseudonym's user. */
  readonly issuer: ProviderDomain
}

/** What a client shows once to have its pseudonym admitted: a token and the key that it certifies. */
export const admissionCodec = struct({
  token: opaque(tokenBytesMax),
  publicKey: opaque(pseudonymKeyBytes),
})
export type Admission = Decoded<typeof admissionCodec>

/** Octets that are hashed to a redemption context, behind their label. */
const redemptionContextCodec = struct({
  hub: text(253),
  room: text(1_024),
  epochStart: seconds,
  epochSeconds: uint32,
})

/** Octets that are hashed to the identity of an admission. */
const admissionRequestCodec = struct({ publicKey: opaque(pseudonymKeyBytes), room: text(1_024) })

/** 32 octets that bind a token to one room of one hub in one epoch. Anybody can compute them. */
export function redemptionContext(
  { hub, room }: Pick<PseudonymScope, 'hub' | 'room'>,
  epochStart: number,
): Buffer {
  const context = { hub, room, epochStart, epochSeconds }
  return createHash('sha256')
    .update('postern-rc-v1')
    .update(encode(redemptionContextCodec, context))
    .digest()
}

/** The challenge for tokens of this scope. The start of the epoch is in seconds since the Unix epoch. */
export function pseudonymChallenge(
  scope: PseudonymScope,
  epochStart: number,
  tokenType: TokenType = 'blindRsa2048',
): TokenChallenge {
  return {
    tokenType,
    issuerName: scope.issuer,
    redemptionContext: redemptionContext(scope, epochStart),
    originInfo: scope.hub,
  }
}

/** The challenges of this scope that are acceptable at `nowMs`, each with the start of its epoch. */
function acceptedChallenges(
  { scope, nowMs }: AdmissionCheck,
  tokenType: TokenType,
): readonly ExpectedChallenge<number>[] {
  return acceptedEpochStarts(nowMs).map((epochStart) => ({
    digest: challengeDigest(challengeBytes(pseudonymChallenge(scope, epochStart, tokenType))),
    context: epochStart,
  }))
}

/** A pseudonym whose certificate holds. Whether its token is spent is for the store to say. */
export interface AdmittedPseudonym {
  readonly issuer: string
  /** SHA-256 of the issuer's key. */
  readonly keyId: Buffer
  /** 32 octets. */
  readonly spendKey: Buffer
  /** 16 octets. */
  readonly pseudonymId: Buffer
  readonly epochStart: number
  readonly publicKey: KeyObject
  /** 32 octets: the same for the same admission, whoever repeats it. */
  readonly requestHash: Buffer
}

export type AdmissionRefusal =
  | Exclude<TokenRefusal, 'cpu-share-used'>
  | 'malformed-token'
  | 'malformed-key'
  | 'another-key-certified'

/** Whether it is worth to verify a certificate. */
export type AdmissionFit =
  { readonly kind: 'fits' } | { readonly kind: 'refused'; readonly reason: AdmissionRefusal }

/** How a certificate is checked that is no token of an issuer. */
export interface AdmissionJudge {
  /** What costs no cryptography. */
  readonly fit: () => AdmissionFit
  readonly verify: () => AdmissionVerdict
}

export type AdmissionVerdict =
  | { readonly kind: 'admitted'; readonly pseudonym: AdmittedPseudonym }
  | { readonly kind: 'refused'; readonly reason: AdmissionRefusal }
  /** The type has used its share of the CPU: no cryptography was done. */
  | { readonly kind: 'share-used'; readonly retryAfterMs: number }

export interface AdmissionCheck {
  readonly scope: PseudonymScope
  readonly nowMs: number
  /** Of the types that are taken of this issuer. */
  readonly schemes: TokenSchemes
  /** The issuer's live keys. */
  readonly keys: readonly TokenKey[]
}

/** Checks what of a pseudonym's certificate costs no cryptography: form, key, type and challenge. */
export function fitAdmission(admission: Admission, check: AdmissionCheck): AdmissionFit {
  const read = readAdmission(admission, check)
  if (read.kind === 'refused') return read
  const fit = read.scheme.fit(read.token, read.expected)
  return fit.kind === 'fits' ? FITS : fit
}

/** Checks a pseudonym's certificate: what is cheap first, the token's signature last. */
export function verifyAdmission(admission: Admission, check: AdmissionCheck): AdmissionVerdict {
  const read = readAdmission(admission, check)
  if (read.kind === 'refused') return read
  const { scope } = check
  const { scheme, token, expected } = read
  const verdict = scheme.verify(token, expected)
  if (verdict.kind === 'refused') {
    if (verdict.reason !== 'cpu-share-used') return refused(verdict.reason)
    return { kind: 'share-used', retryAfterMs: scheme.waitMs() }
  }
  const publicKey = readPseudonymKey(admission.publicKey)
  if (publicKey === undefined) return refused('malformed-key')
  const { issuer, keyId, spendKey, context } = verdict.token
  const pseudonym: AdmittedPseudonym = {
    issuer,
    keyId,
    spendKey,
    pseudonymId: pseudonymIdOf(spendKey),
    epochStart: context,
    publicKey,
    requestHash: admissionHash(admission.publicKey, scope.room),
  }
  return { kind: 'admitted', pseudonym }
}

function readAdmission(admission: Admission, check: AdmissionCheck) {
  const token = readToken(admission.token)
  if (token === undefined) return refused('malformed-token')
  const scheme = check.schemes[token.tokenType]
  if (scheme === undefined) return refused('wrong-type')
  if (!token.nonce.equals(pseudonymNonce(admission.publicKey)))
    return refused('another-key-certified')
  const challenges = acceptedChallenges(check, token.tokenType)
  const keys = check.keys.filter(({ issuer }) => issuer === check.scope.issuer)
  return { kind: 'read', scheme, token, expected: { keys, challenges } } as const
}

/** SHA-256 over the key and the room, so that a repeated admission is known as one. */
export function admissionHash(publicKey: Buffer, room: MimiUri): Buffer {
  return createHash('sha256').update(encode(admissionRequestCodec, { publicKey, room })).digest()
}

function refused(reason: AdmissionRefusal) {
  return { kind: 'refused', reason } as const
}

const FITS = { kind: 'fits' } as const
