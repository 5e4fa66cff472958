import { hash } from 'node:crypto'
import { isEpochPseudonymShaped } from '../model/epoch-pseudonym.ts'
import { parseMimiUri, uriDomain } from '../model/ids.ts'
import { GatewayError } from '../model/errors.ts'
import { textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { isUniqueViolation } from '../sqlite/write-queue.ts'
import type { Account, DsContext } from './context.ts'
import { DsProblem } from './problems.ts'

/** The profile fields that an identifier query can search. */
export const profileFields = ['handle', 'nick', 'email', 'phone'] as const
export type ProfileFieldName = (typeof profileFields)[number]

export interface Registration {
  readonly user: string
  readonly client: string
  readonly requireConsent?: boolean | undefined
  readonly profile?: Readonly<Partial<Record<ProfileFieldName, string | undefined>>> | undefined
}

/**
 * Adds a client, and its user at the first one, and answers the client's token. Consent and profile
 * count where they are given. Throws `invalid-uri`, `client-exists`, `pseudonym-taken`.
 */
export async function registerClient(ctx: DsContext, registration: Registration): Promise<string> {
  const user = ownUri(ctx, registration.user, 'user')
  const client = ownUri(ctx, registration.client, 'client')
  if (pseudonymOwner(ctx, user) !== undefined) throw new DsProblem('pseudonym-taken')
  const token = ctx.randomness(TOKEN_BYTES).toString('base64url')
  try {
    await ctx.store.writeAll([
      ...userStatements(user, registration),
      [
        'INSERT INTO ds_clients (client, user, token_digest) VALUES (?, ?, ?)',
        [client, user, tokenDigest(token)],
      ],
    ])
  } catch (error) {
    throw isUniqueViolation(error) ? new DsProblem('client-exists', error) : error
  }
  return token
}

function userStatements(user: string, registration: Registration): Statement[] {
  const { requireConsent, profile = {} } = registration
  const statements: Statement[] = [
    [
      'INSERT INTO ds_users (user, require_consent) VALUES (?, ?) ON CONFLICT DO NOTHING',
      [user, requireConsent === true ? 1 : 0],
    ],
  ]
  if (requireConsent !== undefined)
    statements.push([
      'UPDATE ds_users SET require_consent = ? WHERE user = ?',
      [requireConsent ? 1 : 0, user],
    ])
  for (const field of profileFields) {
    const value = profile[field]
    if (value !== undefined)
      statements.push([
        `INSERT INTO ds_profiles (user, field, value) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET value = excluded.value`,
        [user, field, value],
      ])
  }
  return statements
}

/** The client of an `Authorization: Bearer` header. Throws `unauthenticated`. */
export function authenticate(ctx: DsContext, authorization: string | undefined): Account {
  const token = BEARER.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new DsProblem('unauthenticated')
  const row = ctx.store.get('SELECT client, user FROM ds_clients WHERE token_digest = ?', [
    tokenDigest(token),
  ])
  if (row === undefined) throw new DsProblem('unauthenticated')
  return { client: textColumn(row, 'client'), user: textColumn(row, 'user') }
}

/** All clients of a user; none means that the user is unknown here. */
export function clientsOf(ctx: DsContext, user: string): readonly string[] {
  return ctx.store
    .all('SELECT client FROM ds_clients WHERE user = ? ORDER BY client', [user])
    .map((row) => textColumn(row, 'client'))
}

/**
 * Refuses an identity that is not the account's: its user URI, or a pseudonym of its user. A pseudonym
 * that nobody here has used yet becomes this user's; used in a room, it is bound to that room for good.
 * Throws `not-yours`.
 */
export async function requireIdentity(
  ctx: DsContext,
  account: Account,
  { uri, room }: { readonly uri: string; readonly room: string | undefined },
): Promise<void> {
  if (uri === account.user) return
  await claimPseudonym(ctx, account.user, uri)
  if (room === undefined) return
  // KeyPackages bind pseudonyms too.
  await ctx.mutex.run(`key-packages:${account.user}`, () => bindPseudonym(ctx, uri, room))
}

async function bindPseudonym({ store }: DsContext, uri: string, room: string): Promise<void> {
  try {
    await store.write('UPDATE ds_pseudonyms SET room = ? WHERE pseudonym = ? AND room IS NULL', [
      room,
      uri,
    ])
  } catch (error) {
    throw isUniqueViolation(error) ? new DsProblem('not-yours', error) : error
  }
  const bound = store.get('SELECT room FROM ds_pseudonyms WHERE pseudonym = ?', [uri])
  if (bound === undefined || textColumn(bound, 'room') !== room) throw new DsProblem('not-yours')
}

/** Makes a user pseudonym the user's, if nobody else has it. Throws `not-yours`. */
export async function claimPseudonym(
  ctx: DsContext,
  user: string,
  pseudonym: string,
): Promise<void> {
  const owner = pseudonymOwner(ctx, pseudonym)
  if (owner === user) return
  if (owner !== undefined || !isOwnUser(ctx, pseudonym)) throw new DsProblem('not-yours')
  if (clientsOf(ctx, pseudonym).length > 0) throw new DsProblem('not-yours')
  await ctx.store.write(
    'INSERT INTO ds_pseudonyms (pseudonym, user) VALUES (?, ?) ON CONFLICT DO NOTHING',
    [pseudonym, user],
  )
  if (pseudonymOwner(ctx, pseudonym) !== user) throw new DsProblem('not-yours')
}

/** The local user who uses this pseudonym, or undefined. */
export function pseudonymOwner(ctx: DsContext, pseudonym: string): string | undefined {
  const row = ctx.store.get('SELECT user FROM ds_pseudonyms WHERE pseudonym = ?', [pseudonym])
  return row === undefined ? undefined : textColumn(row, 'user')
}

function isOwnUser(ctx: DsContext, uri: string): boolean {
  try {
    ownUri(ctx, uri, 'user')
    return true
  } catch (error) {
    if (error instanceof DsProblem || error instanceof GatewayError) return false
    throw error
  }
}

function ownUri(ctx: DsContext, text: string, kind: 'user' | 'client'): string {
  const uri = parseMimiUri(text, kind)
  if (uriDomain(uri) !== ctx.domain || isEpochPseudonymShaped(uri))
    throw new DsProblem('invalid-uri')
  return uri
}

/** The token itself is kept nowhere. */
function tokenDigest(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

const TOKEN_BYTES = 32
const BEARER = /^Bearer ([\w-]{43})$/
