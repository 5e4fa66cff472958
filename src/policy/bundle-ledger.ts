import { GatewayError } from '../model/errors.ts'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

/** One row for each bundle that took effect; none is ever changed. */
export const bundleMigrations: readonly Migration[] = [
  {
    id: 'policy/0001-bundles',
    sql: `CREATE TABLE policy_bundles (
      revision INTEGER PRIMARY KEY,
      digest TEXT NOT NULL,
      accepted_at_ms INTEGER NOT NULL
    ) STRICT`,
  },
]

/** A bundle as the ledger knows it. */
export interface AcceptedBundle {
  readonly revision: number
  /** Of what was loaded. */
  readonly digest: string
}

/** Which signed policies have taken effect, so that older ones never do again. */
export class BundleLedger {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /**
   * Throws `policy-invalid` with the reason `bundle-revision` for a revision below the newest, or the
   * newest with other policies.
   */
  check({ revision, digest }: AcceptedBundle): void {
    const newest = this.newest()
    if (newest === undefined || revision > newest.revision) return
    if (revision < newest.revision || digest !== newest.digest)
      throw new GatewayError('policy-invalid', {
        facts: { reason: 'bundle-revision', newest: newest.revision },
      })
  }

  /** Durable once it resolves. Throws what `check` throws. */
  async accept(bundle: AcceptedBundle, atMs: number): Promise<void> {
    this.check(bundle)
    await this.store.write(
      'INSERT INTO policy_bundles (revision, digest, accepted_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      [bundle.revision, bundle.digest, atMs],
    )
  }

  private newest(): AcceptedBundle | undefined {
    const row = this.store.get(
      'SELECT revision, digest FROM policy_bundles ORDER BY revision DESC LIMIT 1',
    )
    return row && { revision: numberColumn(row, 'revision'), digest: textColumn(row, 'digest') }
  }
}
