import { writeIssuerDirectory } from '../privacypass/issuer-directory.ts'
import { tokenTypeCodes } from '../privacypass/token-type.ts'
import type { LiveKey } from './issuer-keys.ts'
import { untilNextDayMs, type TokenClass } from './token-class.ts'

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
        tokenType: tokenTypeCodes[issuerKey.tokenKey.tokenType],
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

/** The digests by which others hold us to our keys, by type and class. */
export function statedTokens(keys: readonly LiveKey[], issuer: string): readonly StatedTokens[] {
  const stated = new Map<string, StatedTokens>()
  for (const { tokenClass, issuerKey } of keys) {
    const { tokenType, keyId } = issuerKey.tokenKey
    const type = tokenTypeCodes[tokenType]
    const line = `${type} ${tokenClass}`
    const before = stated.get(line)?.keys ?? []
    const digests = [...before, keyId.toString('base64url')].toSorted()
    stated.set(line, { type, issuer, class: tokenClass, keys: digests })
  }
  return [...stated.values()]
}

const MAX_AGE_SECONDS = 3_600
