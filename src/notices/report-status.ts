import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import type { Clock } from '../model/clock.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import { hubOfReceipt, receiptBytesMax, type ReportReceipts } from '../reports/report-receipts.ts'
import { createPeerRate } from './peer-rate.ts'
import type { SendMessage } from './ports.ts'

/** Where a hub says how a report stands to whoever shows its receipt. */
export const reportStatusPath = '/report-status'
export const reportStatusBytesMax = receiptBytesMax
/** Octets of the answer. */
export const reportStatusAnswerMax = 256

export interface StatusParts {
  readonly self: ProviderDomain
  readonly reports: Pick<ReportDesk, 'status'>
  readonly receipts: Pick<ReportReceipts, 'read'>
  /** Whether we serve a provider, and so ask it. */
  readonly isServed: (domain: ProviderDomain) => boolean
  /** One attempt to ask a hub. */
  readonly ask: SendMessage
  readonly clock: Clock
}

/** How reports stand, for our own apps and for other providers whose users hold receipts of ours. */
export interface StatusDesk {
  /** Before anything of a peer's is read. Throws `rate-limited`. */
  admit(peer: ProviderDomain): void
  /** To a peer that shows a receipt of ours: the class of the status and no more. Throws `receipt-unknown`. */
  receive(peer: ProviderDomain, receipt: Buffer): Promise<string>
  /**
   * To our own apps; a receipt of another hub is shown to that hub. Throws `receipt-unknown`, `rate-limited`
   * where the hub says so, `peer-invalid` and what `SendMessage` throws.
   */
  statusOf(receipt: string, signal: AbortSignal): Promise<string>
}

export function createStatusDesk(parts: StatusParts): StatusDesk {
  const own = (receipt: string): string => {
    const issued = parts.receipts.read(receipt)
    const status = issued && parts.reports.status(issued)
    if (status === undefined) throw new GatewayError('receipt-unknown')
    return status
  }
  return {
    admit: createPeerRate(RATE, parts.clock),
    receive: async (_, receipt) => JSON.stringify({ status: own(receipt.toString('latin1')) }),
    statusOf: async (receipt, signal) => {
      const hub = hubOfReceipt(receipt)
      if (hub === undefined || hub === parts.self) return own(receipt)
      // A receipt is no reason to talk to whomever it names.
      if (!parts.isServed(hub)) throw new GatewayError('receipt-unknown')
      const bytes = Buffer.from(receipt, 'latin1')
      return readAnswer(await parts.ask({ peer: hub, bytes, signal }))
    },
  }
}

function readAnswer({ status, bytes, retryAfterMs }: Awaited<ReturnType<SendMessage>>): string {
  if (status === 404) throw new GatewayError('receipt-unknown')
  if (status === 429)
    throw new GatewayError('rate-limited', retryAfterMs === undefined ? {} : { retryAfterMs })
  const answer = status === 200 ? answerSchema.safeParse(readJson(bytes)) : undefined
  if (answer?.success !== true) throw new GatewayError('peer-invalid')
  return answer.data.status
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** Of a peer: ten a second in the long run, and a hundred at once. */
const RATE = { perSecond: 10, burst: 100, limit: 'report-status' }
const answerSchema = z.strictObject({
  status: z.string().regex(/^(received|under_review|decided:[a-z_]{1,32})$/),
})
