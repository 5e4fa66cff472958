import { canonicalJson } from '../metadata/requirements/strict-json.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Statement, Store, StoreValue } from '../sqlite/store.ts'
import {
  answerStates,
  isFinal,
  noticeMessageSchema,
  type Answer,
  type AnswerState,
  type NoticeMessage,
} from './messages.ts'

/** What became of a message that we sent. */
export type SentState =
  AnswerState | 'queued' | 'delivered' | 'refused' | 'unanswered' | 'retracted' | 'given-up'

/** A message of ours and how far it has come. */
export interface SentNotice {
  readonly id: string
  readonly peer: string
  readonly message: NoticeMessage
  /** What it is about: a report, a sanction, or a notice of the peer's. */
  readonly about: string
  /** The policies that let it go there. */
  readonly policies: readonly string[]
  readonly createdAtMs: number
  /** Until when an answer counts, or until when it is tried. */
  readonly untilMs: number
  readonly queued: boolean
  readonly attempts: number
  readonly deliveredAtMs: number | undefined
  readonly refusedStatus: number | undefined
  /** What the peer said last. */
  readonly answer: AnswerState | undefined
  readonly actionClass: string | undefined
  readonly ownLogMatch: boolean | undefined
  /** When the peer first said something final. */
  readonly answeredAtMs: number | undefined
  readonly retractedAtMs: number | undefined
}

export interface NewSentNotice {
  readonly peer: string
  readonly message: NoticeMessage
  readonly about: string
  readonly policies: readonly string[]
  readonly createdAtMs: number
  readonly untilMs: number
}

export interface SentPage {
  readonly peer?: string | undefined
  readonly about?: string | undefined
  /** Only those before this number of a page. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Messages that we sent or mean to send; every write is durable once it resolves. */
export interface SentNotices {
  insertStatement(notice: NewSentNotice): Statement
  insert(notice: NewSentNotice): Promise<void>
  find(id: string): SentNotice | undefined
  /** The newest first, each with its number. */
  list(page: SentPage): readonly { readonly position: number; readonly notice: SentNotice }[]
  /** Those that are to be sent now, the oldest first; at most 256. */
  due(nowMs: number): readonly SentNotice[]
  /** It arrived; for answers and retractions nothing else is to come. */
  delivered(id: string, nowMs: number): Promise<void>
  refused(id: string, status: number): Promise<void>
  retryAt(id: string, nextMs: number): Promise<void>
  /** Takes an answer unless a newer one is there. */
  answered(
    id: string,
    answer: { readonly message: Answer; readonly jws: string },
    nowMs: number,
  ): Promise<void>
  /** Takes it back. */
  retracted(id: string, nowMs: number): Promise<void>
  deleteBefore(atMs: number): Promise<number>
}

export function createSentNotices(store: Store): SentNotices {
  const find = (id: string): SentNotice | undefined => {
    const row = store.get(`${SELECT} WHERE id = ?`, [id])
    return row === undefined ? undefined : sentOf(row)
  }
  return {
    insertStatement,
    insert: async (notice) => {
      await store.writeAll([insertStatement(notice)])
    },
    find,
    list: ({ peer = null, about = null, before = Number.MAX_SAFE_INTEGER, limit }) =>
      store
        .all(LIST, [peer, peer, about, about, before, limit])
        .map((row) => ({ position: numberColumn(row, 'position'), notice: sentOf(row) })),
    due: (nowMs) => store.all(DUE, [nowMs, nowMs + PAUSE_MAX_MS, nowMs, DUE_MAX]).map(sentOf),
    delivered: (id, nowMs) => store.write(DELIVERED, [nowMs, id]),
    refused: (id, status) => store.write(REFUSED, [status, id]),
    retryAt: (id, nextMs) => store.write(RETRY, [nextMs, id]),
    answered: (id, { message, jws }, nowMs) =>
      store.write(ANSWERED, answerValues(id, { message, jws, nowMs })),
    retracted: (id, nowMs) => store.write(RETRACTED, [nowMs, id]),
    deleteBefore: async (atMs) => store.change(DELETE, [atMs]),
  }
}

/** Longest pause between two attempts; a clock that was set back cannot make it longer. */
export const PAUSE_MAX_MS = 3_600_000

/** How a sent message stands now. */
export function sentState(notice: SentNotice, nowMs: number): SentState {
  const { message, answer, untilMs } = notice
  if (notice.retractedAtMs !== undefined) return 'retracted'
  if (answer !== undefined && isFinal(answer)) return answer
  if (notice.refusedStatus !== undefined) return 'refused'
  const waits = message.type === 'notice' || message.type === 'strike'
  if (nowMs >= untilMs && waits) return 'unanswered'
  if (notice.deliveredAtMs !== undefined) return answer ?? 'delivered'
  return nowMs >= untilMs ? 'given-up' : 'queued'
}

function insertStatement(notice: NewSentNotice): Statement {
  const { message, peer, about, policies, createdAtMs, untilMs } = notice
  const inReplyTo = 'in_reply_to' in message ? message.in_reply_to : null
  return [
    INSERT,
    [
      message.notice_id,
      peer,
      message.type,
      canonicalJson(message),
      about,
      JSON.stringify(policies),
      inReplyTo,
      createdAtMs,
      untilMs,
      createdAtMs,
    ],
  ]
}

function answerValues(
  id: string,
  {
    message,
    jws,
    nowMs,
  }: { readonly message: Answer; readonly jws: string; readonly nowMs: number },
): readonly StoreValue[] {
  const { state, action_class: actionClass, own_log_match: match } = message
  // Whose clock is ahead cannot make its later answers look older.
  const issuedMs = Math.min(Date.parse(message.issued_at), nowMs)
  const final = isFinal(state) ? 1 : 0
  return [
    state,
    issuedMs,
    final === 1 ? nowMs : null,
    actionClass ?? null,
    typeof match === 'boolean' ? Number(match) : null,
    jws,
    nowMs,
    id,
    issuedMs,
    final,
  ]
}

function sentOf(row: Row): SentNotice {
  const number = (name: string) => (row[name] === null ? undefined : numberColumn(row, name))
  const text = (name: string) => (row[name] === null ? undefined : textColumn(row, name))
  const match = number('own_log_match')
  const state = text('state')
  return {
    id: textColumn(row, 'id'),
    peer: textColumn(row, 'peer'),
    message: noticeMessageSchema.parse(JSON.parse(textColumn(row, 'payload'))),
    about: textColumn(row, 'about'),
    policies: wordsOf(textColumn(row, 'policies')),
    createdAtMs: numberColumn(row, 'created_ms'),
    untilMs: numberColumn(row, 'until_ms'),
    queued: numberColumn(row, 'queued') === 1,
    attempts: numberColumn(row, 'attempts'),
    deliveredAtMs: number('delivered_ms'),
    refusedStatus: number('refused_status'),
    answer: answerStates.find((known) => known === state),
    actionClass: text('action_class'),
    ownLogMatch: match === undefined ? undefined : match === 1,
    answeredAtMs: number('answered_ms'),
    retractedAtMs: number('retracted_ms'),
  }
}

function wordsOf(json: string): readonly string[] {
  const words: unknown = JSON.parse(json)
  return Array.isArray(words) ? words.map(String) : []
}

const DUE_MAX = 256
const SELECT = 'SELECT rowid AS position, * FROM notices_sent'
const INSERT = `INSERT INTO notices_sent (id, peer, type, payload, about, policies, in_reply_to,
  created_ms, until_ms, queued, next_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`
const LIST = `${SELECT} WHERE (? IS NULL OR peer = ?) AND (? IS NULL OR about = ?) AND rowid < ?
  ORDER BY rowid DESC LIMIT ?`
/** What takes a message back, or answers one, never overtakes what it is about. */
const DUE = `${SELECT} AS mine WHERE queued = 1 AND (next_ms <= ? OR next_ms > ?) AND until_ms > ?
  AND NOT EXISTS (SELECT 1 FROM notices_sent AS other WHERE other.id = mine.in_reply_to AND other.queued = 1)
  ORDER BY rowid LIMIT ?`
const DELIVERED = 'UPDATE notices_sent SET queued = 0, delivered_ms = ? WHERE id = ?'
const REFUSED = 'UPDATE notices_sent SET queued = 0, refused_status = ? WHERE id = ?'
const RETRY = 'UPDATE notices_sent SET attempts = attempts + 1, next_ms = ? WHERE id = ?'
const FINAL = `('actioned', 'no_action', 'rejected', 'cannot_verify')`
const ANSWERED = `UPDATE notices_sent SET state = ?, answer_issued_ms = ?,
  answered_ms = coalesce(answered_ms, ?), action_class = ?, own_log_match = ?, answer = ?,
  queued = 0, delivered_ms = coalesce(delivered_ms, ?)
  WHERE id = ? AND coalesce(answer_issued_ms, 0) <= ? AND (? = 1 OR state IS NULL OR state NOT IN ${FINAL})`
const RETRACTED = `UPDATE notices_sent SET queued = 0, retracted_ms = ?
  WHERE id = ? AND retracted_ms IS NULL`
const DELETE = 'DELETE FROM notices_sent WHERE created_ms < ? AND queued = 0'
