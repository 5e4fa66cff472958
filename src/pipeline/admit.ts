import { GatewayError } from '../model/errors.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'
import { presentedTier } from './presented-tier.ts'

/**
 * Stages 2 and 3: the operator's policies on who may speak to whom at all (no permit, or any fault
 * while deciding, is a refusal), then the ladder of budgets. `tier` is given where a certificate was
 * verified. Returns the deciding policies.
 * Throws `not-admitted`, `rate-limited`.
 */
export function admit(
  parts: PipelineParts,
  passage: Passage,
  tier: SenderTier = presentedTier(passage.exchange, passage.suite),
): readonly string[] {
  const { exchange, decisions, decisionLog, peer, room } = passage
  const admission = decisions.admit({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    local: exchange.origin.kind === 'local',
    tier,
  })
  decisionLog.admission(passage, admission, tier)
  if (admission.kind === 'refused') throw new GatewayError('not-admitted')
  const limited = parts.limiter.check(exchange, parts.clock())
  if (limited.kind === 'limited') {
    const { limit, retryAfterMs } = limited
    throw new GatewayError('rate-limited', { facts: { limit }, retryAfterMs })
  }
  return admission.policies
}
