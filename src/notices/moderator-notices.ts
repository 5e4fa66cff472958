import type { Clock } from '../model/clock.ts'
import { Waiters } from '../model/waiters.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import type { ReporterBucket } from './messages.ts'

/** What moderators of a room of ours hear of a report. Nothing of the reporter is in it, and no content. */
export interface ModeratorNotice {
  /** `ntc-…` */
  readonly id: string
  readonly room: string
  /** Participants of our own provider, as the room shows them. */
  readonly moderators: readonly string[]
  /** The participant it is about. */
  readonly subject: string
  readonly category: string
  readonly verification: 'frank' | 'relay_log' | 'mls_signature' | 'none'
  readonly distinctReporters: ReporterBucket
  /** The hour, or the day where fewer than five people could have reported: UTC. */
  readonly timeBucket: string
  /** MIMI message ids, hexadecimal; empty where no evidence may go. */
  readonly messageIds: readonly string[]
}

/** Why a notice was let go; stays with us. */
export interface NoticeGround {
  /** The report that it is of. */
  readonly report: string
  readonly policies: readonly string[]
}

/** A notice as it waits for our delivery service. */
export interface QueuedModeratorNotice extends ModeratorNotice {
  /** Grows with each notice. */
  readonly sequence: number
}

/** Notices for moderators, on the disk until they have served their time. docs/notices.md */
export interface ModeratorNotices {
  /** One for each report; the same again changes nothing. Durable once it resolves. */
  insert(notice: ModeratorNotice, ground: NoticeGround): Promise<void>
  /** Those with a higher number, the oldest first. */
  after(sequence: number, limit: number): readonly QueuedModeratorNotice[]
  /** Whether moderators were told of a report. */
  ofReport(report: string): ToldModerators | undefined
  /** Resolves with the next notice, with `endWaits`, or when `signal` aborts. */
  nextInsert(signal: AbortSignal): Promise<void>
  endWaits(): void
  deleteBefore(atMs: number): Promise<number>
}

export interface ToldModerators {
  readonly atMs: number
  /** How many. */
  readonly moderators: number
  readonly policies: readonly string[]
}

export function createModeratorNotices(store: Store, clock: Clock): ModeratorNotices {
  const waiters = new Waiters()
  return {
    insert: async (notice, { report, policies }) => {
      const json = JSON.stringify(notice)
      await store.write(INSERT, [report, json, JSON.stringify(policies), clock()])
      waiters.wake()
    },
    after: (sequence, limit) => store.all(AFTER, [sequence, limit]).map(queuedOf),
    ofReport: (report) => {
      const row = store.get(OF_REPORT, [report])
      if (row === undefined) return undefined
      const policies: readonly string[] = JSON.parse(textColumn(row, 'policies'))
      const { moderators } = noticeOf(row)
      return { atMs: numberColumn(row, 'created_ms'), moderators: moderators.length, policies }
    },
    nextInsert: (signal) => waiters.next(signal),
    endWaits: () => waiters.wake(),
    deleteBefore: (atMs) => store.change(DELETE, [atMs]),
  }
}

function queuedOf(row: Row): QueuedModeratorNotice {
  return { sequence: numberColumn(row, 'sequence'), ...noticeOf(row) }
}

function noticeOf(row: Row): ModeratorNotice {
  const notice: ModeratorNotice = JSON.parse(textColumn(row, 'notice'))
  return notice
}

const INSERT = `INSERT INTO moderator_notices (report, notice, policies, created_ms)
  VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
const AFTER = `SELECT sequence, notice FROM moderator_notices WHERE sequence > ?
  ORDER BY sequence LIMIT ?`
const OF_REPORT = `SELECT notice, policies, created_ms FROM moderator_notices WHERE report = ?`
const DELETE = 'DELETE FROM moderator_notices WHERE created_ms < ?'
