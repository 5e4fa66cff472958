import type { ReceiptBook } from '../receipts/receipt-book.ts'
import type { TimeSpan } from '../reports/cases/verified-cases.ts'

export interface AbuseRateParts {
  readonly receipts: Pick<ReceiptBook, 'list'>
  /** Cases with a verified report about participants of a provider. */
  readonly verifiedCases: (provider: string, span: TimeSpan) => number
}

/**
 * Verified cases for each 10,000 messages that a provider's users submitted to our rooms, over the last
 * 30 days that are over. Undefined where there are fewer than 1,000 messages or 5 cases: so few say
 * nothing of a provider, and much of single persons. Messages are counted by the receipts of these days.
 */
export function casesPer10000(
  { receipts, verifiedCases }: AbuseRateParts,
  provider: string,
  nowMs: number,
): number | undefined {
  const untilMs = nowMs - (nowMs % DAY_MS)
  const span = { fromMs: untilMs - WINDOW_DAYS * DAY_MS, untilMs }
  const messages = submittedMessages({ receipts }, provider, span)
  const cases = verifiedCases(provider, span)
  if (messages < MESSAGES_MIN || cases < CASES_MIN) return undefined
  return (cases * 10_000) / messages
}

function submittedMessages(
  { receipts }: Pick<AbuseRateParts, 'receipts'>,
  peer: string,
  { fromMs, untilMs }: TimeSpan,
): number {
  return receipts
    .list({ peer, before: undefined, limit: WINDOW_DAYS })
    .map(({ signed }) => signed.receipt)
    .filter(({ from, to }) => from * 1_000 >= fromMs && to * 1_000 <= untilMs)
    .flatMap(({ terms }) => terms)
    .flatMap(({ exchanges }) => exchanges)
    .filter(
      ({ kind, operation, audience }) =>
        kind === 'received' && operation === 'submitMessage' && audience === 'hub',
    )
    .reduce((sum, { count }) => sum + count, 0)
}

const DAY_MS = 86_400_000
const WINDOW_DAYS = 30
const MESSAGES_MIN = 1_000
const CASES_MIN = 5
