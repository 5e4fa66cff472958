import { parseMimiUri, type MimiUri } from '../model/ids.ts'
import { blobColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

/** Messages that the delivery service may have accepted without our hearing of it. */
export const unheardMessagesMigrations: readonly Migration[] = [
  {
    id: 'pipeline/0003-unheard-messages',
    sql: `CREATE TABLE unheard_messages (
      digest BLOB NOT NULL,
      room TEXT NOT NULL,
      sender TEXT NOT NULL,
      franking_tag BLOB NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (digest, room)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** What a message is franked for. */
export interface UnheardMessage {
  readonly room: MimiUri
  /** SHA-256 of the MLSMessage: 32 octets. */
  readonly digest: Buffer
  /** As the participant list has it. */
  readonly sender: MimiUri
  readonly frankingTag: Buffer
}

/**
 * A message whose submission ended in a fault on the way to the delivery service may go out all the
 * same, and then needs its stamp: what the stamp is made of is kept from the fault on.
 */
export interface UnheardMessages {
  /** Durable once it resolves. */
  keep(message: UnheardMessage): Promise<void>
  find(room: MimiUri, digest: Buffer): UnheardMessage | undefined
  deleteBefore(timestampMs: number): Promise<number>
}

export function createUnheardMessages(store: Store, clock: () => number): UnheardMessages {
  return {
    keep: ({ room, digest, sender, frankingTag }) =>
      store.write(INSERT, [digest, room, sender, frankingTag, clock()]),
    find: (room, digest) => {
      const row = store.get(SELECT, [digest, room])
      if (row === undefined) return undefined
      const sender = parseMimiUri(textColumn(row, 'sender'), 'user')
      return { room, digest, sender, frankingTag: blobColumn(row, 'franking_tag') }
    },
    deleteBefore: (timestampMs) => store.change(DELETE_OLD, [timestampMs]),
  }
}

const INSERT = `INSERT INTO unheard_messages (digest, room, sender, franking_tag, at_ms)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SELECT = 'SELECT sender, franking_tag FROM unheard_messages WHERE digest = ? AND room = ?'
const DELETE_OLD = 'DELETE FROM unheard_messages WHERE at_ms < ?'
