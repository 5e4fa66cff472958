import type { MessageVerdict, ReportedRoom, VerifyMessage } from '../franking/verify-report.ts'
import { frankOf } from '../franking/frank-struct.ts'
import { GatewayError } from '../model/errors.ts'
import type { ReportAbuseExchange } from '../model/exchange.ts'
import { uriDomain, type ProviderDomain } from '../model/ids.ts'
import { decode } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { abuseReportCodec, type AbuseReport } from '../wire/mimi/report-abuse.ts'
import { categoryOf } from './categories.ts'

/** What verification says of a report; `not-checked` has no message to check. */
export type ReportResult = 'verified' | 'contradicted' | 'unverifiable' | 'not-checked'

export type CheckedMessage = Extract<MessageVerdict, { kind: 'checked' }>

/** A report after all checks, without its content. */
export interface CheckedReport {
  readonly category: string
  readonly result: ReportResult
  /** Each message once. */
  readonly messages: readonly CheckedMessage[]
}

/** What the desk needs of the exchange. */
export type ReportExchange = Pick<
  ReportAbuseExchange,
  'bytes' | 'origin' | 'room' | 'reporter' | 'subject'
>

export interface IntakeOptions {
  readonly verify: VerifyMessage
  readonly room: Omit<ReportedRoom, 'room' | 'allegedAbuser'>
  readonly provider: ProviderDomain
}

/**
 * Checks a report: who handed it in, its form, then each message. Nothing of its content is kept.
 * Throws `body-too-large`, `actor-mismatch` (the provider reports for another's user),
 * `malformed-body`, and `report-invalid` with a reason where the report contradicts itself.
 */
export function checkReport(exchange: ReportExchange, options: IntakeOptions): CheckedReport {
  const { bytes, reporter } = exchange
  if (bytes.length > bodyBytesMax)
    throw new GatewayError('body-too-large', { facts: { bytesMax: bodyBytesMax } })
  if (reporter !== undefined && uriDomain(reporter) !== options.provider)
    throw new GatewayError('actor-mismatch')
  const { report, category } = decodeReport(bytes)
  if (report.messages.length > messagesMax)
    throw new GatewayError('report-invalid', { facts: { reason: 'too-many-messages' } })
  const messages = checkMessages(report, exchange, options)
  return { category, result: resultOf(messages), messages }
}

function decodeReport(bytes: Buffer): { report: AbuseReport; category: string } {
  try {
    const report = decode(abuseReportCodec, bytes)
    return { report, category: categoryOf(report) }
  } catch (cause) {
    if (cause instanceof WireError) throw new GatewayError('malformed-body', { cause })
    throw cause
  }
}

function checkMessages(
  report: AbuseReport,
  exchange: ReportExchange,
  { verify, room: facts }: IntakeOptions,
): readonly CheckedMessage[] {
  const room = { ...facts, room: exchange.room, allegedAbuser: exchange.subject }
  const checked = new Map<string, CheckedMessage>()
  for (const [index, message] of report.messages.entries()) {
    const verdict = verify(
      {
        applicationData: message.messageContent,
        frank: frankOf(message.frank),
        acceptedTimestamp: message.acceptedTimestamp,
      },
      room,
    )
    if (verdict.kind === 'refused')
      throw new GatewayError('report-invalid', {
        facts: { reason: verdict.reason, message: index },
      })
    checked.set(verdict.messageId.toString('hex'), verdict)
  }
  return [...checked.values()]
}

/** A report is as good as its weakest message: one that is contradicted, then one that proves nothing. */
function resultOf(messages: readonly CheckedMessage[]): ReportResult {
  const results = new Set(messages.map(({ result }) => result))
  if (results.size === 0) return 'not-checked'
  if (results.has('contradicted')) return 'contradicted'
  return results.has('unverifiable') ? 'unverifiable' : 'verified'
}

const bodyBytesMax = 1_048_576
const messagesMax = 20
