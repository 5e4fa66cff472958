import { readBlindRsaKey } from '../privacypass/blind-rsa/token-key.ts'
import { readIssuerDirectory } from '../privacypass/issuer-directory.ts'
import type { TokenKey } from '../privacypass/token-scheme.ts'
import { tokenTypeCodes } from '../privacypass/token-type.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'

/** What an issuer has published. */
export interface PublishedKeys {
  /** The octets of its directory. RFC 9578 §4 */
  readonly directory: Uint8Array
  /** Digests of its keys for tokens of messages in base64url, as its signed requirements document names them. */
  readonly digests: readonly string[]
}

export interface IssuerKeysOptions {
  readonly self: ProviderDomain
  /** Our own live keys; none where we issue nothing. */
  readonly own: () => readonly TokenKey[]
  /** Undefined where the provider issues no tokens. Throws `GatewayError` where it cannot be asked. */
  readonly published: (issuer: ProviderDomain) => Promise<PublishedKeys | undefined>
  readonly clock: Clock
}

/**
 * The keys of other providers' issuers. INVARIANT: only keys that an issuer's signed document names are
 * taken, so that it cannot give a single hub, or a single user, a key of their own.
 */
export interface IssuerKeys {
  /**
   * Keys that have begun, as published an hour ago at most. Throws what `published` throws, and the same
   * for half a minute without asking again; `directory-invalid`.
   */
  live(issuer: ProviderDomain): Promise<readonly TokenKey[]>
  /** The same, looked up anew unless that was within the last minute: for a key that is not known. */
  renewed(issuer: ProviderDomain): Promise<readonly TokenKey[]>
}

/** A key takes over when its time comes, not when somebody looks again. */
interface TimedKey {
  readonly key: TokenKey
  readonly notBeforeMs: number
}

interface Held {
  readonly keys: readonly TimedKey[]
  readonly atMs: number
}

interface Failed {
  readonly error: unknown
  readonly atMs: number
}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { self, own, clock } = options
  const held = new Map<ProviderDomain, Held>()
  const failed = new Map<ProviderDomain, Failed>()
  const asking = new Map<ProviderDomain, Promise<readonly TimedKey[]>>()
  const isYounger = (than: { readonly atMs: number } | undefined, ageMs: number) =>
    than !== undefined && Math.abs(clock() - than.atMs) < ageMs
  const look = async (issuer: ProviderDomain): Promise<readonly TimedKey[]> => {
    try {
      const keys = await fetchKeys(options, issuer)
      held.set(issuer, { keys, atMs: clock() })
      failed.delete(issuer)
      return keys
    } catch (error) {
      failed.set(issuer, { error, atMs: clock() })
      throw error
    }
  }
  const ask = (issuer: ProviderDomain): Promise<readonly TimedKey[]> => {
    const running = asking.get(issuer)
    if (running !== undefined) return running
    const failure = failed.get(issuer)
    if (isYounger(failure, FAILED_MS)) throw failure?.error
    const run = look(issuer).finally(() => asking.delete(issuer))
    asking.set(issuer, run)
    return run
  }
  const notOlder = async (issuer: ProviderDomain, ageMs: number) => {
    if (issuer === self) return own()
    const known = held.get(issuer)
    const keys = known !== undefined && isYounger(known, ageMs) ? known.keys : await ask(issuer)
    const begunMs = clock() + SKEW_MS
    return keys.filter(({ notBeforeMs }) => notBeforeMs <= begunMs).map(({ key }) => key)
  }
  return {
    live: (issuer) => notOlder(issuer, FRESH_MS),
    renewed: (issuer) => notOlder(issuer, RENEWED_MS),
  }
}

async function fetchKeys(
  { published }: IssuerKeysOptions,
  issuer: ProviderDomain,
): Promise<readonly TimedKey[]> {
  const answer = await published(issuer)
  if (answer === undefined) return []
  const { tokenKeys } = readIssuerDirectory(answer.directory)
  const keys = tokenKeys
    .filter(({ tokenType }) => tokenType === tokenTypeCodes.blindRsa2048)
    .flatMap(({ tokenKey, notBeforeSeconds = 0 }) => {
      const key = readBlindRsaKey(tokenKey, issuer)
      return key === undefined ? [] : { key, notBeforeMs: notBeforeSeconds * 1_000 }
    })
    .filter(({ key }) => answer.digests.includes(key.keyId.toString('base64url')))
  // More of the class at once, begun or not, would be a way to tell users apart.
  if (keys.length > KEYS_MAX) throw new GatewayError('directory-invalid')
  return keys
}

const FRESH_MS = 3_600_000
const RENEWED_MS = 60_000
/** A provider that is away is not asked for each request. */
const FAILED_MS = 30_000
const SKEW_MS = 300_000
const KEYS_MAX = 2
