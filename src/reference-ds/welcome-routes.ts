import type { KeyMaterialResponse } from '../wire/mimi/key-material.ts'
import { textColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import type { DsContext } from './context.ts'
import { identifyKeyPackage, type SpannedKeyPackage } from './key-packages.ts'

/**
 * The writes by which a hub remembers from which provider KeyPackages came. The first answer counts:
 * nobody takes over the Welcome of another provider's client by repeating its KeyPackage.
 */
export function routeStatements(
  keyPackages: readonly SpannedKeyPackage[],
  provider: string,
): Statement[] {
  return keyPackages.flatMap((keyPackage): Statement[] => {
    const found = identifyKeyPackage(keyPackage)
    if (found === undefined) return []
    const sql = `INSERT INTO ds_welcome_routes (ref, provider, expires_ms) VALUES (?, ?, ?)
      ON CONFLICT DO NOTHING`
    return [[sql, [found.ref, provider, found.notAfterMs]]]
  })
}

/** The KeyPackages of a keyMaterial answer. */
export function keyPackagesOf({ clients }: KeyMaterialResponse): readonly SpannedKeyPackage[] {
  return clients.flatMap((client) => (client.clientStatus === 'success' ? [client.keyPackage] : []))
}

/**
 * The providers that own one of the references: our own for KeyPackages of our clients, the remembered
 * one for those that passed through here. A reference that never passed through here can only come from
 * the committer's own provider, so it goes back there.
 */
export function welcomeProviders(
  ctx: DsContext,
  refs: readonly Buffer[],
  committer: string,
): ReadonlySet<string> {
  return new Set(refs.map((ref) => welcomeProvider(ctx, ref) ?? committer))
}

function welcomeProvider(ctx: DsContext, ref: Buffer): string | undefined {
  const own = ctx.store.get('SELECT 1 AS own FROM ds_key_packages WHERE ref = ?', [ref])
  if (own !== undefined) return ctx.domain
  const row = ctx.store.get('SELECT provider FROM ds_welcome_routes WHERE ref = ?', [ref])
  return row === undefined ? undefined : textColumn(row, 'provider')
}
