import { decode, spanned, vector } from '../wire/codec.ts'
import { cipherSuite } from '../wire/mls/cipher-suite.ts'
import { keyPackageCodec, type KeyPackage } from '../wire/mls/key-package.ts'
import { keyPackageRef } from '../wire/mls/key-package-ref.ts'
import { numberColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { claimPseudonym } from './accounts.ts'
import type { Account, DsContext } from './context.ts'
import { DsProblem } from './problems.ts'

export interface SpannedKeyPackage {
  readonly value: KeyPackage
  readonly bytes: Buffer
}

/**
 * Stores `KeyPackage key_packages<V>` of a client, each for one use. A KeyPackage that was here before
 * is ignored. Throws `invalid-key-package`, `not-yours`, `too-many-key-packages`.
 */
export async function uploadKeyPackages(
  ctx: DsContext,
  account: Account,
  bytes: Uint8Array,
): Promise<void> {
  const keyPackages = decode(uploadCodec, bytes)
  const now = ctx.clock()
  const held = ctx.store.get(
    'SELECT count(*) AS held FROM ds_key_packages WHERE user = ? AND claimed = 0 AND client = ?',
    [account.user, account.client],
  )
  if (held !== undefined && numberColumn(held, 'held') + keyPackages.length > KEY_PACKAGES_MAX)
    throw new DsProblem('too-many-key-packages')
  const rows: Statement[] = []
  for (const keyPackage of keyPackages) {
    const pseudonym = await checkOwner(ctx, account, keyPackage.value)
    rows.push(keyPackageStatement(account, keyPackage, { pseudonym, claimed: false, now }))
  }
  await ctx.store.writeAll([
    ['DELETE FROM ds_key_packages WHERE not_after_ms <= ?', [now]],
    ['DELETE FROM ds_welcome_routes WHERE expires_ms <= ?', [now]],
    ...rows,
  ])
}

/** The write that remembers KeyPackages which a client gave away itself, so that their Welcome finds it. */
export function givenAwayStatements(
  account: Account,
  keyPackages: readonly SpannedKeyPackage[],
  now: number,
): Statement[] {
  return keyPackages.map((keyPackage) =>
    keyPackageStatement(account, keyPackage, { pseudonym: undefined, claimed: true, now }),
  )
}

/** By what a KeyPackage is named and when it ends, in ms; undefined where its suite or its leaf's source is none that can be used. */
export function identifyKeyPackage({
  value,
  bytes,
}: SpannedKeyPackage): { ref: Buffer; notBeforeMs: number; notAfterMs: number } | undefined {
  const suite = cipherSuite(value.cipherSuite)
  const { source } = value.leafNode
  if (suite === undefined || source.kind !== 'key-package') return undefined
  return {
    ref: keyPackageRef(suite, bytes),
    notBeforeMs: milliseconds(source.notBefore),
    notAfterMs: milliseconds(source.notAfter),
  }
}

/** The user pseudonym of a pseudonymous KeyPackage, or undefined for a basic one of this user. */
async function checkOwner(
  ctx: DsContext,
  account: Account,
  { leafNode }: KeyPackage,
): Promise<string | undefined> {
  const { credential } = leafNode
  if (credential.kind === 'basic') {
    if (credential.identity.toString('utf8') !== account.user) throw new DsProblem('not-yours')
    return undefined
  }
  if (credential.kind !== 'pseudonymous') throw new DsProblem('invalid-key-package')
  const pseudonym = credential.userPseudonym.toString('utf8')
  await claimPseudonym(ctx, account.user, pseudonym)
  return pseudonym
}

interface RowOptions {
  readonly pseudonym: string | undefined
  readonly claimed: boolean
  readonly now: number
}

function keyPackageStatement(
  account: Account,
  keyPackage: SpannedKeyPackage,
  { pseudonym, claimed, now }: RowOptions,
): Statement {
  const found = identifyKeyPackage(keyPackage)
  if (found === undefined || found.notAfterMs <= now) throw new DsProblem('invalid-key-package')
  return [
    `INSERT INTO ds_key_packages
       (ref, client, user, pseudonym, not_before_ms, not_after_ms, signature_key, bytes, claimed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    [
      found.ref,
      account.client,
      account.user,
      pseudonym ?? null,
      found.notBeforeMs,
      found.notAfterMs,
      keyPackage.value.leafNode.signatureKey,
      keyPackage.bytes,
      claimed ? 1 : 0,
    ],
  ]
}

/** Seconds of the wire as milliseconds; whatever lies beyond year 275,760 is that far away. */
function milliseconds(seconds: bigint): number {
  return Math.min(Number(seconds) * 1_000, TIME_MS_MAX)
}

const TIME_MS_MAX = 8_640_000_000_000_000
/** KeyPackages of one client that wait to be used. */
const KEY_PACKAGES_MAX = 1_000
const UPLOAD_COUNT_MAX = 256
const uploadCodec = vector(spanned(keyPackageCodec), { countMax: UPLOAD_COUNT_MAX })
