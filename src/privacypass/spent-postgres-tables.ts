import { escapeIdentifier, escapeLiteral, type ClientBase, type Pool } from 'pg'
import type { Randomness } from '../model/clock.ts'
import { FINGERPRINT_KEY_BYTES } from './spent-fingerprint.ts'
import { EPOCHS_MAX, spentUnavailable, type ClosedReason, type EpochState } from './spent-tokens.ts'

export interface SpentTablesOptions {
  readonly pool: Pool
  readonly schema: string
  readonly randomness: Randomness
  /** Whether there were tables before: where none are left, every epoch that may have begun is closed. */
  readonly expected: boolean
  /** The newest epoch of which a token may have been spent by now. */
  readonly newestEpoch: () => number
}

/** An epoch that is open, with the key of its fingerprints, or not. */
export type EpochFound =
  { readonly kind: 'open'; readonly key: Buffer } | { readonly kind: 'closed' }

/**
 * The tables: what is closed for good, one row per epoch, and the spent tokens in a partition per epoch.
 * The row of an epoch says where it began: which cluster, on which timeline, in which table. A server
 * that took over, and one that was laid back from a copy, say something else: they may lack the newest
 * rows, so the epoch is closed. All methods throw what `pg` throws.
 */
export class SpentTables {
  private readonly options: SpentTablesOptions
  private prepared: Promise<void> | undefined

  constructor(options: SpentTablesOptions) {
    this.options = options
  }

  /** The name of a table with that of its schema, as SQL. */
  name(table: string): string {
    return `${escapeIdentifier(this.options.schema)}.${escapeIdentifier(table)}`
  }

  /** SQL that says whether an epoch, `$1`, is open and on the server where it began. */
  isOpen(epoch: number): string {
    return `EXISTS (SELECT FROM ${this.name('spent_epochs')}
      WHERE epoch = $1 AND kind = 'open' AND origin = ${this.origin(epoch)})`
  }

  /** Finds an epoch, or begins it; closes it where its records may be incomplete. */
  async find(epoch: number): Promise<EpochFound> {
    await this.ready()
    return this.transaction((client) => this.findIn(client, epoch))
  }

  async states(): Promise<readonly EpochState[]> {
    await this.ready()
    const { rows } = await this.options.pool.query<StateRow>(
      `SELECT epoch, kind, reason, spent FROM ${this.name('spent_epochs')} LEFT JOIN (
         SELECT epoch, count(*) AS spent FROM ${this.name('spent_tokens')} GROUP BY epoch
       ) AS counts USING (epoch) ORDER BY epoch`,
    )
    return rows.map(({ epoch, kind, reason, spent }) =>
      kind === 'open'
        ? { kind, epoch: Number(epoch), spent: Number(spent ?? 0), remaining: undefined }
        : { kind, epoch: Number(epoch), reason: reason ?? 'damaged' },
    )
  }

  /** Closes the epochs before this one for good and drops their partitions. */
  async dropBefore(floor: number): Promise<void> {
    await this.ready()
    await this.transaction(async (client) => {
      const store = this.name('spent_store')
      await client.query(`UPDATE ${store} SET floor = greatest(floor, $1::bigint)`, [floor])
      await client.query(`DELETE FROM ${this.name('spent_epochs')} WHERE epoch < $1`, [floor])
      const { rows } = await client.query<{ relname: string }>(
        `SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = $1::regclass`,
        [this.name('spent_tokens')],
      )
      for (const { relname } of rows)
        if (Number(relname.slice(PARTITION.length)) < floor)
          await client.query(`DROP TABLE ${this.name(relname)}`)
    })
  }

  /** The tables are looked at again before they are used the next time. */
  doubt(): void {
    this.prepared = undefined
  }

  private async ready(): Promise<void> {
    this.prepared ??= this.transaction((client) => this.prepare(client))
    try {
      await this.prepared
    } catch (error) {
      this.prepared = undefined
      throw error
    }
  }

  /** Makes the tables where they are not there. Where only some are, what had begun is closed. */
  private async prepare(client: ClientBase): Promise<void> {
    const { schema, expected, newestEpoch } = this.options
    const { rows } = await client.query<{ found: number; has_schema: boolean }>(
      `SELECT count(to_regclass(name))::int AS found, to_regnamespace($2) IS NOT NULL AS has_schema
       FROM unnest($1::text[]) AS name`,
      [TABLES.map((table) => this.name(table)), escapeIdentifier(schema)],
    )
    const found = rows[0]?.found ?? 0
    if (found === TABLES.length) return
    // Only where it is absent: others may have made it for us, and let us make none.
    if (rows[0]?.has_schema !== true)
      await client.query(`CREATE SCHEMA ${escapeIdentifier(schema)}`)
    for (const table of this.definitions()) await client.query(table)
    const isLost = expected || found > 0
    const floor = isLost ? newestEpoch() : 0
    await client.query(
      `INSERT INTO ${this.name('spent_store')} (floor) VALUES ($1)
       ON CONFLICT (only_row) DO UPDATE SET floor = greatest(spent_store.floor, excluded.floor)`,
      [floor],
    )
    if (isLost) await this.close(client, floor, 'missing')
  }

  private definitions(): readonly string[] {
    return [
      `CREATE TABLE IF NOT EXISTS ${this.name('spent_store')} (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), floor bigint NOT NULL)`,
      `CREATE TABLE IF NOT EXISTS ${this.name('spent_epochs')} (
        epoch bigint PRIMARY KEY, kind text NOT NULL, reason text, key bytea, origin text)`,
      `CREATE TABLE IF NOT EXISTS ${this.name('spent_tokens')} (
        epoch bigint NOT NULL, fingerprint uuid NOT NULL, request_hash bigint NOT NULL,
        spent_ms bigint NOT NULL, PRIMARY KEY (epoch, fingerprint)
      ) PARTITION BY LIST (epoch)`,
    ]
  }

  private async findIn(client: ClientBase, epoch: number): Promise<EpochFound> {
    const { rows } = await client.query<EpochRow>(
      `SELECT floor, kind, key, origin = ${this.origin(epoch)} AS is_here,
         to_regclass($2) IS NOT NULL AS has_partition
       FROM ${this.name('spent_store')} LEFT JOIN ${this.name('spent_epochs')} ON epoch = $1`,
      [epoch, this.partition(epoch)],
    )
    const [row] = rows
    if (row === undefined) throw spentUnavailable('tables')
    if (epoch < Number(row.floor) || row.kind === 'closed') return CLOSED
    if (row.kind === null && !row.has_partition) return this.begin(client, epoch)
    if (row.kind === 'open' && row.is_here === true && row.key !== null)
      return { kind: 'open', key: row.key }
    const reason = row.kind === null ? 'damaged' : row.has_partition ? 'failed-over' : 'missing'
    await this.close(client, epoch, reason)
    return CLOSED
  }

  private async begin(client: ClientBase, epoch: number): Promise<EpochFound> {
    const epochs = this.name('spent_epochs')
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${epochs}`,
    )
    if ((rows[0]?.count ?? 0) >= EPOCHS_MAX) throw spentUnavailable('too-many-epochs')
    const key = this.options.randomness(FINGERPRINT_KEY_BYTES)
    await client.query(
      `CREATE TABLE ${this.partition(epoch)}
       PARTITION OF ${this.name('spent_tokens')} FOR VALUES IN (${epoch})`,
    )
    await client.query(
      `INSERT INTO ${epochs} (epoch, kind, key, origin)
       VALUES ($1, 'open', $2, ${this.origin(epoch)})`,
      [epoch, key],
    )
    return { kind: 'open', key }
  }

  private async close(client: ClientBase, epoch: number, reason: ClosedReason): Promise<void> {
    await client.query(
      `INSERT INTO ${this.name('spent_epochs')} (epoch, kind, reason) VALUES ($1, 'closed', $2)
       ON CONFLICT (epoch) DO UPDATE SET kind = 'closed', reason = excluded.reason`,
      [epoch, reason],
    )
  }

  private partition(epoch: number): string {
    return this.name(`${PARTITION}${epoch}`)
  }

  /** SQL for where an epoch's records are: null where its partition is not there. */
  private origin(epoch: number): string {
    return `((SELECT system_identifier FROM pg_control_system())
      || '/' || substring(pg_walfile_name(pg_current_wal_lsn()) for 8)
      || '/' || to_regclass(${escapeLiteral(this.partition(epoch))})::oid)`
  }

  /** All of it or nothing; one after the other among all processes. */
  private async transaction<Result>(run: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const { pool, schema } = this.options
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `spent tokens in ${schema}`,
      ])
      const result = await run(client)
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      // With its connection the transaction is gone as well.
      client.release(true)
      throw error
    }
  }
}

interface StateRow {
  readonly epoch: string
  readonly kind: 'open' | 'closed'
  readonly reason: ClosedReason | null
  readonly spent: string | null
}

interface EpochRow {
  readonly floor: string
  readonly kind: 'open' | 'closed' | null
  readonly key: Buffer | null
  readonly is_here: boolean | null
  readonly has_partition: boolean
}

const TABLES = ['spent_store', 'spent_epochs', 'spent_tokens']
const PARTITION = 'spent_tokens_'
const CLOSED: EpochFound = { kind: 'closed' }
