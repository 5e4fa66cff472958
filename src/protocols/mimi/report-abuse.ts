import type { RawRequest } from '../../model/adapter.ts'
import type { ReportAbuseExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import { decode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import { abuseReportCodec, type AbuseReport } from '../../wire/mimi/report-abuse.ts'
import {
  reportExtensionCodec,
  reportExtensionComponent,
  type ReportExtension,
} from '../../wire/mimi/report-extension.ts'
import { componentData } from '../../wire/mls/app-data.ts'
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
    sealed: sealedIn(report),
  }
}

/** What nobody can read may show everything. */
function sealedIn({ abuseExtensions }: AbuseReport): ReportAbuseExchange['sealed'] {
  const data = componentData(abuseExtensions, reportExtensionComponent)
  if (data === undefined) return undefined
  const extension = decodeExtension(data)
  if (extension === undefined) return { content: true, reporter: true }
  const { sealedMessages, mlsEvidence, reporterProof } = extension
  const content = sealedMessages.length > 0 || mlsEvidence.length > 0
  const reporter = reporterProof.length > 0
  return content || reporter ? { content, reporter } : undefined
}

function decodeExtension(data: Buffer): ReportExtension | undefined {
  try {
    return decode(reportExtensionCodec, data)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
