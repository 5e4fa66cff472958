import { parseMimiUri, type MimiUri } from '../model/ids.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
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

/** Why a pseudonym is denied; each reason holds by itself until it is lifted. */
export interface DenialReason {
  readonly room: MimiUri
  readonly pseudonym: MimiUri
  /** The id of the strike, whether it was sent or not. */
  readonly cause: string
  readonly because: 'reporters' | 'moderator'
  /** Where the pseudonym's day begins, in seconds. */
  readonly epochStart: number
  readonly atMs: number
  /** When it was counted against the pseudonym's provider; undefined where it is not. */
  readonly countedMs: number | undefined
}

/** Who reported which pseudonym, as long as a strike can follow from it, and why which were denied. */
export interface StrikeBook {
  /** The same again changes nothing. Durable once it resolves. */
  report(report: StrikeReport): Promise<void>
  /** The newest first, at most 1,000. */
  reportsOf(room: string, pseudonym: string): readonly StrikeReport[]
  reasonsOf(
    room: string,
    pseudonym: string,
  ): readonly (DenialReason & { readonly lifted: boolean })[]
  /** The reason that a strike is, lifted or not. */
  reasonBy(cause: string): DenialReason | undefined
  /** The same cause again changes nothing. */
  denial(reason: DenialReason): Statement
  /** The reason holds and counts no longer. */
  lifting(cause: string): Statement
  /** All or none; durable once it resolves. */
  write(statements: readonly Statement[]): Promise<void>
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
    reasonsOf: (room, pseudonym) =>
      store.all(REASONS, [room, pseudonym, REASONS_MAX]).map((row) => ({
        ...reasonOf(row),
        lifted: numberColumn(row, 'lifted') === 1,
      })),
    reasonBy: (cause) => {
      const row = store.get(REASON, [cause])
      return row && reasonOf(row)
    },
    denial: ({ room, pseudonym, cause, because, epochStart, atMs, countedMs = null }) => [
      DENY,
      [room, pseudonym, cause, because, epochStart, atMs, countedMs],
    ],
    lifting: (cause) => [LIFT, [cause]],
    write: (statements) => store.writeAll(statements),
    deleteBefore: async (atMs) => {
      await store.write(DELETE_REASONS, [atMs])
      return store.change(DELETE, [atMs])
    },
  }
}

function reasonOf(row: Row): DenialReason {
  return {
    room: parseMimiUri(textColumn(row, 'room'), 'room'),
    pseudonym: parseMimiUri(textColumn(row, 'pseudonym'), 'user'),
    cause: textColumn(row, 'cause'),
    because: textColumn(row, 'because') === 'moderator' ? 'moderator' : 'reporters',
    epochStart: numberColumn(row, 'epoch_start'),
    atMs: numberColumn(row, 'at_ms'),
    countedMs: row['counted_ms'] === null ? undefined : numberColumn(row, 'counted_ms'),
  }
}

const REPORTS_MAX = 1_000
const REASONS_MAX = 100
const INSERT = `INSERT INTO strike_reports (room, pseudonym, reporter, franking_tag, category,
  epoch_start, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SELECT = `SELECT reporter, franking_tag, category, epoch_start, at_ms FROM strike_reports
  WHERE room = ? AND pseudonym = ? ORDER BY at_ms DESC LIMIT ?`
const REASONS = `SELECT * FROM strike_reasons WHERE room = ? AND pseudonym = ?
  ORDER BY lifted, at_ms DESC LIMIT ?`
const REASON = 'SELECT * FROM strike_reasons WHERE cause = ?'
const DENY = `INSERT INTO strike_reasons (room, pseudonym, cause, because, epoch_start, at_ms,
  counted_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const LIFT = 'UPDATE strike_reasons SET lifted = 1, counted_ms = NULL WHERE cause = ?'
const DELETE = 'DELETE FROM strike_reports WHERE at_ms < ?'
const DELETE_REASONS = 'DELETE FROM strike_reasons WHERE at_ms < ?'
