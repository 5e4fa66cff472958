import type { RawRequest } from '../../model/adapter.ts'
import type { ReportAbuseExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { abuseReportCodec } from '../../wire/mimi/report-abuse.ts'
import { decodeBody, exchangeBase } from './decode.ts'

/** Content and note stay in the bytes. Throws `malformed-body`, `invalid-uri`. draft-ietf-mimi-protocol-06 §5.9 */
export function parseReportAbuse(request: RawRequest): ReportAbuseExchange {
  const report = decodeBody(abuseReportCodec, request)
  const { reportingUser } = report
  return {
    ...exchangeBase(request),
    operation: 'reportAbuse',
    room: parseMimiUri(request.target, 'room'),
    reporter: reportingUser === '' ? undefined : parseMimiUri(reportingUser, 'user'),
    subject: parseMimiUri(report.allegedAbuserUri, 'user'),
    messageCount: report.messages.length,
  }
}
