import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { ReportAbuseExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { RoomUnknownError, type ReportReceipt } from '../reports/report-desk.ts'
import { admit } from './admit.ts'
import { countAnswer, countTaken } from './count.ts'
import { disclose } from './disclose.ts'
import { observedOf } from './observed.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { record } from './record.ts'
import { requireMayReport } from './room-policy.ts'
import { showRequest } from './show-request.ts'
import { PresenceError, shownCode } from './unknown-room.ts'

/**
 * An abuse report about a room of ours: verified, sealed and kept, with what the plan shows us of it.
 * Whatever the verification says, the answer is the same: it tells nobody what we know.
 * draft-ietf-mimi-protocol-06 §5.9
 */
export async function reportAbuse(
  parts: PipelineParts,
  exchange: ReportAbuseExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  requireMayReport(parts, exchange)
  const plan = disclose(passage, 'hub', observedOf(exchange, passage.suite))
  const response = disclose(passage, 'follower')
  const shown = showRequest(parts, passage, plan)
  if (shown.operation !== 'reportAbuse') throw new GatewayError('internal')
  const receipt = await received(parts, passage, shown)
  const reportReceipt = parts.reportReceipts.issue(receipt.id, receipt.receivedAtMs)
  parts.metrics.reportReceived(receipt.result)
  record(parts, passage, {
    kind: 'report.received',
    outcome: receipt.duplicate ? 'duplicate' : receipt.result,
    policies,
    values: { 'room.id': { form: 'exact', value: exchange.room } },
  })
  countTaken(parts, { ...passage, exchange: shown }, { audience: 'hub', plan })
  countAnswer(parts, passage, { audience: 'follower', plan: response, observed: {} })
  const answer = parts.adapter.serialise(exchange, {
    operation: 'reportAbuse',
    outcome: { kind: 'accepted' },
  })
  return { ...answer, headers: { reportReceipt } }
}

/**
 * A report of a room that is not there is taken like any other and not kept, where the reporter's
 * provider may not be told so; its receipt looks like any other.
 */
async function received(
  parts: PipelineParts,
  passage: Passage,
  report: ReportAbuseExchange,
): Promise<Omit<ReportReceipt, 'category'>> {
  try {
    return await parts.reports.receive(report)
  } catch (error) {
    if (!(error instanceof RoomUnknownError)) throw error
    if (shownCode(parts, passage, error.code) === error.code) throw new PresenceError(error.code)
    return error.receipt
  }
}
