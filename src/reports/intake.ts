import type { ReportedClaim } from '../franking/reported-claim.ts'
import type { MessageVerdict, ReportedRoom, VerifyMessage } from '../franking/verify-report.ts'
import { GatewayError } from '../model/errors.ts'
import type { ReportAbuseExchange } from '../model/exchange.ts'
import { uriDomain, type ProviderDomain } from '../model/ids.ts'
import type { OpenedReport, ReportFault } from './open-report.ts'

/** What verification says of a report; `not-checked` has no message to check. */
export type ReportResult = 'verified' | 'contradicted' | 'unverifiable' | 'not-checked'

/** A message after all checks, without its content. */
export interface CheckedMessage extends MessageVerdict {
  readonly claim: ReportedClaim
  /** Accepted messages between this and the reported one before it; undefined where nobody knows. */
  readonly gap: number | undefined
}

/** A report after all checks, without its content. */
export interface CheckedReport {
  readonly result: ReportResult
  /** Each message once, in the order of the room where it is known. */
  readonly messages: readonly CheckedMessage[]
}

/** What the desk needs of the exchange. */
export type ReportExchange = Pick<
  ReportAbuseExchange,
  'bytes' | 'origin' | 'room' | 'reporter' | 'subject'
>

/**
 * Check 1 of the intake: who handed it in, and its size. Throws `body-too-large`, `actor-mismatch` (the
 * provider reports for another's user).
 */
export function checkCarrier({ bytes, reporter }: ReportExchange, provider: ProviderDomain): void {
  if (bytes.length > bodyBytesMax)
    throw new GatewayError('body-too-large', { facts: { bytesMax: bodyBytesMax } })
  if (reporter !== undefined && uriDomain(reporter) !== provider)
    throw new GatewayError('actor-mismatch')
}

/** The report where it can be taken. Throws `malformed-body`, and `report-invalid` with a reason. */
export function requireOpened(
  opened: OpenedReport,
): Extract<OpenedReport, { readonly kind: 'opened' }> {
  if (opened.kind === 'opened') return opened
  const { fault, message } = opened
  if (fault === 'malformed') throw new GatewayError('malformed-body')
  throw invalid(fault, message)
}

/** Checks 6 to 12 of the intake, message by message. */
export function checkClaims(
  claims: readonly ReportedClaim[],
  room: ReportedRoom,
  verify: VerifyMessage,
): CheckedReport {
  const verdicts = claims.map((claim) => ({ ...verify(claim, room), claim }))
  const ordered = verdicts.toSorted((a, b) => Number((a.sequence ?? 0n) - (b.sequence ?? 0n)))
  const messages = ordered.map((verdict, index) => ({
    ...verdict,
    gap: gapBetween(ordered[index - 1]?.sequence, verdict.sequence),
  }))
  return { result: resultOf(messages), messages }
}

/** Numbers are 0 where the delivery service's answer never came. */
function gapBetween(before: bigint | undefined, after: bigint | undefined): number | undefined {
  if (before === undefined || after === undefined || before === 0n || after <= before)
    return undefined
  return Number(after - before - 1n)
}

/** A report is as good as its weakest message: one that is contradicted, then one that proves nothing. */
function resultOf(messages: readonly MessageVerdict[]): ReportResult {
  const results = new Set(messages.map(({ result }) => result))
  if (results.size === 0) return 'not-checked'
  if (results.has('contradicted')) return 'contradicted'
  return results.has('unverifiable') ? 'unverifiable' : 'verified'
}

function invalid(reason: ReportFault, message: number | undefined): GatewayError {
  return new GatewayError('report-invalid', {
    facts: { reason, ...(message !== undefined && { message }) },
  })
}

const bodyBytesMax = 1_048_576
