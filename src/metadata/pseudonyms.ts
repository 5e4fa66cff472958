import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Form } from '../model/metadata.ts'

/** For what a gateway makes up names; one purpose never shares a key with another. */
export const pseudonymPurposes = ['reporter', 'notice', 'journal', 'queue'] as const
export type PseudonymPurpose = (typeof pseudonymPurposes)[number]

/** How long one name lasts: for all of a peer, for one room, for one epoch, or for one exchange. */
export type PseudonymScope =
  | { readonly kind: 'peer' }
  | { readonly kind: 'room'; readonly room: string }
  | { readonly kind: 'epoch'; readonly room: string; readonly epoch: bigint }
  | { readonly kind: 'once'; readonly digest: string }

/**
 * Within one domain the same value has the same pseudonym; two domains have no key in common, so their
 * pseudonyms cannot be compared (EDPB Guidelines 01/2025: pseudonymisation domain).
 */
export interface PseudonymDomain {
  /** Our own provider. */
  readonly tenant: string
  /** The other provider: who sees the pseudonym, or of whom the journal speaks. */
  readonly peer: string
  readonly purpose: PseudonymPurpose
  readonly scope: PseudonymScope
}

/** The key of a domain: HKDF-SHA-256 from the key of the purpose `pseudonyms`, 32 octets. RFC 5869 */
export function domainKey(purposeKey: KeyObject, domain: PseudonymDomain): KeyObject {
  const derived = hkdfSync('sha256', purposeKey, '', domainInfo(domain), KEY_BYTES)
  return createSecretKey(Buffer.from(derived))
}

/** HMAC-SHA-256 of a value under the key of its domain, its first 128 bits as 22 characters. */
function pseudonymOf(key: KeyObject, value: string): string {
  const digest = createHmac('sha256', key).update(value, 'utf8').digest()
  return digest.subarray(0, PSEUDONYM_BYTES).toString('base64url')
}

/** What a gateway writes where a user URI stands: no user's name begins with a tilde. */
export function pseudonymUri(provider: string, pseudonym: string): string {
  return `mimi://${provider}/u/~${pseudonym}`
}

/** Whether a gateway made this user URI. */
export function isPseudonymUri(uri: string): boolean {
  return PSEUDONYM_URI.test(uri)
}

/**
 * The scope of a form. Where a room has no epoch that we know, `pseudonym-epoch` lasts for the one
 * exchange, which shows less. Undefined for forms that are no pseudonyms.
 */
export function scopeOf(form: Form, place: PseudonymPlace): PseudonymScope | undefined {
  const { room, epoch, digest } = place
  switch (form) {
    case 'pseudonym-epoch':
      if (room === undefined || epoch === undefined) return { kind: 'once', digest }
      return { kind: 'epoch', room, epoch }
    case 'pseudonym-room':
      return room === undefined ? { kind: 'once', digest } : { kind: 'room', room }
    case 'pseudonym-peer':
      return { kind: 'peer' }
    case 'absent':
    case 'bucket':
    case 'exact':
      return undefined
  }
}

/** Where a value stands: the room and epoch as far as they are known, and the digest of the exchange. */
export interface PseudonymPlace {
  readonly room: string | undefined
  readonly epoch: bigint | undefined
  /** Of the bytes of the exchange, so that a retry has the same pseudonym. */
  readonly digest: string
}

/** Makes pseudonyms, and finds out whom one stands for among those whom the operator names. */
export interface Pseudonyms {
  /** Under the key that is active now. Throws `key-unavailable`. */
  of(value: string, domain: PseudonymDomain): string
  /** The candidate whose pseudonym this is, under any key that is still there. */
  resolve(
    pseudonym: string,
    domain: PseudonymDomain,
    candidates: readonly string[],
  ): string | undefined
}

/** The keys of the purpose `pseudonyms`. */
export interface PseudonymKeys {
  readonly active: () => { readonly id: string; readonly key: KeyObject }
  readonly all: () => readonly { readonly id: string; readonly key: KeyObject }[]
}

/** Remembers the keys of the domains that were used last, at most 2 × 1,024. */
export function createPseudonyms(keys: PseudonymKeys): Pseudonyms {
  let recent = new Map<string, KeyObject>()
  let older = new Map<string, KeyObject>()
  const keyOf = ({ id, key }: { id: string; key: KeyObject }, domain: PseudonymDomain) => {
    const name = `${id} ${domainInfo(domain)}`
    const known = recent.get(name)
    if (known !== undefined) return known
    const derived = older.get(name) ?? domainKey(key, domain)
    if (recent.size >= REMEMBERED_MAX) {
      older = recent
      recent = new Map()
    }
    recent.set(name, derived)
    return derived
  }
  return {
    of: (value, domain) => pseudonymOf(keyOf(keys.active(), domain), value),
    resolve: (pseudonym, domain, candidates) => {
      const domainKeys = keys.all().map(({ key }) => domainKey(key, domain))
      return candidates.find((candidate) =>
        domainKeys.some((key) => pseudonymOf(key, candidate) === pseudonym),
      )
    },
  }
}

/** JSON, so that no two domains have one spelling. */
function domainInfo({ tenant, peer, purpose, scope }: PseudonymDomain): string {
  return JSON.stringify(['postern pseudonym', 1, tenant, peer, purpose, ...scopeParts(scope)])
}

function scopeParts(scope: PseudonymScope): readonly string[] {
  switch (scope.kind) {
    case 'peer':
      return ['peer']
    case 'room':
      return ['room', scope.room]
    case 'epoch':
      return ['epoch', scope.room, String(scope.epoch)]
    case 'once':
      return ['once', scope.digest]
  }
}

const KEY_BYTES = 32
const PSEUDONYM_BYTES = 16
const PSEUDONYM_URI = /^mimi:\/\/[^/]+\/u\/~[A-Za-z0-9_-]{22}$/
const REMEMBERED_MAX = 1_024
