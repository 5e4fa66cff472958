import { numberColumn, textColumn } from '../sqlite/row.ts'
import { isUniqueViolation } from '../sqlite/write-queue.ts'
import type { Statement, Store } from '../sqlite/store.ts'

/** A verified report of one message of a pseudonym; its content is not here. */
export interface StrikeReport {
  readonly room: string
  readonly pseudonym: string
  /** A handle. */
  readonly reporter: string
  /** 64 hexadecimal digits. */
  readonly frankingTag: string
  readonly category: string
  /** Where the day of its pseudonym begins, in seconds. */
  readonly epochStart: number
  readonly atMs: number
}

export interface Denial {
  readonly room: string
  readonly pseudonym: string
  readonly because: 'reporters' | 'moderator'
  /** The strike that was sent; empty where routing let none go. */
  readonly notice: string
  readonly atMs: number
}

/** Who reported which pseudonym, as long as a strike can follow from it, and which were denied. */
export interface StrikeBook {
  /** The same again changes nothing. Durable once it resolves. */
  report(report: StrikeReport): Promise<void>
  /** The newest first, at most 1,000. */
  reportsOf(room: string, pseudonym: string): readonly StrikeReport[]
  denialOf(room: string, pseudonym: string): Denial | undefined
  /** With what has to be written in the same step; false where it was denied before. */
  deny(denial: Denial, also: readonly Statement[]): Promise<boolean>
  deleteBefore(atMs: number): Promise<number>
}

export function createStrikeBook(store: Store): StrikeBook {
  return {
    report: ({ room, pseudonym, reporter, frankingTag, category, epochStart, atMs }) =>
      store.write(INSERT, [room, pseudonym, reporter, frankingTag, category, epochStart, atMs]),
    reportsOf: (room, pseudonym) =>
      store.all(SELECT, [room, pseudonym, REPORTS_MAX]).map((row) => ({
        room,
        pseudonym,
        reporter: textColumn(row, 'reporter'),
        frankingTag: textColumn(row, 'franking_tag'),
        category: textColumn(row, 'category'),
        epochStart: numberColumn(row, 'epoch_start'),
        atMs: numberColumn(row, 'at_ms'),
      })),
    denialOf: (room, pseudonym) => {
      const row = store.get(DENIAL, [room, pseudonym])
      if (row === undefined) return undefined
      return {
        room,
        pseudonym,
        because: textColumn(row, 'because') === 'moderator' ? 'moderator' : 'reporters',
        notice: textColumn(row, 'notice'),
        atMs: numberColumn(row, 'at_ms'),
      }
    },
    deny: async ({ room, pseudonym, because, notice, atMs }, also) => {
      try {
        await store.writeAll([[DENY, [room, pseudonym, because, notice, atMs]], ...also])
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },
    deleteBefore: async (atMs) => {
      await store.write(DELETE_DENIALS, [atMs])
      return store.change(DELETE, [atMs])
    },
  }
}

const REPORTS_MAX = 1_000
const INSERT = `INSERT INTO strike_reports (room, pseudonym, reporter, franking_tag, category,
  epoch_start, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SELECT = `SELECT reporter, franking_tag, category, epoch_start, at_ms FROM strike_reports
  WHERE room = ? AND pseudonym = ? ORDER BY at_ms DESC LIMIT ?`
const DENIAL = 'SELECT because, notice, at_ms FROM strike_denials WHERE room = ? AND pseudonym = ?'
const DENY = `INSERT INTO strike_denials (room, pseudonym, because, notice, at_ms)
  VALUES (?, ?, ?, ?, ?)`
const DELETE = 'DELETE FROM strike_reports WHERE at_ms < ?'
const DELETE_DENIALS = 'DELETE FROM strike_denials WHERE at_ms < ?'
