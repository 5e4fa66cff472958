import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '../model/errors.ts'
import { textColumn } from './row.ts'

/** One step of a schema. `id` is `<folder>/<number>-<what>`; neither it nor `sql` may change once released. */
export interface Migration {
  readonly id: string
  readonly sql: string
}

/**
 * Brings the schema up to `migrations`, in their order, each in its own transaction. Forward only.
 * Throws `migration-mismatch` and leaves the file as it is when a step that ran before has changed
 * since, is not known here (a newer program wrote the file), or would now run out of its folder's order.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  database.exec(TABLE)
  const applied = new Map(
    database
      .prepare('SELECT id, checksum FROM postern_migrations')
      .all()
      .map((row) => [textColumn(row, 'id'), textColumn(row, 'checksum')]),
  )
  checkHistory(applied, migrations)
  for (const migration of migrations) if (!applied.has(migration.id)) apply(database, migration)
}

function checkHistory(
  applied: ReadonlyMap<string, string>,
  migrations: readonly Migration[],
): void {
  const known = new Set<string>()
  const behind = new Set<string>()
  for (const { id, sql } of migrations) {
    if (known.has(id)) throw mismatch('duplicate', id)
    known.add(id)
    const folder = folderOf(id)
    const checksum = applied.get(id)
    if (checksum === undefined) behind.add(folder)
    else if (checksum !== checksumOf(sql)) throw mismatch('changed', id)
    else if (behind.has(folder)) throw mismatch('out-of-order', id)
  }
  for (const id of applied.keys()) if (!known.has(id)) throw mismatch('unknown', id)
}

function apply(database: DatabaseSync, { id, sql }: Migration): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(sql)
    database
      .prepare('INSERT INTO postern_migrations (id, checksum) VALUES (?, ?)')
      .run(id, checksumOf(sql))
    database.exec('COMMIT')
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw new GatewayError('store-unavailable', { facts: { migration: id }, cause })
  }
}

function mismatch(reason: string, migration: string): GatewayError {
  return new GatewayError('migration-mismatch', { facts: { reason, migration } })
}

function checksumOf(sql: string): string {
  return hash('sha256', sql, 'hex')
}

function folderOf(id: string): string {
  return id.slice(0, id.indexOf('/') + 1)
}

const TABLE = `CREATE TABLE IF NOT EXISTS postern_migrations (
  id TEXT PRIMARY KEY,
  checksum TEXT NOT NULL
) STRICT`
