import { Pool } from 'pg'
import type { Clock, Randomness } from '../model/clock.ts'
import { PostgresEpoch } from './spent-postgres-epoch.ts'
import { SpentTables } from './spent-postgres-tables.ts'
import {
  asUnavailable,
  checkSpend,
  copyOf,
  EPOCH_CLOSED,
  EPOCHS_MAX,
  newestEpochAt,
  spentUnavailable,
  type EpochState,
  type Spend,
  type SpendOutcome,
  type SpendRefusal,
  type SpentTokens,
} from './spent-tokens.ts'

export interface PostgresSpentTokensOptions {
  /** `postgres://user:password@host:port/database`; PostgreSQL 13 or newer. */
  readonly url: string
  readonly clock: Clock
  readonly randomness: Randomness
  /** Where the tables are; made where it is absent. Gateways that share it share their tokens. */
  readonly schema?: string
  /**
   * Whether there were tables before. Where none are left, every epoch that may have begun is closed.
   */
  readonly expected?: boolean
  /** How many commits may be under way at once, each on a connection of its own. */
  readonly connections?: number
}

/**
 * Spent tokens in PostgreSQL, shared by any number of processes. It connects when it is first used, and
 * again after an outage; until then everything is `store-unavailable`.
 */
export function postgresSpentTokens(options: PostgresSpentTokensOptions): SpentTokens {
  return new PostgresSpentTokens({ ...DEFAULTS, ...options })
}

type Settings = Required<PostgresSpentTokensOptions>

class PostgresSpentTokens implements SpentTokens {
  private readonly settings: Settings
  private readonly pool: Pool
  private readonly tables: SpentTables
  /** What is known of epochs, closed ones as undefined. */
  private readonly known = new Map<number, Promise<PostgresEpoch | undefined>>()
  private floor = 0
  private isClosed = false

  constructor(settings: Settings) {
    this.settings = settings
    const { url, connections, schema, randomness, expected, clock } = settings
    this.pool = new Pool({ ...CONNECTION, connectionString: url, max: connections })
    // A connection that breaks while nobody uses it is no fault: the next use makes a new one.
    this.pool.on('error', () => {})
    const newestEpoch = () => newestEpochAt(clock())
    this.tables = new SpentTables({ pool: this.pool, schema, randomness, expected, newestEpoch })
  }

  async spend(spend: Spend): Promise<SpendOutcome> {
    checkSpend(spend)
    const { epoch } = spend
    const copy = copyOf(spend)
    const found = await this.open(epoch)
    if (found === undefined) return EPOCH_CLOSED
    const outcome = await found.spend(copy)
    if (outcome !== undefined) return outcome
    // Closed, or not where it was: then what is known of it is out of date.
    this.known.delete(epoch)
    this.tables.doubt()
    if ((await this.find(epoch)) === undefined) return EPOCH_CLOSED
    throw spentUnavailable('moved')
  }

  async look(spend: Spend): Promise<SpendRefusal | undefined> {
    checkSpend(spend)
    const copy = copyOf(spend)
    const found = await this.open(spend.epoch)
    return found === undefined ? EPOCH_CLOSED : this.guarded(() => found.look(copy))
  }

  epochs(): Promise<readonly EpochState[]> {
    return this.guarded(() => this.tables.states())
  }

  async dropBefore(epoch: number): Promise<void> {
    this.floor = Math.max(this.floor, epoch)
    const { floor } = this
    const dropped = [...this.known].filter(([known]) => known < floor)
    for (const [known] of dropped) this.known.delete(known)
    for (const [, found] of dropped) await (await found.catch(() => undefined))?.close()
    await this.guarded(() => this.tables.dropBefore(floor))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    for (const known of this.known.values()) await (await known.catch(() => undefined))?.close()
    await this.pool.end()
  }

  /** Undefined for one that is closed. Throws `store-unavailable`. */
  private async open(epoch: number): Promise<PostgresEpoch | undefined> {
    if (this.isClosed) throw spentUnavailable('closed')
    if (epoch < this.floor) return undefined
    const found = await this.find(epoch)
    // It may have been dropped meanwhile.
    return epoch < this.floor ? undefined : found
  }

  private find(epoch: number): Promise<PostgresEpoch | undefined> {
    const known = this.known.get(epoch)
    if (known !== undefined) return known
    if (this.known.size >= KNOWN_MAX) this.known.delete(Math.min(...this.known.keys()))
    const found = this.guarded(() => this.begin(epoch))
    this.known.set(epoch, found)
    found.catch(() => this.known.delete(epoch))
    return found
  }

  private async begin(epoch: number): Promise<PostgresEpoch | undefined> {
    const found = await this.tables.find(epoch)
    if (found.kind === 'closed') return undefined
    const { clock, connections } = this.settings
    const { pool, tables } = this
    return new PostgresEpoch({ epoch, key: found.key, pool, tables, clock, connections })
  }

  private async guarded<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (cause) {
      this.tables.doubt()
      throw asUnavailable('database', cause)
    }
  }
}

const KNOWN_MAX = 2 * EPOCHS_MAX
/** A commit is durable when it is acknowledged, whatever the server's default. */
const CONNECTION = {
  options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
  application_name: 'postern',
  keepAlive: true,
  connectionTimeoutMillis: 5_000,
  statement_timeout: 5_000,
  query_timeout: 7_000,
  // Connections stay: no timer runs for them.
  idleTimeoutMillis: 0,
}
const DEFAULTS = {
  schema: 'postern',
  expected: false,
  connections: 4,
}
