import type { ExportDesk } from '../exports/export-desk.ts'
import { archiveDays } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import { noticeKeptMs } from '../notices/judge-message.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { DISCLOSURES_KEPT_MS } from '../reports/cases/disclosures.ts'
import { RETENTION_MS as CASES_KEPT_MS } from '../reports/cases/retention-classes.ts'
import type { Log } from '../signals/log.ts'
import type { Notices } from './notices.ts'
import type { Senders } from './senders.ts'
import { repeat } from './repeat.ts'

/** Deletes what has served its time, now and every hour. */
export function startRetention(
  parts: PipelineParts &
    Pick<Senders, 'submitLog' | 'standing'> & {
      readonly notices: Pick<Notices, 'deleteExpired'>
      readonly exports: Pick<ExportDesk, 'deleteExpired'>
    },
  log: Log,
): Disposable {
  const run = async (): Promise<void> => {
    const nowMs = parts.clock()
    try {
      const stamps = await parts.stamps.deleteBefore(nowMs - STAMPS_KEPT_MS)
      const notifications = await parts.notifications.deleteBefore(nowMs - NOTIFICATIONS_KEPT_MS)
      await parts.pendingUpdates.deleteBefore(nowMs - NOTIFICATIONS_KEPT_MS)
      await parts.unheardMessages.deleteBefore(nowMs - STAMPS_KEPT_MS)
      await parts.senders.dropEpochs()
      await parts.submitLog.deleteBefore(nowMs)
      await parts.standing.deleteBefore(nowMs)
      await parts.relayLog.deleteBefore(nowMs)
      await parts.reports.forgetSpam()
      const events = await parts.journal.deleteOlderThan((suite) =>
        eventsKeptMs(parts.suites, suite),
      )
      const consents = await parts.consents.deleteBefore(nowMs - CONSENTS_KEPT_MS, nowMs)
      const receipts = await parts.receipts.deleteBefore(nowMs - RECEIPTS_KEPT_MS)
      await parts.sanctions.deleteBefore(nowMs - SANCTIONS_KEPT_MS)
      const notices = await parts.notices.deleteExpired()
      await parts.exports.deleteExpired()
      await parts.cases.disclosures.deleteBefore(nowMs - DISCLOSURES_KEPT_MS)
      await parts.cases.noticeOpenings.deleteBefore(nowMs - noticeKeptMs)
      log.debug('retention.done', { stamps, notifications, events, consents, receipts, notices })
    } catch (error) {
      log.fault('retention.failed', error)
    }
  }
  return repeat(run, INTERVAL_MS)
}

/** How long the journal keeps events under a suite: no longer than it says of what the archive sees. */
export function eventsKeptMs(suites: Suites, name: string): number {
  const suite = suites.suiteByName(name)
  const days = suite && archiveDays(suite)
  return days === undefined ? EVENTS_KEPT_MS : Math.min(EVENTS_KEPT_MS, days * DAY_MS)
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const INTERVAL_MS = HOUR_MS
/** As long as a hub may retry a fan-out. */
const STAMPS_KEPT_MS = 7 * DAY_MS
const NOTIFICATIONS_KEPT_MS = 7 * DAY_MS
/** As long as any case, which may take them back. */
const SANCTIONS_KEPT_MS = Math.max(...Object.values(CASES_KEPT_MS))
const EVENTS_KEPT_MS = 90 * DAY_MS
/** Grants that still hold are kept beyond it. */
const CONSENTS_KEPT_MS = 365 * DAY_MS
/** The last one of each peer is kept beyond it: the next follows it. */
const RECEIPTS_KEPT_MS = 400 * DAY_MS

/** What we state about it. */
export const retentionDays = {
  deliveryDays: STAMPS_KEPT_MS / DAY_MS,
  moderationDays: SANCTIONS_KEPT_MS / DAY_MS,
  complianceDays: EVENTS_KEPT_MS / DAY_MS,
} as const
