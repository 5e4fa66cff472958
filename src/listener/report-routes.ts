import type { ListenerResponse } from '../model/handle.ts'
import type { InternalHandlers } from './internal-handlers.ts'
import { INTERNAL_PREFIX, json, parseJson, type InternalRoute } from './internal-route.ts'
import { reportSchemas } from './report-schemas.ts'

/** Reports of a provider's own apps, in JSON, and how they stand. */
export function reportRoutes(handlers: InternalHandlers): readonly InternalRoute[] {
  const path = `${INTERNAL_PREFIX}/reports`
  const accepted = { status: '202', body: 'ReportAccepted' } as const
  return [
    {
      method: 'POST',
      path,
      summary: 'An abuse report of a user of ours, to the hub of its room: the answer is a receipt',
      body: 'ReportToSend',
      bodyBytesMax: REPORT_BYTES_MAX,
      answer: accepted,
      run: async ({ bytes, context }) =>
        taken(await handlers.report(parseJson(reportSchemas.ReportToSend, bytes), context)),
    },
    {
      method: 'GET',
      path,
      variable: 'receipt',
      summary:
        'How a report stands, by its receipt, to us or to another hub; unknown and expired are the same 404',
      bodyBytesMax: 0,
      answer: { status: '200', body: 'ReportStatus' },
      run: async ({ target, context }) =>
        json(200, { status: await handlers.reportStatus(target, context) }),
    },
    {
      method: 'POST',
      path: `${INTERNAL_PREFIX}/spam-reports`,
      summary: 'A report of spam that shows no content, only the tag of the message',
      body: 'SpamToReport',
      bodyBytesMax: SPAM_BYTES_MAX,
      answer: accepted,
      run: async ({ bytes, context }) =>
        taken(await handlers.reportSpam(parseJson(reportSchemas.SpamToReport, bytes), context)),
    },
  ]
}

/** Whatever a hub makes of a report, it says no more than this. Its refusals pass as they came. */
function taken(answer: ListenerResponse): ListenerResponse {
  if (answer.status < 200 || answer.status > 299) return answer
  return json(202, { receipt: answer.headers?.reportReceipt ?? '' })
}

/** 1 MiB of a MIMI report in base64, and the names around it. */
const REPORT_BYTES_MAX = 1_572_864
const SPAM_BYTES_MAX = 16_384
