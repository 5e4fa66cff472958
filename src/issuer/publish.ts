import { writeIssuerDirectory } from '../privacypass/issuer-directory.ts'
import { tokenTypeCodes } from '../privacypass/token-type.ts'
import type { LiveKey } from './issuer-keys.ts'
import { tokenClasses, untilNextDayMs, type TokenClass } from './token-class.ts'

/** The directory that clients and other providers read. RFC 9578 §4 */
export interface PublishedDirectory {
  readonly bytes: Buffer
  /** It changes at the begin of a day at the latest. */
  readonly maxAgeSeconds: number
}

/** All keys that count, each with its class; those that sign come first. */
export function issuerDirectory(
  keys: readonly LiveKey[],
  { requestUri, nowMs }: { readonly requestUri: string; readonly nowMs: number },
): PublishedDirectory {
  const bytes = writeIssuerDirectory({
    issuerRequestUri: requestUri,
    tokenKeys: keys
      .toSorted((a, b) => Number(b.signs) - Number(a.signs))
      .map(({ tokenClass, activeFromMs, issuerKey }) => ({
        tokenType: tokenTypeCodes.blindRsa2048,
        tokenKey: issuerKey.tokenKey.publicKey,
        notBeforeSeconds: Math.floor(activeFromMs / 1_000),
        tokenClass,
      })),
  })
  const untilNextDay = Math.ceil(untilNextDayMs(nowMs) / 1_000)
  return { bytes, maxAgeSeconds: Math.min(MAX_AGE_SECONDS, untilNextDay) }
}

/** What our requirements document says of our own tokens, as `tokens` there. */
export interface StatedTokens {
  readonly type: number
  readonly issuer: string
  readonly class: TokenClass
  /** base64url SHA-256 of the SubjectPublicKeyInfo. */
  readonly keys: string[]
}

/** The digests by which others hold us to our keys. */
export function statedTokens(keys: readonly LiveKey[], issuer: string): readonly StatedTokens[] {
  return tokenClasses.map((tokenClass) => ({
    type: tokenTypeCodes.blindRsa2048,
    issuer,
    class: tokenClass,
    keys: keys
      .filter((key) => key.tokenClass === tokenClass)
      .map(({ issuerKey }) => issuerKey.tokenKey.keyId.toString('base64url'))
      .toSorted(),
  }))
}

const MAX_AGE_SECONDS = 3_600
