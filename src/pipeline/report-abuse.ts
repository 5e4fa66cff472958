import type { ReportAbuseExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { admit } from './admit.ts'
import { disclose } from './disclose.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { record } from './record.ts'

/**
 * An abuse report about a room of ours: verified, sealed and kept. Whatever the verification says, the
 * answer is the same: it tells nobody what we know. draft-ietf-mimi-protocol-06 §5.9
 */
export async function reportAbuse(
  parts: PipelineParts,
  exchange: ReportAbuseExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const pseudonymous = passage.suite.pseudonymousCredentials === 'required'
  const policies = admit(parts, passage, pseudonymous)
  disclose(passage, 'hub', {
    'report.subject': pseudonymous ? 'pseudonym-room' : 'exact',
    'report.evidence': exchange.messageCount > 0 ? 'exact' : 'absent',
  })
  const receipt = await parts.reports.receive(exchange)
  parts.metrics.reportReceived(receipt.result)
  record(parts, passage, {
    kind: 'report.received',
    outcome: receipt.duplicate ? 'duplicate' : receipt.result,
    policies,
    values: { 'room.id': { form: 'exact', value: exchange.room } },
  })
  return parts.adapter.serialise(exchange, {
    operation: 'reportAbuse',
    outcome: { kind: 'accepted' },
  })
}
