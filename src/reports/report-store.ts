import { blobColumn, numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'
import { isUniqueViolation } from '../sqlite/write-queue.ts'
import { followUpMigrations } from './follow-ups.ts'
import type { CheckedMessage, ReportResult } from './intake.ts'
import { messageProof } from './message-proof.ts'
import { spamMigrations } from './spam-book.ts'
import { chargeStatement, pathAnomalyMigrations } from './path-anomalies.ts'
import { reporterTrackMigrations, trackStatement } from './reporter-tracks.ts'
import type { SealedEvidence } from './sealing.ts'

/** INVARIANT: what a report says stands in `sealed` only. */
export const reportMigrations: readonly Migration[] = [
  {
    id: 'reports/0001-reports',
    sql: `CREATE TABLE reports (
      id TEXT PRIMARY KEY,
      room TEXT NOT NULL,
      provider TEXT NOT NULL,
      subject TEXT NOT NULL,
      reporter TEXT NOT NULL,
      category TEXT NOT NULL,
      result TEXT NOT NULL,
      messages INTEGER NOT NULL,
      received_ms INTEGER NOT NULL,
      sealing_key TEXT NOT NULL,
      encapsulation BLOB NOT NULL,
      sealed BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE report_messages (
      room TEXT NOT NULL,
      message_id BLOB NOT NULL,
      reporter TEXT NOT NULL,
      report TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
      result TEXT NOT NULL,
      method TEXT NOT NULL,
      anomaly TEXT,
      PRIMARY KEY (room, message_id, reporter)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX report_messages_report ON report_messages (report)`,
  },
  {
    id: 'reports/0002-intake',
    sql: `ALTER TABLE reports ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE reports ADD COLUMN reporter_proof TEXT NOT NULL DEFAULT 'none';
    ALTER TABLE reports ADD COLUMN digest BLOB;
    CREATE INDEX reports_digest ON reports (digest) WHERE digest IS NOT NULL;
    ALTER TABLE report_messages ADD COLUMN gap INTEGER;
    ALTER TABLE report_messages ADD COLUMN proof TEXT`,
  },
  ...pathAnomalyMigrations,
  ...spamMigrations,
  ...reporterTrackMigrations,
  ...followUpMigrations,
]

/** A report without what it reports. */
export interface ReportSummary {
  readonly id: string
  readonly receivedAtMs: number
  readonly room: string
  /** The provider that handed it in. */
  readonly provider: string
  /** A handle, or the URI where the room's suite lets the operator keep it. */
  readonly subject: string
  readonly category: string
  /** Messages that this reporter had not reported before. */
  readonly messages: number
  readonly result: ReportResult
  /** `consentBits`: to what the reporter agreed beyond the hub. */
  readonly consentFlags: number
  /** Whether a key of the reporter's leaf signed the report: `none` was given, or it proves nothing. */
  readonly reporterProof: ReporterProof
}

export type ReporterProof = 'none' | 'proven' | 'not-proven'

export interface NewReport extends ReportSummary {
  /** A handle: the same of all that this person reports about the subject in this room. */
  readonly reporter: string
  /** A handle: the same of all that this person reports in 30 days. */
  readonly track: string
  readonly checked: readonly CheckedMessage[]
  /** Keyed; of a report without messages, to know it when it comes again. */
  readonly digest: Buffer | undefined
  readonly evidence: SealedEvidence
}

/** How one message was verified. */
export interface MessageCheck {
  /** Hexadecimal. */
  readonly messageId: string
  readonly result: string
  readonly method: string
  readonly anomaly: string | undefined
  /** Accepted messages between this and the reported one before it; undefined where nobody knows. */
  readonly gap: number | undefined
  /** JSON of a `MessageProof`. */
  readonly proof: string | undefined
}

export interface StoredReport {
  readonly summary: ReportSummary
  /** A handle, as in `NewReport`. */
  readonly reporter: string
  readonly checks: readonly MessageCheck[]
  readonly evidence: SealedEvidence
}

export type InsertOutcome =
  | { readonly kind: 'stored'; readonly messages: number }
  /** All its messages were reported by this reporter before; this is the newest such report. */
  | { readonly kind: 'duplicate'; readonly report: ReportSummary }

export interface ReportFilter {
  /** The last id of the page before: reports come newest first. */
  readonly after?: string | undefined
  readonly room?: string
  readonly result?: ReportResult
  /** At most 1,000; default 100. */
  readonly limit?: number
}

export interface ReportStore {
  /** Counts each (room, message, reporter) once; durable when it resolves, with what `also` says. */
  insert(report: NewReport, also?: readonly Statement[]): Promise<InsertOutcome>
  list(filter: ReportFilter): readonly ReportSummary[]
  find(id: string): StoredReport | undefined
  has(id: string): boolean
}

export function createReportStore(store: Store): ReportStore {
  return {
    insert: (report, also = []) => insert(store, report, also),
    list: ({ after = ID_MAX, room = null, result = null, limit = PAGE_DEFAULT }) =>
      store
        .all(LIST, [after, room, room, result, result, Math.min(limit, PAGE_MAX)])
        .map(summaryOf),
    find: (id) => find(store, id),
    has: (id) => store.get('SELECT 1 FROM reports WHERE id = ?', [id]) !== undefined,
  }
}

async function insert(
  store: Store,
  report: NewReport,
  also: readonly Statement[],
): Promise<InsertOutcome> {
  for (let attempt = 1; ; attempt++) {
    const fresh = report.checked.filter((message) => !isKnown(store, report, message))
    const [first] = report.checked
    if (first !== undefined && fresh.length === 0) {
      const known = store.get(FIND_DUPLICATE, [report.room, first.messageId, report.reporter])
      if (known !== undefined) return { kind: 'duplicate', report: summaryOf(known) }
    }
    const again = report.digest && store.get(FIND_DIGEST, [report.digest])
    if (again !== undefined) return { kind: 'duplicate', report: summaryOf(again) }
    try {
      const counted = { ...report, messages: fresh.length, checked: fresh }
      await store.writeAll([...insertStatements(counted), ...also])
      return { kind: 'stored', messages: fresh.length }
    } catch (error) {
      // The same reporter's other report was faster: look again.
      if (!isUniqueViolation(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/**
 * Whether the reporter has reported this message before, with a result at least as strong. Reporters
 * who do not name themselves share a handle, so a forged report must not swallow a true one.
 */
function isKnown(store: Store, { room, reporter }: NewReport, message: CheckedMessage): boolean {
  const known = store.get(FIND_RESULT, [room, message.messageId, reporter])
  if (known === undefined) return false
  return message.result !== 'verified' || textColumn(known, 'result') === 'verified'
}

function insertStatements(report: NewReport): readonly Statement[] {
  const { id, room, reporter, evidence } = report
  return [
    [
      INSERT_REPORT,
      [
        id,
        room,
        report.provider,
        report.subject,
        reporter,
        report.category,
        report.result,
        report.messages,
        report.receivedAtMs,
        evidence.keyId,
        evidence.encapsulation,
        evidence.ciphertext,
        report.consentFlags,
        report.reporterProof,
        report.digest ?? null,
      ],
    ],
    trackStatement(report),
    ...report.checked.flatMap((message) => messageStatements(report, message)),
  ]
}

function messageStatements(report: NewReport, message: CheckedMessage): readonly Statement[] {
  const { id, room, reporter, provider, receivedAtMs } = report
  const { messageId, result, method, anomaly, gap } = message
  const proof = JSON.stringify(messageProof(message, receivedAtMs))
  return [
    ...(result === 'verified' ? [[DELETE_WEAKER, [room, messageId, reporter]] as const] : []),
    [
      INSERT_MESSAGE,
      [room, messageId, reporter, id, result, method, anomaly ?? null, gap ?? null, proof],
    ],
    ...(anomaly === 'frank-swapped-in-transit'
      ? [chargeStatement({ provider, anomaly, atMs: receivedAtMs })]
      : []),
  ]
}

function find(store: Store, id: string): StoredReport | undefined {
  const row = store.get(FIND, [id])
  if (row === undefined) return undefined
  return {
    summary: summaryOf(row),
    reporter: textColumn(row, 'reporter'),
    checks: store.all(CHECKS, [id]).map((check) => ({
      messageId: blobColumn(check, 'message_id').toString('hex'),
      result: textColumn(check, 'result'),
      method: textColumn(check, 'method'),
      anomaly: check['anomaly'] === null ? undefined : textColumn(check, 'anomaly'),
      gap: check['gap'] === null ? undefined : numberColumn(check, 'gap'),
      proof: check['proof'] === null ? undefined : textColumn(check, 'proof'),
    })),
    evidence: {
      keyId: textColumn(row, 'sealing_key'),
      encapsulation: blobColumn(row, 'encapsulation'),
      ciphertext: blobColumn(row, 'sealed'),
    },
  }
}

function summaryOf(row: Row): ReportSummary {
  return {
    id: textColumn(row, 'id'),
    receivedAtMs: numberColumn(row, 'received_ms'),
    room: textColumn(row, 'room'),
    provider: textColumn(row, 'provider'),
    subject: textColumn(row, 'subject'),
    category: textColumn(row, 'category'),
    messages: numberColumn(row, 'messages'),
    result: resultOf(textColumn(row, 'result')),
    consentFlags: numberColumn(row, 'consent'),
    reporterProof: proofOf(textColumn(row, 'reporter_proof')),
  }
}

function proofOf(text: string): ReporterProof {
  return PROOFS.find((proof) => proof === text) ?? 'none'
}

/** Anything that this program never writes counts as not checked. */
export function resultOf(text: string): ReportResult {
  return RESULTS.find((result) => result === text) ?? 'not-checked'
}

const PROOFS = ['none', 'proven', 'not-proven'] as const
const RESULTS = ['verified', 'contradicted', 'unverifiable', 'not-checked'] as const
/** Sorts after every id. */
const ID_MAX = '~'
const PAGE_DEFAULT = 100
const PAGE_MAX = 1_000
const ATTEMPTS_MAX = 3

const SUMMARY = `id, received_ms, room, provider, subject, category, messages, result, consent,
  reporter_proof`
const INSERT_REPORT = `INSERT INTO reports (id, room, provider, subject, reporter, category, result,
  messages, received_ms, sealing_key, encapsulation, sealed, consent, reporter_proof, digest)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_MESSAGE = `INSERT INTO report_messages (room, message_id, reporter, report, result, method,
  anomaly, gap, proof) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const DELETE_WEAKER = `DELETE FROM report_messages
  WHERE room = ? AND message_id = ? AND reporter = ? AND result <> 'verified'`
const FIND_RESULT = `SELECT result FROM report_messages WHERE room = ? AND message_id = ? AND reporter = ?`
const FIND_MESSAGE = `SELECT report FROM report_messages WHERE room = ? AND message_id = ? AND reporter = ?`
const FIND_DUPLICATE = `SELECT ${SUMMARY} FROM reports WHERE id = (${FIND_MESSAGE})`
const FIND = `SELECT ${SUMMARY}, reporter, sealing_key, encapsulation, sealed FROM reports WHERE id = ?`
const FIND_DIGEST = `SELECT ${SUMMARY} FROM reports WHERE digest = ? ORDER BY id DESC LIMIT 1`
const CHECKS = `SELECT message_id, result, method, anomaly, gap, proof FROM report_messages
  WHERE report = ?`
const LIST = `SELECT ${SUMMARY} FROM reports
  WHERE id < ? AND (? IS NULL OR room = ?) AND (? IS NULL OR result = ?) ORDER BY id DESC LIMIT ?`
