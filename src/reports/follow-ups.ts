import type { Clock } from '../model/clock.ts'
import { textColumn } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'
import type { MessageProof } from './message-proof.ts'
import type { NewReport, ReportStore, ReportSummary, StoredReport } from './report-store.ts'
import type { SealedEvidence } from './sealing.ts'

/** A report that was kept, for what follows from it. Nothing in it can be read as content. */
export interface TakenReport extends ReportSummary {
  /** A handle. */
  readonly reporter: string
  /** Its messages that were verified. */
  readonly verified: readonly VerifiedMessage[]
  readonly evidence: SealedEvidence
}

export interface VerifiedMessage {
  /** 32 octets each. */
  readonly messageId: Buffer
  readonly frankingTag: Buffer
  readonly method: string
  readonly acceptedAtMs: number
}

/** INVARIANT: a report stands here from its own commit until all that follows from it is done. */
export const followUpMigrations: readonly Migration[] = [
  {
    id: 'reports/0006-follow-ups',
    sql: `CREATE TABLE report_follow_ups (
      report TEXT PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
      at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX report_follow_ups_time ON report_follow_ups (at_ms)`,
  },
]

export interface FollowUpOptions {
  readonly store: Store
  readonly reports: Pick<ReportStore, 'find'>
  readonly clock: Clock
  /** Does what follows; may be asked again for the same report, and rejects where anything is left to do. */
  readonly work: (report: TakenReport) => Promise<void>
}

export interface FollowUps {
  /** Goes with the report's own commit. */
  statement(report: Pick<NewReport, 'id' | 'receivedAtMs'>): Statement
  /** Rejects as `work` does; then the report is taken up again by `runAll`. */
  run(report: NewReport): Promise<void>
  /** Takes up what a fault or the end of the process left, at most 1,000. Rejects with the last fault. */
  runAll(): Promise<number>
}

export function createFollowUps(options: FollowUpOptions): FollowUps {
  const { store, reports, clock } = options
  const finish = async (report: TakenReport) => {
    await options.work(report)
    // Nobody waits for it: the work may be done again.
    void store.writeSoon(DONE, [report.id]).catch(() => {})
  }
  return {
    statement: ({ id, receivedAtMs }) => [WAIT, [id, receivedAtMs]],
    run: (report) => finish(takenReport(report)),
    runAll: async () => {
      let done = 0
      let failed: Promise<void> | undefined
      for (const row of store.all(LEFT, [clock() - UNDER_WAY_MS, AT_ONCE])) {
        const report = reports.find(textColumn(row, 'report'))
        if (report === undefined) continue
        const work = finish(storedReport(report))
        await work.then(
          () => (done += 1),
          () => (failed = work),
        )
      }
      await failed
      return done
    },
  }
}

function takenReport({ checked, ...report }: NewReport): TakenReport {
  const verified = checked.flatMap(({ result, method, messageId, claim }) =>
    result === 'verified'
      ? [
          {
            messageId,
            method,
            frankingTag: claim.frankingTag,
            acceptedAtMs: Number(claim.acceptedTimestamp),
          },
        ]
      : [],
  )
  return { ...report, verified }
}

function storedReport({ summary, reporter, checks, evidence }: StoredReport): TakenReport {
  const verified = checks.flatMap(({ result, method, messageId, proof }) => {
    if (result !== 'verified' || proof === undefined) return []
    const { frankingTag, acceptedTimestamp: acceptedAtMs }: MessageProof = JSON.parse(proof)
    return [
      { messageId: octets(messageId), frankingTag: octets(frankingTag), method, acceptedAtMs },
    ]
  })
  return { ...summary, reporter, verified, evidence }
}

function octets(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

/** Whoever takes a report is given this time for it. */
const UNDER_WAY_MS = 60_000
const AT_ONCE = 1_000
const WAIT = 'INSERT INTO report_follow_ups (report, at_ms) VALUES (?, ?)'
const LEFT = 'SELECT report FROM report_follow_ups WHERE at_ms < ? ORDER BY at_ms LIMIT ?'
const DONE = 'DELETE FROM report_follow_ups WHERE report = ?'
