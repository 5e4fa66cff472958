import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { GatewayError } from '../model/errors.ts'
import { migrate, type Migration } from './migrations.ts'
import type { Row, StoreValue } from './row.ts'
import { startWriter, type Statement, type WriteQueue } from './write-queue.ts'

export type { Migration, Row, Statement, StoreValue }

/** An embedded database in one file. Writes are grouped and durable, reads are synchronous. */
export interface Store extends AsyncDisposable {
  /**
   * Resolves when the write is on the disk. Rejects with `store-unavailable`, and nothing of it is
   * written; `isUniqueViolation` tells a duplicate from a fault.
   */
  write(sql: string, parameters?: readonly StoreValue[]): Promise<void>
  /**
   * For what nobody waits for: it goes with the next commit, or with one of its own after 20 ms. All
   * that go together are written all or none, and get the same promise.
   */
  writeSoon(sql: string, parameters?: readonly StoreValue[]): Promise<void>
  /** As `write`; resolves to the number of rows that changed: 0 tells an `ON CONFLICT DO NOTHING` that lost. */
  change(sql: string, parameters?: readonly StoreValue[]): Promise<number>
  /** Several statements that are written all or none. */
  writeAll(statements: readonly Statement[]): Promise<void>
  /** All rows, as of the newest committed write. Bound the query with LIMIT. */
  all(sql: string, parameters?: readonly StoreValue[]): readonly Row[]
  get(sql: string, parameters?: readonly StoreValue[]): Row | undefined
}

export interface StoreOptions {
  readonly path: string
  readonly migrations: readonly Migration[]
  /** How long a write waits for a lock of another process. */
  readonly busyTimeoutMs?: number
}

/**
 * Opens the file (mode 0600, WAL, synchronous=FULL), migrates it and starts its writer thread.
 * Throws `migration-mismatch`, `store-unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, migrations, busyTimeoutMs = BUSY_TIMEOUT_MS } = options
  prepareFile({ path, migrations, busyTimeoutMs })
  const queue = await startWriter({ path, busyTimeoutMs })
  return new SqliteStore(path, queue)
}

class SqliteStore implements Store {
  private readonly reader: DatabaseSync
  private readonly queries = new Map<string, StatementSync>()
  private readonly queue: WriteQueue

  constructor(path: string, queue: WriteQueue) {
    this.reader = new DatabaseSync(path, { readOnly: true })
    this.queue = queue
  }

  write(sql: string, parameters: readonly StoreValue[] = []): Promise<void> {
    return new Promise((resolve, reject) =>
      this.queue.add([[sql, parameters]], { resolve: () => resolve(), reject }),
    )
  }

  writeSoon(sql: string, parameters: readonly StoreValue[] = []): Promise<void> {
    return this.queue.addSoon([sql, parameters])
  }

  change(sql: string, parameters: readonly StoreValue[] = []): Promise<number> {
    return new Promise((resolve, reject) =>
      this.queue.add([[sql, parameters]], { resolve, reject }),
    )
  }

  writeAll(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) =>
      this.queue.add(statements, { resolve: () => resolve(), reject }),
    )
  }

  all(sql: string, parameters: readonly StoreValue[] = []): readonly Row[] {
    return read(() => this.query(sql).all(...parameters))
  }

  get(sql: string, parameters: readonly StoreValue[] = []): Row | undefined {
    return read(() => this.query(sql).get(...parameters))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close()
    if (this.reader.isOpen) this.reader.close()
  }

  private query(sql: string): StatementSync {
    const known = this.queries.get(sql)
    if (known !== undefined) return known
    if (this.queries.size === QUERIES_MAX) this.queries.clear()
    const query = this.reader.prepare(sql)
    this.queries.set(sql, query)
    return query
  }
}

function read<T>(body: () => T): T {
  try {
    return body()
  } catch (cause) {
    throw new GatewayError('store-unavailable', { facts: { reason: 'read' }, cause })
  }
}

function prepareFile({ path, migrations, busyTimeoutMs }: Required<StoreOptions>): void {
  try {
    // SQLite gives the -wal and -shm files the mode of the database.
    closeSync(openSync(path, 'a', 0o600))
    using database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database, migrations)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('store-unavailable', { facts: { reason: 'open' }, cause })
  }
}

const BUSY_TIMEOUT_MS = 5_000
const QUERIES_MAX = 1_000
