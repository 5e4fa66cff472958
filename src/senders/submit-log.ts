import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

export const submitLogMigrations: readonly Migration[] = [
  {
    id: 'senders/0003-submit-log',
    sql: `CREATE TABLE submit_log (
      day INTEGER NOT NULL,
      entry BLOB NOT NULL,
      sealed BLOB NOT NULL,
      PRIMARY KEY (day, entry)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** One random key per UTC day. Who destroys a key closes that day's entries for good. */
export interface SubmitLogKeys {
  /** The day's key; makes it, durably, when it is not there. */
  ensure(day: number): Promise<KeyObject>
  retained(): ReadonlyMap<number, KeyObject>
  destroyBefore(day: number): Promise<void>
}

/**
 * At the sender's own provider: whose account submitted the message with a franking tag, readable only
 * for who knows the tag. It links no two messages and is of no use without a report.
 */
export interface SubmitLog {
  /** `account`: a handle of at most 64 octets. Durable once it resolves. */
  record(frankingTag: Buffer, account: Buffer, nowMs: number): Promise<void>
  /** The account's handle; looks into every day that is kept. */
  find(frankingTag: Buffer): Buffer | undefined
  /** Destroys keys and entries of days that ended more than 30 days ago. */
  deleteBefore(nowMs: number): Promise<void>
}

/**
 * Under what a submission is kept: the tag together with the hub that it went to. Followers see tags as
 * well, and must not open what only the hub may ask about. 32 octets.
 */
export function submissionTag({
  hub,
  frankingTag,
}: {
  readonly hub: string
  readonly frankingTag: Buffer
}): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['postern submission', hub]))
    .update(frankingTag)
    .digest()
}

export function createSubmitLog(store: Store, keys: SubmitLogKeys): SubmitLog {
  return {
    record: async (frankingTag, account, nowMs) => {
      const day = Math.floor(nowMs / DAY_MS)
      const key = keys.retained().get(day) ?? (await keys.ensure(day))
      const sealed = seal(key, frankingTag, account)
      await store.write(INSERT, [day, entryId(key, frankingTag), sealed])
    },
    find: (frankingTag) => {
      for (const [day, key] of keys.retained()) {
        const row = store.get(SELECT, [day, entryId(key, frankingTag)])
        if (row !== undefined) return open(key, frankingTag, blobColumn(row, 'sealed'))
      }
      return undefined
    },
    deleteBefore: async (nowMs) => {
      const oldestDay = Math.floor(nowMs / DAY_MS) - RETENTION_DAYS
      // Keys first: without them the entries say nothing, should a crash leave them behind.
      await keys.destroyBefore(oldestDay)
      let deleted: number
      do deleted = await store.change(DELETE_STEP, [oldestDay, DELETE_STEP_ROWS])
      while (deleted > 0)
    },
  }
}

function entryId(key: KeyObject, frankingTag: Buffer): Buffer {
  const digest = createHmac('sha256', key).update('postern submit log').update(frankingTag).digest()
  return digest.subarray(0, ENTRY_ID_BYTES)
}

/** Filled up to one length: it says nothing about the account. */
function seal(key: KeyObject, frankingTag: Buffer, account: Buffer): Buffer {
  const [entryKey, nonce] = entrySecrets(key, frankingTag)
  const cipher = createCipheriv(CIPHER, entryKey, nonce)
  const plain = Buffer.alloc(PLAIN_BYTES)
  plain.writeUInt8(account.length)
  account.copy(plain, 1)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Undefined for bytes that this tag does not open. */
function open(key: KeyObject, frankingTag: Buffer, sealed: Buffer): Buffer | undefined {
  const [entryKey, nonce] = entrySecrets(key, frankingTag)
  const decipher = createDecipheriv(CIPHER, entryKey, nonce)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    return plain.subarray(1, 1 + plain.readUInt8(0))
  } catch {
    return undefined
  }
}

/** Key and nonce are for one entry: the tag is a commitment to one message. */
function entrySecrets(key: KeyObject, frankingTag: Buffer): readonly [key: Buffer, nonce: Buffer] {
  const length = KEY_BYTES + NONCE_BYTES
  const bytes = Buffer.from(hkdfSync('sha256', key, frankingTag, 'submit-log-value', length))
  return [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)]
}

const DAY_MS = 86_400_000
const RETENTION_DAYS = 30
const DELETE_STEP_ROWS = 1_000
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ENTRY_ID_BYTES = 16
const PLAIN_BYTES = 65
const INSERT = 'INSERT INTO submit_log (day, entry, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const SELECT = 'SELECT sealed FROM submit_log WHERE day = ? AND entry = ?'
const DELETE_STEP = `DELETE FROM submit_log WHERE (day, entry) IN
  (SELECT day, entry FROM submit_log WHERE day < ? ORDER BY day LIMIT ?)`
