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
  /** Digests of its keys in base64url, as its signed requirements document names them. */
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
  /** Live keys, from an hour ago at most. Throws what `published` throws, `directory-invalid`. */
  live(issuer: ProviderDomain): Promise<readonly TokenKey[]>
  /** The same, looked up anew unless that was within the last minute: for a key that is not known. */
  renewed(issuer: ProviderDomain): Promise<readonly TokenKey[]>
}

interface Held {
  readonly keys: readonly TokenKey[]
  readonly atMs: number
}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { self, own, clock } = options
  const held = new Map<ProviderDomain, Held>()
  const asking = new Map<ProviderDomain, Promise<readonly TokenKey[]>>()
  const ask = (issuer: ProviderDomain): Promise<readonly TokenKey[]> => {
    const running = asking.get(issuer)
    if (running !== undefined) return running
    const run = fetchKeys(options, issuer)
      .then((keys) => {
        held.set(issuer, { keys, atMs: clock() })
        return keys
      })
      .finally(() => asking.delete(issuer))
    asking.set(issuer, run)
    return run
  }
  const notOlder = async (issuer: ProviderDomain, ageMs: number) => {
    if (issuer === self) return own()
    const known = held.get(issuer)
    const isFresh = known !== undefined && Math.abs(clock() - known.atMs) < ageMs
    return isFresh ? known.keys : ask(issuer)
  }
  return {
    live: (issuer) => notOlder(issuer, FRESH_MS),
    renewed: (issuer) => notOlder(issuer, RENEWED_MS),
  }
}

async function fetchKeys(
  { published, clock }: IssuerKeysOptions,
  issuer: ProviderDomain,
): Promise<readonly TokenKey[]> {
  const answer = await published(issuer)
  if (answer === undefined) return []
  const { tokenKeys } = readIssuerDirectory(answer.directory)
  const keys = tokenKeys
    .filter(({ tokenType }) => tokenType === tokenTypeCodes.blindRsa2048)
    .filter(({ notBeforeSeconds = 0 }) => notBeforeSeconds * 1_000 <= clock() + SKEW_MS)
    .flatMap(({ tokenKey }) => readBlindRsaKey(tokenKey, issuer) ?? [])
    .filter(({ keyId }) => answer.digests.includes(keyId.toString('base64url')))
  // More than two for each class at once would be a way to tell users apart.
  if (keys.length > KEYS_MAX) throw new GatewayError('directory-invalid')
  return keys
}

const FRESH_MS = 3_600_000
const RENEWED_MS = 60_000
const SKEW_MS = 300_000
const KEYS_MAX = 4
