import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Store, StoreValue } from '../sqlite/store.ts'
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

/** How long a day's key lives, and with it what the log says of that day. */
export const relayLogDays = 30

/** One random key per UTC day since the epoch. Who destroys a key closes that day's entries for good. */
export interface DayKeys {
  /** The day's key; makes it, durably, when it is not there. */
  ensure(day: number): Promise<KeyObject>
  /** All keys that are still there. */
  retained(): ReadonlyMap<number, KeyObject>
  destroyBefore(day: number): Promise<void>
}

/** What a log says of one message, whoever keeps it. */
export interface RelayEntry {
  /** Empty at a reporter's provider: a fan-out does not say who sent it. */
  readonly sender: string
  /** As it was shown. */
  readonly timestampMs: number
  /** 32 octets; zeros where no frank was shown. */
  readonly serverFrank: Buffer
  /** The message's number in the room, at its hub only. */
  readonly sequence: bigint | undefined
}

/** One message that passed. */
export interface RelayedMessage extends RelayEntry {
  readonly room: string
  /** 32 octets. */
  readonly frankingTag: Buffer
  /** Our own time: what a message says of its time may not choose a key. */
  readonly nowMs: number
}

/** What our own log says of a message that somebody else reports. */
export type OwnLogMatch =
  | ({ readonly kind: 'relayed' } & RelayEntry)
  /** Not in it, which says something only where the log holds all of the room. */
  | { readonly kind: 'not-relayed' }

/**
 * A log of relayed messages that only those can read who know a message's franking tag: members who
 * can decrypt it, and whoever kept it from the wire. It proves what a swapped frank no longer can.
 * Every provider on the way keeps one: hub, sender's provider, reporter's provider.
 */
export interface RelayLog {
  /** Makes the day's key where it is not there, so that `record` is queued at once. */
  ready(nowMs: number): Promise<void>
  /** Resolves when durable. The first entry of a tag in a room and day stays. */
  record(message: RelayedMessage): Promise<void>
  /** The same for what nobody waits for: written in batches; what is lost is counted. */
  note(message: RelayedMessage): void
  /** Entries that `note` could not write. */
  lost(): number
  /**
   * Every retained day is looked into: a swapped frank may carry any time. Costs one HMAC per day.
   * With a `sender` only an entry of that sender counts: others may have used its tag.
   */
  find(room: string, frankingTag: Buffer, sender?: string): RelayEntry | undefined
  /** Checks a message that somebody else reports against what we have relayed ourselves. */
  matchOwnLog(room: string, frankingTag: Buffer): OwnLogMatch
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
  const { store, keys, retentionDays = relayLogDays } = options
  let lost = 0
  const keyOf = async (nowMs: number) => {
    const day = dayOf(nowMs)
    return keys.retained().get(day) ?? keys.ensure(day)
  }
  const noteWith = async (message: RelayedMessage) => {
    try {
      await store.writeSoon(INSERT, rowOf(await keyOf(message.nowMs), message))
    } catch {
      lost += 1
    }
  }
  const findIn = (kind: EntryKind, { room, frankingTag }: Tagged, sender?: string) => {
    for (const [day, key] of keys.retained()) {
      const row = store.get(SELECT, [day, entryId(key, kind, { room, frankingTag })])
      const entry = row && open(entrySecrets(key, kind, frankingTag), blobColumn(row, 'sealed'))
      if (entry !== undefined && (sender === undefined || entry.sender === sender)) return entry
    }
    return undefined
  }
  const find = (room: string, frankingTag: Buffer, sender?: string) => {
    const tagged = { room, frankingTag }
    const entry = findIn(named, tagged, sender)
    return entry ?? (sender === undefined ? findIn(received, tagged) : undefined)
  }
  return {
    ready: async (nowMs) => void (await keyOf(nowMs)),
    record: (message) => {
      const key = keys.retained().get(dayOf(message.nowMs))
      if (key !== undefined) return store.write(INSERT, rowOf(key, message))
      return keyOf(message.nowMs).then((made) => store.write(INSERT, rowOf(made, message)))
    },
    note: (message) => void noteWith(message),
    lost: () => lost,
    find,
    matchOwnLog: (room, frankingTag) => {
      const entry = find(room, frankingTag)
      return entry === undefined ? { kind: 'not-relayed' } : { kind: 'relayed', ...entry }
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

function rowOf(key: KeyObject, message: RelayedMessage): readonly StoreValue[] {
  const { nowMs, frankingTag } = message
  return [dayOf(nowMs), entryId(key, kindOf(message), message), seal(key, frankingTag, message)]
}

type Tagged = Pick<RelayedMessage, 'room' | 'frankingTag'>

/** Labels of index and value. */
interface EntryKind {
  readonly index: string
  readonly value: string
}

function kindOf({ sender }: Pick<RelayEntry, 'sender'>): EntryKind {
  return sender === '' ? received : named
}

function entryId(key: KeyObject, { index }: EntryKind, { room, frankingTag }: Tagged): Buffer {
  return createHmac('sha256', key)
    .update(index)
    .update(encode(identifierUriCodec, room))
    .update(frankingTag)
    .digest()
    .subarray(0, ENTRY_ID_BYTES)
}

function seal(key: KeyObject, frankingTag: Buffer, entry: RelayEntry): Buffer {
  const [entryKey, nonce] = entrySecrets(key, kindOf(entry), frankingTag)
  const cipher = createCipheriv(CIPHER, entryKey, nonce)
  const plain = encode(entryCodec, { ...entry, acceptedTimestamp: BigInt(entry.timestampMs) })
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Undefined for bytes that these secrets do not open. */
function open(
  [entryKey, nonce]: readonly [key: KeyObject, nonce: Buffer],
  sealed: Buffer,
): RelayEntry | undefined {
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

/**
 * Key and nonce are for one entry of a kind: the tag is a commitment to one message. Both secrets are
 * made keys first: Node takes twice as long with octets.
 */
function entrySecrets(
  key: KeyObject,
  { value }: EntryKind,
  frankingTag: Buffer,
): readonly [key: KeyObject, nonce: Buffer] {
  const input = createSecretKey(frankingTag)
  const bytes = Buffer.from(hkdfSync('sha256', input, key.export(), value, KEY_BYTES + NONCE_BYTES))
  return [createSecretKey(bytes.subarray(0, KEY_BYTES)), bytes.subarray(KEY_BYTES)]
}

function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / DAY_MS)
}

const DAY_MS = 24 * 60 * 60 * 1_000
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

/**
 * What came without its sender stands apart: of a message of our own user both come, in any order, and
 * the one must not keep the other out.
 */
const named: EntryKind = { index: 'idx', value: 'relay-log-value' }
const received: EntryKind = { index: 'idx-received', value: 'relay-log-received' }

const INSERT = 'INSERT INTO relay_log (day, entry, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const SELECT = 'SELECT sealed FROM relay_log WHERE day = ? AND entry = ?'
const DELETE_STEP = `DELETE FROM relay_log WHERE (day, entry) IN
  (SELECT day, entry FROM relay_log WHERE day < ? ORDER BY day LIMIT ?)`
