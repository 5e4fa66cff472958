import type { ConsentExchange, ConsentTerms } from '../model/exchange.ts'
import { purposes, type Purpose } from '../model/metadata.ts'
import { blobColumn, numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Store, StoreValue } from '../sqlite/store.ts'

/** One row for each change; none is ever changed. An empty room means any. */
export const consentMigrations: readonly Migration[] = [
  {
    id: 'peers/0004-consents',
    sql: `CREATE TABLE consents (
      position INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      change TEXT NOT NULL CHECK (change IN ('request', 'cancel', 'grant', 'revoke')),
      requester TEXT NOT NULL,
      target TEXT NOT NULL,
      room TEXT NOT NULL,
      provider TEXT NOT NULL,
      suite INTEGER,
      suite_digest BLOB,
      purposes TEXT,
      retention_days INTEGER,
      expires_at_ms INTEGER
    ) STRICT;
    CREATE INDEX consents_by_scope ON consents (target, requester, room, position);
    CREATE INDEX consents_by_time ON consents (at_ms)`,
  },
]

/** Who said what about a consent, when, and which provider vouches that it was so. */
export interface ConsentRecord {
  readonly change: ConsentExchange['change']
  readonly requester: string
  readonly target: string
  /** Undefined for any room. */
  readonly room: string | undefined
  readonly terms: ConsentTerms | undefined
  /** The provider that handed it in, authenticated; our own domain for our own users. */
  readonly provider: string
  readonly atMs: number
}

export interface ListedConsent extends ConsentRecord {
  /** Rises with every entry. */
  readonly position: number
}

export interface ConsentScope {
  readonly requester: string
  readonly target: string
  readonly room: string | undefined
}

/** What a target's last word on a requester allows. */
export type ConsentStanding =
  | { readonly kind: 'none' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'granted'; readonly terms: ConsentTerms | undefined }
  | { readonly kind: 'expired' }

/**
 * The consents that have passed through here. A request is kept alike whoever it is for: no entry tells
 * one that was refused, or is for nobody, from one that waits.
 */
export class ConsentLedger {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** Durable once it resolves. */
  async record(entry: ConsentRecord): Promise<void> {
    const { atMs, change, requester, target, room = '', provider, terms } = entry
    await this.store.write(INSERT, [
      atMs,
      change,
      requester,
      target,
      room,
      provider,
      ...termValues(terms),
    ])
  }

  /** What was said of the room counts before what was said of any; a revocation of all ends both. */
  standing({ requester, target, room = '' }: ConsentScope, nowMs: number): ConsentStanding {
    const rows = this.store.all(LAST_WORDS, [target, requester, room])
    const last = (scope: string) => rows.find((row) => textColumn(row, 'room') === scope)
    const [inRoom, inAny] = [last(room), last('')]
    const revokedAt = inAny !== undefined && isRevocation(inAny) ? positionOf(inAny) : -1
    const row = inRoom !== undefined && positionOf(inRoom) >= revokedAt ? inRoom : inAny
    if (row === undefined) return { kind: 'none' }
    if (isRevocation(row)) return { kind: 'revoked' }
    const terms = termsOf(row)
    const hasExpired = terms?.expiresAtMs !== undefined && terms.expiresAtMs <= nowMs
    return hasExpired ? { kind: 'expired' } : { kind: 'granted', terms }
  }

  /** The newest first, those before `before`, at most `limit`. */
  list({ before, limit }: { before: number | undefined; limit: number }): readonly ListedConsent[] {
    return this.store.all(LIST, [before ?? Number.MAX_SAFE_INTEGER, limit]).map(consentOf)
  }

  /** Deletes what is older; grants that still hold stay. Answers how many entries went. */
  deleteBefore(timestampMs: number, nowMs: number): Promise<number> {
    return this.store.change(DELETE_OLD, [timestampMs, nowMs])
  }
}

function termValues(terms: ConsentTerms | undefined): readonly StoreValue[] {
  if (terms === undefined) return [null, null, null, null, null]
  const { suite, suiteDigest, retentionDays, expiresAtMs = 0 } = terms
  return [suite, suiteDigest, terms.purposes.join(' '), retentionDays, expiresAtMs]
}

function termsOf(row: Row): ConsentTerms | undefined {
  if (row['suite'] === null) return undefined
  const expiresAtMs = numberColumn(row, 'expires_at_ms')
  const said = new Set(textColumn(row, 'purposes').split(' '))
  return {
    suite: numberColumn(row, 'suite'),
    suiteDigest: blobColumn(row, 'suite_digest'),
    purposes: purposes.filter((purpose: Purpose) => said.has(purpose)),
    retentionDays: numberColumn(row, 'retention_days'),
    expiresAtMs: expiresAtMs === 0 ? undefined : expiresAtMs,
  }
}

function consentOf(row: Row): ListedConsent {
  const room = textColumn(row, 'room')
  return {
    position: positionOf(row),
    atMs: numberColumn(row, 'at_ms'),
    change: changes[textColumn(row, 'change')] ?? 'request',
    requester: textColumn(row, 'requester'),
    target: textColumn(row, 'target'),
    room: room === '' ? undefined : room,
    provider: textColumn(row, 'provider'),
    terms: termsOf(row),
  }
}

function positionOf(row: Row): number {
  return numberColumn(row, 'position')
}

function isRevocation(row: Row): boolean {
  return textColumn(row, 'change') === 'revoke'
}

const changes: Readonly<Record<string, ConsentExchange['change']>> = {
  request: 'request',
  cancel: 'cancel',
  grant: 'grant',
  revoke: 'revoke',
}

const INSERT = `INSERT INTO consents (at_ms, change, requester, target, room, provider,
  suite, suite_digest, purposes, retention_days, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
/** Of the room and of any room, the last grant or revocation of each. */
const LAST_WORDS = `SELECT * FROM consents WHERE position IN (
  SELECT max(position) FROM consents
  WHERE target = ? AND requester = ? AND room IN (?, '') AND change IN ('grant', 'revoke')
  GROUP BY room)`
const LIST = 'SELECT * FROM consents WHERE position < ? ORDER BY position DESC LIMIT ?'
const DELETE_OLD = `DELETE FROM consents WHERE at_ms < ? AND NOT (
  change = 'grant' AND (ifnull(expires_at_ms, 0) = 0 OR expires_at_ms > ?) AND NOT EXISTS (
    SELECT 1 FROM consents AS later
    WHERE later.target = consents.target AND later.requester = consents.requester
      AND later.position > consents.position AND later.change IN ('grant', 'revoke')
      AND (later.room = consents.room OR (later.room = '' AND later.change = 'revoke'))))`
