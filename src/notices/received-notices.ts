import { canonicalJson } from '../metadata/requirements/strict-json.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import type { EvidenceCheck } from './check-evidence.ts'
import {
  answerStates,
  noticeMessageSchema,
  type ActionClass,
  type AnswerState,
  type Notice,
  type StrikeNotice,
} from './messages.ts'

/** A notice or strike of another provider, without what it seals. */
export interface ReceivedNotice {
  readonly peer: string
  readonly id: string
  readonly message: Notice | StrikeNotice
  /** Of the payload that came, base64url. */
  readonly digest: string
  readonly hasEvidence: boolean
  /** What our own log says of it; undefined where none came. */
  readonly check: EvidenceCheck | undefined
  readonly receivedAtMs: number
  readonly untilMs: number | undefined
  readonly state: AnswerState
  readonly actionClass: string | undefined
  readonly ownLogMatch: boolean | undefined
  readonly decidedAtMs: number | undefined
  readonly withdrawnAtMs: number | undefined
  /** What the penalty is kept under, where there is one. */
  readonly strike: Buffer | undefined
  /** The first answer, as a JWS. */
  readonly answer: string
}

export interface NewReceivedNotice {
  readonly peer: string
  readonly message: Notice | StrikeNotice
  readonly digest: string
  readonly receivedAtMs: number
  readonly untilMs: number | undefined
  readonly state: AnswerState
  readonly actionClass: ActionClass | undefined
  readonly ownLogMatch: boolean | undefined
  readonly strike: Buffer | undefined
  readonly check: EvidenceCheck | undefined
  readonly answer: string
}

export interface ReceivedPage {
  readonly peer?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** Notices that came; every write is durable once it resolves. */
export interface ReceivedNotices {
  /** False where the same provider sent one of this id before. */
  insert(notice: NewReceivedNotice): Promise<boolean>
  find(peer: string, id: string): ReceivedNotice | undefined
  /** `SealedForHub`; undefined where none came or the notice was withdrawn. */
  evidenceOf(notice: Pick<ReceivedNotice, 'peer' | 'id'>): Buffer | undefined
  /** By the id alone, where only one provider uses it. */
  findOne(id: string): ReceivedNotice | undefined
  list(
    page: ReceivedPage,
  ): readonly { readonly position: number; readonly notice: ReceivedNotice }[]
  count(peer: string): number
  /** False where it was withdrawn. */
  decide(
    notice: Pick<ReceivedNotice, 'peer' | 'id'>,
    decision: { readonly state: AnswerState; readonly actionClass: ActionClass | undefined },
    nowMs: number,
  ): Promise<boolean>
  /** Forgets the evidence; what was found in it stays. False where it was withdrawn before. */
  withdraw(notice: Pick<ReceivedNotice, 'peer' | 'id'>, nowMs: number): Promise<boolean>
  /** Whether another notice holds the same penalty. */
  holdsPenalty(strike: Buffer): boolean
  deleteBefore(atMs: number): Promise<number>
}

export function createReceivedNotices(store: Store): ReceivedNotices {
  return {
    insert: async (notice) => (await store.change(INSERT, valuesOf(notice))) > 0,
    find: (peer, id) => {
      const row = store.get(`${SELECT} WHERE peer = ? AND id = ?`, [peer, id])
      return row === undefined ? undefined : receivedOf(row)
    },
    evidenceOf: ({ peer, id }) => {
      const sealed = store.get(EVIDENCE, [peer, id])?.['evidence']
      return typeof sealed === 'string' ? Buffer.from(sealed, 'base64url') : undefined
    },
    findOne: (id) => {
      const [row, another] = store.all(`${SELECT} WHERE id = ? LIMIT 2`, [id])
      return row === undefined || another !== undefined ? undefined : receivedOf(row)
    },
    list: ({ peer = null, before = Number.MAX_SAFE_INTEGER, limit }) =>
      store
        .all(LIST, [peer, peer, before, limit])
        .map((row) => ({ position: numberColumn(row, 'position'), notice: receivedOf(row) })),
    count: (peer) => numberColumn(store.get(COUNT, [peer]) ?? { count: 0 }, 'count'),
    decide: async ({ peer, id }, { state, actionClass = null }, nowMs) =>
      (await store.change(DECIDE, [state, actionClass, nowMs, peer, id])) > 0,
    withdraw: async ({ peer, id }, nowMs) => (await store.change(WITHDRAW, [nowMs, peer, id])) > 0,
    holdsPenalty: (strike) => store.get(HOLDS, [strike]) !== undefined,
    deleteBefore: (atMs) => store.change(DELETE, [atMs]),
  }
}

function valuesOf(notice: NewReceivedNotice) {
  const { message, ownLogMatch } = notice
  const { sealed_evidence: evidence, ...kept } = { sealed_evidence: undefined, ...message }
  return [
    notice.peer,
    message.notice_id,
    message.type,
    canonicalJson(kept),
    notice.digest,
    evidence ?? null,
    notice.receivedAtMs,
    notice.untilMs ?? null,
    notice.state,
    notice.actionClass ?? null,
    ownLogMatch === undefined ? null : Number(ownLogMatch),
    notice.strike ?? null,
    notice.answer,
    notice.check === undefined ? null : JSON.stringify(notice.check),
  ]
}

function receivedOf(row: Row): ReceivedNotice {
  const number = (name: string) => (row[name] === null ? undefined : numberColumn(row, name))
  const match = number('own_log_match')
  const state = textColumn(row, 'state')
  const { strike } = row
  return {
    peer: textColumn(row, 'peer'),
    id: textColumn(row, 'id'),
    message: subjectOf(textColumn(row, 'payload')),
    digest: textColumn(row, 'digest'),
    hasEvidence: row['evidence'] !== null,
    check: row['evidence_check'] === null ? undefined : checkOf(textColumn(row, 'evidence_check')),
    receivedAtMs: numberColumn(row, 'received_ms'),
    untilMs: number('until_ms'),
    state: answerStates.find((known) => known === state) ?? 'received',
    actionClass: row['action_class'] === null ? undefined : textColumn(row, 'action_class'),
    ownLogMatch: match === undefined ? undefined : match === 1,
    decidedAtMs: number('decided_ms'),
    withdrawnAtMs: number('withdrawn_ms'),
    strike: strike instanceof Uint8Array ? Buffer.from(strike) : undefined,
    answer: textColumn(row, 'answer'),
  }
}

/** As `insert` wrote it. */
function checkOf(text: string): EvidenceCheck {
  const check: EvidenceCheck = JSON.parse(text)
  return check
}

/** What a table of notices and strikes holds. */
function subjectOf(payload: string): Notice | StrikeNotice {
  const message = noticeMessageSchema.parse(JSON.parse(payload))
  if (message.type === 'notice' || message.type === 'strike') return message
  throw new TypeError('neither a notice nor a strike')
}

const SELECT = 'SELECT rowid AS position, * FROM notices_received'
const INSERT = `INSERT INTO notices_received (peer, id, type, payload, digest, evidence, received_ms,
  until_ms, state, action_class, own_log_match, strike, answer, evidence_check)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const LIST = `${SELECT} WHERE (? IS NULL OR peer = ?) AND rowid < ? ORDER BY rowid DESC LIMIT ?`
const COUNT = 'SELECT count(*) AS count FROM notices_received WHERE peer = ?'
const DECIDE = `UPDATE notices_received SET state = ?, action_class = ?, decided_ms = ?
  WHERE peer = ? AND id = ? AND withdrawn_ms IS NULL`
const EVIDENCE = 'SELECT evidence FROM notices_received WHERE peer = ? AND id = ?'
const WITHDRAW = `UPDATE notices_received SET withdrawn_ms = ?, evidence = NULL
  WHERE peer = ? AND id = ? AND withdrawn_ms IS NULL`
const HOLDS = `SELECT 1 FROM notices_received WHERE strike = ? AND withdrawn_ms IS NULL
  AND state = 'actioned' LIMIT 1`
const DELETE = 'DELETE FROM notices_received WHERE received_ms < ?'
