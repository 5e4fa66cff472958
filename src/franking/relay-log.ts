import { createCipheriv, createDecipheriv, createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'
import { decode, encode, fixed, struct, uint64, type Codec } from '../wire/codec.ts'
import { frankBytes } from '../wire/mimi/franking.ts'
import { identifierUriCodec } from '../wire/mimi/protocol.ts'

export const relayLogMigrations: readonly Migration[] = [
  {
    id: 'franking/0002-relay-log',
    sql: `CREATE TABLE relay_log (
      day INTEGER NOT NULL,
      entry BLOB NOT NULL,
      sealed BLOB NOT NULL,
      PRIMARY KEY (day, entry)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** One random key per UTC day since the epoch. Who destroys a key closes that day's entries for good. */
export interface DayKeys {
  /** The day's key; makes it, durably, when it is not there. */
  ensure(day: number): Promise<KeyObject>
  /** All keys that are still there. */
  retained(): ReadonlyMap<number, KeyObject>
  destroyBefore(day: number): Promise<void>
}

/** What was relayed, by its franking tag. */
export interface RelayEntry {
  readonly sender: string
  readonly timestampMs: number
  readonly serverFrank: Buffer
  /** The message's number in the room, where it was logged. */
  readonly sequence: bigint | undefined
}

/**
 * A log of relayed messages that only those can read who know a message's franking tag: members who
 * can decrypt it, and whoever kept it from the wire. It proves what a swapped frank no longer can.
 */
export interface RelayLog {
  /** Resolves when durable. The first entry of a tag in a room and day stays. */
  record(room: string, frankingTag: Buffer, entry: RelayEntry): Promise<void>
  /** Looks into every retained day: a swapped frank may carry any time. Costs one HMAC per day. */
  find(room: string, frankingTag: Buffer): RelayEntry | undefined
  /** Destroys keys and entries of days that ended more than `retentionDays` ago. */
  deleteBefore(nowMs: number): Promise<void>
}

export interface RelayLogOptions {
  readonly store: Store
  readonly keys: DayKeys
  /** Default: 30. */
  readonly retentionDays?: number
}

export function createRelayLog(options: RelayLogOptions): RelayLog {
  const { store, keys, retentionDays = RETENTION_DAYS } = options
  return {
    record: async (room, frankingTag, entry) => {
      const day = dayOf(entry.timestampMs)
      const key = keys.retained().get(day) ?? (await keys.ensure(day))
      await store.write(INSERT, [
        day,
        entryId(key, room, frankingTag),
        seal(key, frankingTag, entry),
      ])
    },
    find: (room, frankingTag) => {
      for (const [day, key] of keys.retained()) {
        const row = store.get(SELECT, [day, entryId(key, room, frankingTag)])
        const entry = row && open(key, frankingTag, blobColumn(row, 'sealed'))
        if (entry !== undefined) return entry
      }
      return undefined
    },
    deleteBefore: async (nowMs) => {
      const oldestDay = dayOf(nowMs) - retentionDays
      // Keys first: without them the entries say nothing, should a crash leave them behind.
      await keys.destroyBefore(oldestDay)
      let deleted: number
      do deleted = await store.change(DELETE_STEP, [oldestDay, DELETE_STEP_ROWS])
      while (deleted > 0)
    },
  }
}

function entryId(key: KeyObject, room: string, frankingTag: Buffer): Buffer {
  return createHmac('sha256', key)
    .update('idx')
    .update(encode(identifierUriCodec, room))
    .update(frankingTag)
    .digest()
    .subarray(0, ENTRY_ID_BYTES)
}

function seal(key: KeyObject, frankingTag: Buffer, entry: RelayEntry): Buffer {
  const [entryKey, nonce] = entrySecrets(key, frankingTag)
  const cipher = createCipheriv(CIPHER, entryKey, nonce)
  const plain = encode(entryCodec, { ...entry, acceptedTimestamp: BigInt(entry.timestampMs) })
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Undefined for bytes that this tag does not open. */
function open(key: KeyObject, frankingTag: Buffer, sealed: Buffer): RelayEntry | undefined {
  const [entryKey, nonce] = entrySecrets(key, frankingTag)
  const decipher = createDecipheriv(CIPHER, entryKey, nonce)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const opened = [decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]
    const { acceptedTimestamp, ...entry } = decode(entryCodec, Buffer.concat(opened))
    return { ...entry, timestampMs: Number(acceptedTimestamp) }
  } catch {
    return undefined
  }
}

/** Key and nonce are for one entry: the tag is a commitment to one message. */
function entrySecrets(key: KeyObject, frankingTag: Buffer): readonly [key: Buffer, nonce: Buffer] {
  const bytes = Buffer.from(
    hkdfSync('sha256', frankingTag, key.export(), 'relay-log-value', KEY_BYTES + NONCE_BYTES),
  )
  return [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)]
}

function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / DAY_MS)
}

const DAY_MS = 24 * 60 * 60 * 1_000
const RETENTION_DAYS = 30
const DELETE_STEP_ROWS = 1_000
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ENTRY_ID_BYTES = 16

/** The sequence number is there or not: the end of the bytes says so. */
const lastUint64: Codec<bigint | undefined> = {
  read: (reader) => (reader.position === reader.end ? undefined : reader.uint64()),
  write: (writer, value) => {
    if (value !== undefined) writer.uint64(value)
  },
}
const entryCodec = struct({
  sender: identifierUriCodec,
  acceptedTimestamp: uint64,
  serverFrank: fixed(frankBytes),
  sequence: lastUint64,
})

const INSERT = 'INSERT INTO relay_log (day, entry, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const SELECT = 'SELECT sealed FROM relay_log WHERE day = ? AND entry = ?'
const DELETE_STEP = `DELETE FROM relay_log WHERE (day, entry) IN
  (SELECT day, entry FROM relay_log WHERE day < ? ORDER BY day LIMIT ?)`
