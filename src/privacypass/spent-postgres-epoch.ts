import { DatabaseError, type Pool } from 'pg'
import type { Clock } from '../model/clock.ts'
import { Batches } from './spent-batches.ts'
import { createFingerprint } from './spent-fingerprint.ts'
import type { SpentTables } from './spent-postgres-tables.ts'
import {
  asUnavailable,
  isRecent,
  outcomeOfRepeat,
  SPENT,
  type Spend,
  type SpendOutcome,
  type SpendRefusal,
} from './spent-tokens.ts'

export interface PostgresEpochOptions {
  readonly epoch: number
  /** What fingerprints are made with: 16 octets. */
  readonly key: Uint8Array
  readonly pool: Pool
  readonly tables: SpentTables
  readonly clock: Clock
  readonly connections: number
}

/** The spent tokens of one epoch in their partition. */
export class PostgresEpoch {
  private readonly options: PostgresEpochOptions
  private readonly fingerprint: ReturnType<typeof createFingerprint>
  private readonly batches: Batches<Row, SpendOutcome | undefined>
  private readonly insert: string
  private readonly find: string

  constructor(options: PostgresEpochOptions) {
    this.options = options
    const { tables, epoch, key, connections } = options
    this.fingerprint = createFingerprint(key)
    this.batches = new Batches({ lanes: connections, commit: (rows) => this.commit(rows) })
    const tokens = tables.name('spent_tokens')
    this.insert = `INSERT INTO ${tokens} (epoch, fingerprint, request_hash, spent_ms)
      SELECT $1::bigint, fingerprint, request_hash, $4::bigint
      FROM unnest($2::uuid[], $3::bigint[]) AS spend (fingerprint, request_hash)
      WHERE ${tables.isOpen(epoch)}
      ON CONFLICT DO NOTHING RETURNING fingerprint`
    this.find = `SELECT fingerprint, request_hash, spent_ms FROM ${tokens}
      WHERE epoch = $1 AND fingerprint = ANY ($2::uuid[])`
  }

  /** Undefined where the epoch is not open, or not where it was. Throws `store-unavailable`. */
  spend(spend: Spend): Promise<SpendOutcome | undefined> {
    return this.batches.add(this.rowOf(spend))
  }

  /** Undefined also where the epoch is not where it was: `spend` finds out. Throws what `pg` throws. */
  async look(spend: Spend): Promise<SpendRefusal | undefined> {
    const row = this.rowOf(spend)
    const earlier = (await this.earlierSpends([row])).get(row.fingerprint)
    return earlier && outcomeAfter(earlier, row, this.options.clock())
  }

  /** Answers what is under way. */
  close(): Promise<void> {
    return this.batches.close()
  }

  private async commit(rows: readonly Row[]): Promise<readonly (SpendOutcome | undefined)[]> {
    try {
      return await this.write(rows)
    } catch (cause) {
      if (cause instanceof DatabaseError && GONE.has(cause.code ?? ''))
        return rows.map(() => undefined)
      throw asUnavailable('database', cause)
    }
  }

  private async write(rows: readonly Row[]): Promise<readonly (SpendOutcome | undefined)[]> {
    const { pool, epoch, clock } = this.options
    const nowMs = clock()
    const firsts = new Map<string, Row>()
    for (const row of rows) if (!firsts.has(row.fingerprint)) firsts.set(row.fingerprint, row)
    // INVARIANT: in one order, so that no two batches wait for each other.
    const asked = [...firsts.values()].toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
    const inserted = await pool.query<{ fingerprint: string }>(this.insert, [
      epoch,
      asked.map(({ fingerprint }) => fingerprint),
      asked.map(({ request }) => request),
      nowMs,
    ])
    const spent = new Set(inserted.rows.map(({ fingerprint }) => fingerprint))
    const isSpentNow = (row: Row) =>
      spent.has(row.fingerprint) && firsts.get(row.fingerprint) === row
    const repeated = rows.filter((row) => !isSpentNow(row))
    const earlier = await this.earlierSpends(repeated)
    return rows.map((row) => {
      if (isSpentNow(row)) return SPENT
      const before = earlier.get(row.fingerprint)
      return before && outcomeAfter(before, row, nowMs)
    })
  }

  private rowOf({ keyId, spendKey, requestHash }: Spend): Row {
    const bytes = Buffer.alloc(16)
    for (const [index, word] of this.fingerprint(keyId, spendKey).entries())
      bytes.writeInt32LE(word, 4 * index)
    const request = new DataView(requestHash.buffer, requestHash.byteOffset).getBigInt64(0)
    return { fingerprint: uuidOf(bytes), request: request.toString() }
  }

  /** What is known of tokens that this batch did not spend. */
  private async earlierSpends(rows: readonly Row[]): Promise<ReadonlyMap<string, EarlierSpend>> {
    if (rows.length === 0) return new Map()
    const { pool, epoch } = this.options
    const fingerprints = rows.map(({ fingerprint }) => fingerprint)
    const found = await pool.query<EarlierSpend>(this.find, [epoch, fingerprints])
    return new Map(found.rows.map((row) => [row.fingerprint, row]))
  }
}

interface Row {
  readonly fingerprint: string
  /** The hash of the request as a signed number. */
  readonly request: string
}

interface EarlierSpend {
  readonly fingerprint: string
  readonly request_hash: string
  readonly spent_ms: string
}

function outcomeAfter(before: EarlierSpend, { request }: Row, nowMs: number): SpendRefusal {
  const isRepeat = before.request_hash === request && isRecent(Number(before.spent_ms), nowMs)
  return outcomeOfRepeat(isRepeat)
}

/** As PostgreSQL writes it. */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [0, 8, 12, 16, 20].map((at, index) => hex.slice(at, UUID_ENDS[index])).join('-')
}

const UUID_ENDS = [8, 12, 16, 20, 32]
/** No partition for the row, no such table: https://www.postgresql.org/docs/15/errcodes-appendix.html */
const GONE = new Set(['23514', '42P01'])
