import { decode } from '../wire/codec.ts'
import type { KeyMaterialRequest, ClientKeyMaterial } from '../wire/mimi/key-material.ts'
import { credentialTypes } from '../wire/mls/credential.ts'
import { keyPackageCodec, type KeyPackage } from '../wire/mls/key-package.ts'
import { blobColumn, textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { clientsOf } from './accounts.ts'
import type { DsContext } from './context.ts'

export interface Claim {
  readonly user: string
  /** Empty where the request names no room. */
  readonly room: string
  readonly pseudonymous: boolean
  readonly request: KeyMaterialRequest
}

export interface Claimed {
  readonly clients: readonly ClientKeyMaterial[]
  /** Of the user, shown or not. */
  readonly clientCount: number
  readonly foundCount: number
}

/**
 * Takes one KeyPackage of each client of a user, for good: none is ever handed out twice, whatever runs
 * at the same time. Pseudonymous ones all have the one user pseudonym that this user has in this room.
 */
export function claimKeyPackages(ctx: DsContext, claim: Claim): Promise<Claimed> {
  return ctx.mutex.run(`key-packages:${claim.user}`, async () => {
    const choice = claim.pseudonymous ? choosePseudonym(ctx, claim) : chooseBasic(ctx, claim)
    const { picks, bind } = choice
    const taken = picks.flatMap(({ found }) => (found === undefined ? [] : [found.ref]))
    await ctx.store.writeAll([
      ...taken.map((ref): Statement => [
        'UPDATE ds_key_packages SET claimed = 1 WHERE ref = ?',
        [ref],
      ]),
      ...bind,
    ])
    // Where clients hide behind pseudonyms, one that has none to show is not shown at all.
    const shown = claim.pseudonymous ? picks.filter(({ found }) => found !== undefined) : picks
    return { clients: shown.map(material), clientCount: picks.length, foundCount: taken.length }
  })
}

interface Found {
  readonly ref: Buffer
  readonly keyPackage: { readonly value: KeyPackage; readonly bytes: Buffer }
}

interface Pick {
  readonly client: string
  readonly found: Found | undefined
  /** Whether the client has KeyPackages at all, though none that fits. */
  readonly others: boolean
}

interface Choice {
  readonly picks: readonly Pick[]
  readonly bind: readonly Statement[]
}

function chooseBasic(ctx: DsContext, claim: Claim): Choice {
  const picks = clientsOf(ctx, claim.user).map((client) => pick(ctx, claim, { client }))
  return { picks, bind: [] }
}

/**
 * The pseudonym that the user has in the room, or else a fresh one: of those that no room uses yet the
 * one under which most clients have a KeyPackage that fits.
 */
function choosePseudonym(ctx: DsContext, claim: Claim): Choice {
  const bound = boundPseudonym(ctx, claim)
  const candidates = bound === undefined ? freshPseudonyms(ctx, claim) : [bound]
  const clients = clientsOf(ctx, claim.user)
  let best: Choice | undefined
  for (const pseudonym of candidates) {
    const picks = clients.map((client) => pick(ctx, claim, { client, pseudonym }))
    const bind: readonly Statement[] = [
      ['UPDATE ds_pseudonyms SET room = ? WHERE pseudonym = ?', [claim.room, pseudonym]],
    ]
    if (best === undefined || foundCount(picks) > foundCount(best.picks)) best = { picks, bind }
    if (foundCount(picks) === clients.length) break
  }
  if (best === undefined || foundCount(best.picks) === 0)
    return { picks: best?.picks ?? clients.map(exhausted), bind: [] }
  return best
}

function boundPseudonym(ctx: DsContext, { user, room }: Claim): string | undefined {
  const row = ctx.store.get('SELECT pseudonym FROM ds_pseudonyms WHERE user = ? AND room = ?', [
    user,
    room,
  ])
  return row === undefined ? undefined : textColumn(row, 'pseudonym')
}

function freshPseudonyms(ctx: DsContext, { user, room }: Claim): readonly string[] {
  // A pseudonym is for one room: without a room there is nothing to bind it to.
  if (room === '') return []
  const now = ctx.clock()
  return ctx.store
    .all(
      `SELECT k.pseudonym FROM ds_key_packages k JOIN ds_pseudonyms p ON p.pseudonym = k.pseudonym
       WHERE k.user = ? AND k.claimed = 0 AND p.room IS NULL
         AND k.not_before_ms <= ? AND k.not_after_ms > ?
       GROUP BY k.pseudonym ORDER BY count(DISTINCT k.client) DESC, min(k.rowid)
       LIMIT ${CANDIDATES_MAX}`,
      [user, now, now],
    )
    .map((row) => textColumn(row, 'pseudonym'))
}

function pick(
  ctx: DsContext,
  { user, request }: Claim,
  { client, pseudonym }: { readonly client: string; readonly pseudonym?: string },
): Pick {
  const now = ctx.clock()
  const rows = ctx.store.all(
    `SELECT ref, bytes FROM ds_key_packages
     WHERE user = ? AND claimed = 0 AND client = ? AND pseudonym IS ?
       AND not_before_ms <= ? AND not_after_ms > ?
     ORDER BY rowid LIMIT ${CANDIDATES_MAX}`,
    [user, client, pseudonym ?? null, now, now],
  )
  for (const row of rows) {
    const bytes = blobColumn(row, 'bytes')
    const value = decode(keyPackageCodec, bytes)
    if (isCompatible(value, request))
      return {
        client,
        found: { ref: blobColumn(row, 'ref'), keyPackage: { value, bytes } },
        others: true,
      }
  }
  return { client, found: undefined, others: rows.length > 0 }
}

function isCompatible(
  { cipherSuite, leafNode: { capabilities } }: KeyPackage,
  { acceptableCiphersuites, requiredCapabilities }: KeyMaterialRequest,
): boolean {
  const { extensionTypes, proposalTypes, credentialTypes: required } = requiredCapabilities
  return (
    acceptableCiphersuites.includes(cipherSuite) &&
    covers(capabilities.extensions, extensionTypes, DEFAULT_EXTENSION_MAX) &&
    covers(capabilities.proposals, proposalTypes, DEFAULT_PROPOSAL_MAX) &&
    covers(capabilities.credentials, required, 0)
  )
}

/** Types up to `defaultMax` need no mention. */
function covers(
  supported: readonly number[],
  needed: readonly number[],
  defaultMax: number,
): boolean {
  return needed.every((type) => type <= defaultMax || supported.includes(type))
}

function material({ client, found, others }: Pick): ClientKeyMaterial {
  if (found !== undefined)
    return {
      clientStatus: 'success',
      clientUri: shownClient(client, found.keyPackage.value),
      keyPackage: found.keyPackage,
    }
  // Capabilities would tell the requester more than that it cannot be done.
  return others
    ? { clientStatus: 'nothingCompatible', clientUri: client, clientCapabilities: undefined }
    : { clientStatus: 'keyMaterialExhausted', clientUri: client }
}

/** Beside a pseudonymous KeyPackage the real client would undo the pseudonym. */
function shownClient(client: string, { leafNode: { credential } }: KeyPackage): string {
  return credential.kind === 'pseudonymous' ? credential.clientPseudonym.toString('utf8') : client
}

function exhausted(client: string): Pick {
  return { client, found: undefined, others: false }
}

function foundCount(picks: readonly Pick[]): number {
  return picks.filter(({ found }) => found !== undefined).length
}

/** Whether a request is for pseudonymous KeyPackages: by its own credential, its demands, or the room's suite. */
export function wantsPseudonyms(request: KeyMaterialRequest, suite: string | undefined): boolean {
  return (
    request.requesterCredential.kind === 'pseudonymous' ||
    request.requiredCapabilities.credentialTypes.includes(credentialTypes.pseudonymous) ||
    suite === PSEUDONYMOUS_SUITE
  )
}

const PSEUDONYMOUS_SUITE = 'moderated-pseudonyms'
/** Types up to these need not be listed in capabilities. RFC 9420 §7.2 */
const DEFAULT_EXTENSION_MAX = 5
const DEFAULT_PROPOSAL_MAX = 7
/** KeyPackages of a client, and pseudonyms of a user, that one request looks at. */
const CANDIDATES_MAX = 32
