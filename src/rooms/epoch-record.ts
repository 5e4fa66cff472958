import { createHash } from 'node:crypto'
import { blobColumn } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'
import { encode } from '../wire/codec.ts'
import { groupContextCodec } from '../wire/mls/group-info.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { leafIdentity } from './leaf-identity.ts'
import type { RoomEntry } from './staged-update.ts'
import { leavesOf } from './tree.ts'

/** One row per epoch, and one per leaf that an epoch changed. */
export const epochRecordMigrations: readonly Migration[] = [
  {
    id: 'rooms/0002-epoch-record',
    sql: `
      CREATE TABLE room_epochs (
        room TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        context_hash BLOB NOT NULL,
        PRIMARY KEY (room, epoch)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE room_leaves (
        room TEXT NOT NULL,
        leaf INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        digest BLOB,
        PRIMARY KEY (room, leaf, epoch)
      ) STRICT, WITHOUT ROWID;
    `,
  },
]

/** A leaf as somebody claims that it was. */
export interface ClaimedLeaf {
  readonly epoch: bigint
  readonly leafIndex: number
  readonly signatureKey: Buffer
  /** The user or room pseudonym of its credential. */
  readonly user: string
}

/**
 * What a hub remembers of a room's epochs: SHA-256 of each GroupContext, and of each leaf a digest of
 * key and user. Enough to check evidence that members kept, too little to name anybody.
 */
export interface EpochRecord {
  /** To be written together with an epoch: `before` is undefined for a room's first. */
  statements(before: RoomEntry | undefined, after: RoomEntry): readonly Statement[]
  /** 32 octets; undefined for an epoch that is not remembered. */
  contextHash(room: string, epoch: bigint): Buffer | undefined
  hadLeaf(room: string, leaf: ClaimedLeaf): boolean
}

/** Remembers the newest 256 epochs of each room for which `keeps` says so. */
export function createEpochRecord(
  store: Pick<Store, 'get'>,
  keeps: (suite: string) => boolean,
): EpochRecord {
  return {
    statements: (before, after) => (keeps(after.state.suite) ? statementsOf(before, after) : []),
    contextHash: (room, epoch) => {
      const row = store.get('SELECT context_hash FROM room_epochs WHERE room = ? AND epoch = ?', [
        room,
        epoch,
      ])
      return row && blobColumn(row, 'context_hash')
    },
    hadLeaf: (room, { epoch, leafIndex, signatureKey, user }) => {
      const row = store.get(FIND_LEAF, [room, leafIndex, epoch])
      if (row === undefined || row['digest'] === null) return false
      return blobColumn(row, 'digest').equals(digestOf(signatureKey, user))
    },
  }
}

function statementsOf(before: RoomEntry | undefined, after: RoomEntry): readonly Statement[] {
  const { room, epoch } = after.state
  const oldest = epoch - EPOCHS_MAX
  return [
    [INSERT_EPOCH, [room, epoch, contextHashOf(after)]],
    ...changedLeaves(before, after).map(([leafIndex, leaf]): Statement => [
      INSERT_LEAF,
      [room, leafIndex, epoch, leaf === undefined ? null : leafDigest(leaf)],
    ]),
    ...(oldest > 0n && epoch % PRUNE_EVERY === 0n
      ? [
          ['DELETE FROM room_epochs WHERE room = ? AND epoch < ?', [room, oldest]] as const,
          [PRUNE_LEAVES, [room, oldest]] as const,
        ]
      : []),
  ]
}

/** Leaves that stay in the tree are the same objects from epoch to epoch. */
function changedLeaves(
  before: RoomEntry | undefined,
  after: RoomEntry,
): readonly (readonly [leafIndex: number, leaf: LeafNode | undefined])[] {
  const then = new Map(before === undefined ? [] : leavesOf(before.group.tree))
  const now = new Map(leavesOf(after.group.tree))
  const changed = [...now].filter(([index, leaf]) => then.get(index) !== leaf)
  const gone = [...then.keys()].filter((index) => !now.has(index))
  return [...changed, ...gone.map((index) => [index, undefined] as const)]
}

function contextHashOf({ group }: RoomEntry): Buffer {
  return createHash('sha256').update(encode(groupContextCodec, group.context)).digest()
}

function leafDigest({ signatureKey, credential }: LeafNode): Buffer {
  return digestOf(signatureKey, leafIdentity(credential)?.user ?? '')
}

/** 16 octets; the user's length keeps the two apart. */
function digestOf(signatureKey: Buffer, user: string): Buffer {
  return createHash('sha256')
    .update(`${user.length}:${user}`)
    .update(signatureKey)
    .digest()
    .subarray(0, DIGEST_BYTES)
}

const EPOCHS_MAX = 256n
const PRUNE_EVERY = 16n
const DIGEST_BYTES = 16
const INSERT_EPOCH = `INSERT INTO room_epochs (room, epoch, context_hash) VALUES (?, ?, ?)
  ON CONFLICT (room, epoch) DO UPDATE SET context_hash = excluded.context_hash`
const INSERT_LEAF = `INSERT INTO room_leaves (room, leaf, epoch, digest) VALUES (?, ?, ?, ?)
  ON CONFLICT (room, leaf, epoch) DO UPDATE SET digest = excluded.digest`
const FIND_LEAF = `SELECT digest FROM room_leaves WHERE room = ? AND leaf = ? AND epoch <= ?
  ORDER BY epoch DESC LIMIT 1`
/** What a later row had replaced before the oldest epoch that is kept. */
const PRUNE_LEAVES = `DELETE FROM room_leaves WHERE room = ?1 AND epoch < ?2 AND EXISTS (
  SELECT 1 FROM room_leaves AS later WHERE later.room = room_leaves.room
    AND later.leaf = room_leaves.leaf AND later.epoch > room_leaves.epoch AND later.epoch <= ?2)`
