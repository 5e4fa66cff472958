import type { Randomness } from '../model/clock.ts'
import type { TakenReport } from '../reports/follow-ups.ts'
import type { Store } from '../sqlite/store.ts'
import { reporterBucket, timeBucket } from './coarse.ts'
import { consentOf } from './consent.ts'
import type { ModeratorNotices } from './moderator-notices.ts'
import { newNoticeId } from './notice-ids.ts'
import { agreedReporters, bestMethod, verificationWords } from './report-facts.ts'
import type { ReportRouter } from './report-router.ts'

export interface TellingParts {
  readonly store: Store
  readonly router: Pick<ReportRouter, 'noticeToModerators'>
  readonly notices: Pick<ModeratorNotices, 'insert'>
  /** Whether it was this user who reported, where that is known. */
  readonly isReporter: (report: TakenReport, user: string) => boolean
  readonly randomness: Randomness
}

/** Tells moderators of the room of a new report, where policies let them hear of it. */
export type TellModerators = (report: TakenReport) => Promise<void>

export function createTellModerators(parts: TellingParts): TellModerators {
  return async (report) => {
    const { store, router, notices, isReporter, randomness } = parts
    const { id, room, subject, category, verified } = report
    const methods = verified.map(({ method }) => method)
    const consent = consentOf(report.consentFlags)
    const to = router.noticeToModerators({ ...report, methods, consent })
    const moderators = to.moderators.filter((user) => !isReporter(report, user))
    if (!to.allowed || moderators.length === 0) return
    const method = report.result === 'verified' ? bestMethod(new Set(methods)) : 'none'
    const { evidence } = to
    await notices.insert(
      {
        id: newNoticeId(randomness),
        room,
        moderators,
        subject,
        category,
        verification: method === 'none' ? 'none' : verificationWords[method],
        distinctReporters: reporterBucket(agreedReporters(store, report)),
        timeBucket: timeBucket(report.receivedAtMs, to.anonymitySet),
        messageIds: evidence.allowed ? verified.map(({ messageId }) => hex(messageId)) : [],
      },
      {
        report: id,
        policies: [...new Set([...to.policies, ...(evidence.allowed ? evidence.policies : [])])],
      },
    )
  }
}

function hex(octets: Buffer): string {
  return octets.toString('hex')
}
