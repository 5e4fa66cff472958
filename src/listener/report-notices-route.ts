import type { InternalHandlers } from './internal-handlers.ts'
import { INTERNAL_PREFIX, json, type InternalRoute } from './internal-route.ts'
import { nextQuery, nextQuestion } from './next-question.ts'

/** Notices for moderators of our rooms, on their way to our delivery service. docs/notices.md */
export function reportNoticesRoute(handlers: InternalHandlers): InternalRoute {
  return {
    method: 'GET',
    path: `${INTERNAL_PREFIX}/report-notices`,
    summary:
      'What our delivery service tells moderators of reports, the oldest first, or the next one',
    query: nextQuery,
    bodyBytesMax: 0,
    answer: { status: '200', body: 'ReportNotices' },
    run: async (input) => json(200, { notices: await handlers.reportNotices(nextQuestion(input)) }),
  }
}
