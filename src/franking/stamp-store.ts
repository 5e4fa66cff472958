import type { Frank } from '../model/exchange.ts'
import { Recent } from '../model/recent.ts'
import { blobColumn, numberColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'
import { decode, encode } from '../wire/codec.ts'
import { frankCodec } from '../wire/mimi/franking.ts'
import { frankOf, frankStruct } from './frank-struct.ts'

/** Rows come in the order of time, so retention looks at the oldest ones only. */
export const stampMigrations: readonly Migration[] = [
  {
    id: 'franking/0001-stamps',
    sql: `CREATE TABLE franking_stamps (
      id INTEGER PRIMARY KEY,
      room TEXT NOT NULL,
      digest BLOB NOT NULL,
      timestamp_ms INTEGER NOT NULL,
      frank BLOB NOT NULL,
      sequence INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX franking_stamps_message ON franking_stamps (digest, room)`,
  },
]

/** What the hub said about one message. */
export interface Stamp {
  readonly room: string
  /** SHA-256 of the MLSMessage, 32 octets. */
  readonly digest: Buffer
  /** As it is shown. */
  readonly timestampMs: number
  readonly frank: Frank
  /** The message's number in the room's order. */
  readonly sequence: number
}

/** The stamps by message. A message has one stamp: the first that was put. */
export interface StampStore {
  /** A message is on its way to the delivery service; `put` or `abandon` must follow. */
  begin(room: string, digest: Buffer): void
  /** The message was refused, or failed: nobody shall wait for its stamp. */
  abandon(room: string, digest: Buffer): void
  /** Resolves, once durable, to the stamp that counts: an earlier one of the same message wins. */
  put(stamp: Stamp): Promise<Stamp>
  /**
   * Waits for a message that is on its way: a delivery service may fan out before its answer is
   * stamped. Undefined for a message that was never stamped.
   */
  find(room: string, digest: Buffer): Promise<Stamp | undefined>
  /** Deletes stamps with an earlier time, in small steps; resolves to their number. */
  deleteBefore(timestampMs: number): Promise<number>
}

export interface StampStoreOptions {
  readonly store: Store
  /** Stamps in memory. */
  readonly recentMax?: number
}

export function createStampStore(options: StampStoreOptions): StampStore {
  return new SqliteStampStore(options)
}

interface InFlight {
  submissions: number
  /** There as soon as somebody waits. */
  settled: PromiseWithResolvers<undefined> | undefined
}

/** The frank as a string of octets: ten thousand views of Buffers would be a burden on every collection. */
type RecentStamp = Pick<Stamp, 'timestampMs' | 'sequence'> & { readonly frank: string }

class SqliteStampStore implements StampStore {
  private readonly store: Store
  private readonly recent: Recent<RecentStamp>
  private readonly inFlight = new Map<string, InFlight>()

  constructor({ store, recentMax = RECENT_MAX }: StampStoreOptions) {
    this.store = store
    this.recent = new Recent(recentMax)
  }

  begin(room: string, digest: Buffer): void {
    const key = keyOf(room, digest)
    const known = this.inFlight.get(key)
    if (known === undefined) this.inFlight.set(key, { submissions: 1, settled: undefined })
    else known.submissions++
  }

  abandon(room: string, digest: Buffer): void {
    this.settle(keyOf(room, digest))
  }

  async put(stamp: Stamp): Promise<Stamp> {
    const { room, digest, timestampMs, sequence } = stamp
    const key = keyOf(room, digest)
    try {
      const frank = encode(frankCodec, frankStruct(stamp.frank))
      const parameters = [room, digest, timestampMs, frank, sequence]
      const changes = await this.store.change(INSERT, parameters)
      const earlier = changes === 1 ? undefined : this.stored(room, digest)
      if (earlier === undefined)
        this.recent.set(key, { timestampMs, sequence, frank: frank.toString('latin1') })
      this.inFlight.get(key)?.settled?.resolve(undefined)
      return earlier ?? stamp
    } finally {
      this.settle(key)
    }
  }

  async find(room: string, digest: Buffer): Promise<Stamp | undefined> {
    const key = keyOf(room, digest)
    const flight = this.recent.get(key) === undefined ? this.inFlight.get(key) : undefined
    if (flight !== undefined) {
      flight.settled ??= Promise.withResolvers()
      await flight.settled.promise
    }
    const recent = this.recent.get(key)
    if (recent === undefined) return this.stored(room, digest)
    const frank = frankOf(decode(frankCodec, Buffer.from(recent.frank, 'latin1')))
    return { ...recent, room, digest, frank }
  }

  async deleteBefore(timestampMs: number): Promise<number> {
    let deleted = 0
    for (;;) {
      const step = await this.store.change(DELETE_STEP, [DELETE_STEP_ROWS, timestampMs])
      deleted += step
      if (step === 0) return deleted
    }
  }

  private stored(room: string, digest: Buffer): Stamp | undefined {
    const row = this.store.get(SELECT, [digest, room])
    return row === undefined ? undefined : stampOf(row, { room, digest })
  }

  private settle(key: string): void {
    const flight = this.inFlight.get(key)
    if (flight === undefined || --flight.submissions > 0) return
    this.inFlight.delete(key)
    flight.settled?.resolve(undefined)
  }
}

/** The digest has a fixed length, so no two pairs share a key. */
function keyOf(room: string, digest: Buffer): string {
  return digest.toString('latin1') + room
}

function stampOf(row: Row, message: { room: string; digest: Buffer }): Stamp {
  return {
    ...message,
    timestampMs: numberColumn(row, 'timestamp_ms'),
    frank: frankOf(decode(frankCodec, blobColumn(row, 'frank'))),
    sequence: numberColumn(row, 'sequence'),
  }
}

const RECENT_MAX = 10_000
const DELETE_STEP_ROWS = 1_000

const INSERT = `INSERT INTO franking_stamps (room, digest, timestamp_ms, frank, sequence)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SELECT = `SELECT timestamp_ms, frank, sequence FROM franking_stamps WHERE digest = ? AND room = ?`
const DELETE_STEP = `DELETE FROM franking_stamps
  WHERE id IN (SELECT id FROM franking_stamps ORDER BY id LIMIT ?) AND timestamp_ms < ?`
