import { decode } from '../wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../wire/mimi/consent.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { clientsOf, pseudonymOwner } from './accounts.ts'
import type { Account, DsContext } from './context.ts'
import { routeStatements } from './welcome-routes.ts'
import { givenAwayStatements } from './key-packages.ts'
import { DsProblem } from './problems.ts'

export type ConsentCheck = 'granted' | 'no-consent' | 'no-consent-for-this-room'

export interface ConsentQuestion {
  readonly requester: string
  readonly target: string
  /** Empty where the request names no room. */
  readonly room: string
}

/**
 * Whether a requester may fetch a user's KeyPackages. What the user said about the room counts before
 * what it said about any room; where it said nothing, its `requireConsent` decides. Nobody needs its own consent.
 */
export function checkConsent(
  ctx: DsContext,
  { requester, target, room }: ConsentQuestion,
): ConsentCheck {
  if (requester === target || pseudonymOwner(ctx, requester) === target) return 'granted'
  const said = new Map(
    ctx.store
      .all(
        `SELECT room, granted FROM ds_consents WHERE requester = ? AND target = ?
         ORDER BY room LIMIT ${SCOPES_MAX}`,
        [requester, target],
      )
      .map((row) => [textColumn(row, 'room'), numberColumn(row, 'granted') === 1]),
  )
  const answer = said.get(room) ?? said.get('') ?? !requiresConsent(ctx, target)
  if (answer) return 'granted'
  const elsewhere = [...said].some(([scope, granted]) => granted && scope !== room)
  return elsewhere ? 'no-consent-for-this-room' : 'no-consent'
}

/** Decodes the entry and refuses an operation that does not belong to this endpoint. Throws `malformed-body`. */
export function parseConsent(
  operation: 'requestConsent' | 'updateConsent',
  bytes: Uint8Array,
): ConsentEntry {
  const entry = decode(consentEntryCodec, bytes)
  const isRequest = entry.consentOperation === 'request' || entry.consentOperation === 'cancel'
  if (isRequest !== (operation === 'requestConsent')) throw new DsProblem('malformed-body')
  return entry
}

/**
 * What a local user grants or revokes, kept before it is told to anyone: from then on it decides who
 * gets the user's KeyPackages. A revocation for any room ends the grants for single rooms too.
 */
export function consentStatements(
  ctx: DsContext,
  account: Account,
  entry: ConsentEntry,
): Statement[] {
  const scope = [entry.requesterUri, entry.targetUri, entry.roomId ?? '']
  const upsert = `INSERT INTO ds_consents (requester, target, room, granted) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET granted = excluded.granted`
  switch (entry.consentOperation) {
    case 'grant':
      return [
        [upsert, [...scope, 1]],
        ...givenAwayStatements(account, entry.clientKeyPackages, ctx.clock()),
      ]
    case 'revoke':
      return [
        ...(entry.roomId === undefined
          ? [
              [
                'DELETE FROM ds_consents WHERE requester = ? AND target = ?',
                [entry.requesterUri, entry.targetUri],
              ] satisfies Statement,
            ]
          : []),
        [upsert, [...scope, 0]],
      ]
    case 'request':
    case 'cancel':
      return []
  }
}

/**
 * Hands a consent entry of another user to all clients of the local user whom it concerns. Answers
 * false where that user is unknown here.
 */
export async function receiveConsent(
  ctx: DsContext,
  {
    entry,
    peer,
    bytes,
  }: {
    readonly entry: ConsentEntry
    /** The sending provider; undefined for a local user. */
    readonly peer: string | undefined
    readonly bytes: Buffer
  },
): Promise<boolean> {
  const isRequest = entry.consentOperation === 'request' || entry.consentOperation === 'cancel'
  const clients = clientsOf(ctx, isRequest ? entry.targetUri : entry.requesterUri)
  if (clients.length === 0) return false
  const routes =
    entry.consentOperation === 'grant' && peer !== undefined
      ? routeStatements(entry.clientKeyPackages, peer)
      : []
  await ctx.store.writeAll([
    ...routes,
    ...ctx.queues.append(
      { kind: 'consent', room: '', change: entry.consentOperation, body: bytes },
      clients,
    ),
  ])
  ctx.queues.wake(clients)
  return true
}

function requiresConsent(ctx: DsContext, user: string): boolean {
  const row = ctx.store.get('SELECT require_consent FROM ds_users WHERE user = ?', [user])
  return row === undefined || numberColumn(row, 'require_consent') === 1
}

/** Rooms for which one user keeps an answer to one requester. */
const SCOPES_MAX = 1_000
