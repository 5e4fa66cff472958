import { GatewayError } from '../model/errors.ts'
import { blobColumn, numberColumn, textColumn } from '../sqlite/row.ts'
import type { Statement, Store } from '../sqlite/store.ts'
import { isUniqueViolation } from '../sqlite/write-queue.ts'
import { openGroup } from './group.ts'
import { roomState } from './room-state.ts'
import { stageProposals } from './stage-proposals.ts'
import type { RoomEntry, StagedCommit, StagedProposals } from './staged-update.ts'
import { treeBytes } from './tree.ts'

/** What stands in the store when a room begins. */
export interface NewRoom {
  readonly room: string
  readonly suite: string
  readonly groupInfo: Buffer
  readonly ratchetTree: Buffer
  readonly nowMs: number
}

const INSERT_ROOM = `INSERT INTO rooms (room, suite, group_info, ratchet_tree, created_at_ms)
  VALUES (?, ?, ?, ?, ?)`

/** At most `max` rooms, in the order of their URIs. */
export function roomUris(store: Store, max: number): readonly string[] {
  const rows = store.all('SELECT room FROM rooms ORDER BY room LIMIT ?', [max])
  return rows.map((row) => textColumn(row, 'room'))
}

/** When the room was created, in ms. */
export function createdAt(store: Store, room: string): number | undefined {
  const row = store.get('SELECT created_at_ms FROM rooms WHERE room = ?', [room])
  return row === undefined ? undefined : numberColumn(row, 'created_at_ms')
}

/** With what else belongs to it. Durable once it resolves. Throws `room-exists`, `store-unavailable`. */
export async function insertRoom(
  store: Store,
  room: NewRoom,
  more: readonly Statement[] = [],
): Promise<void> {
  const { suite, groupInfo, ratchetTree, nowMs } = room
  try {
    await store.writeAll([
      [INSERT_ROOM, [room.room, suite, groupInfo, ratchetTree, nowMs]],
      ...more,
    ])
  } catch (cause) {
    if (isUniqueViolation(cause)) throw new GatewayError('room-exists', { cause })
    throw cause
  }
}

/** `more` is what is written with it. Durable once it resolves, the new epoch and the end of all waiting proposals together. */
export function writeCommit(
  store: Store,
  { room, after, groupInfo }: StagedCommit,
  more: readonly Statement[] = [],
): Promise<void> {
  return store.writeAll([
    [
      'UPDATE rooms SET suite = ?, group_info = ?, ratchet_tree = ? WHERE room = ?',
      [after.state.suite, groupInfo, treeBytes(after.group.tree), room],
    ],
    ['DELETE FROM room_proposals WHERE room = ?', [room]],
    ...more,
  ])
}

/** Durable once it resolves. */
export function writeProposals(store: Store, { room, proposals }: StagedProposals): Promise<void> {
  return store.writeAll(
    proposals.map(({ reference, message }) => [
      'INSERT INTO room_proposals (room, reference, message) VALUES (?, ?, ?) ON CONFLICT (room, reference) DO NOTHING',
      [room, reference, message],
    ]),
  )
}

/** The room as it was last written, or undefined. Throws `store-unavailable` where it cannot be read. */
export function loadRoom(store: Store, room: string): RoomEntry | undefined {
  const row = store.get('SELECT suite, group_info, ratchet_tree FROM rooms WHERE room = ?', [room])
  if (row === undefined) return undefined
  const waiting = store.all(
    'SELECT message FROM room_proposals WHERE room = ? ORDER BY position LIMIT 1024',
    [room],
  )
  try {
    const opened = openGroup({
      groupInfo: blobColumn(row, 'group_info'),
      ratchetTree: blobColumn(row, 'ratchet_tree'),
      verified: true,
    })
    const messages = waiting.map((proposal) => blobColumn(proposal, 'message'))
    const group = stageProposals(opened, messages).next
    return { group, state: roomState({ room, suite: textColumn(row, 'suite') }, group) }
  } catch (cause) {
    throw new GatewayError('store-unavailable', { facts: { reason: 'room' }, cause })
  }
}
