import { GatewayError } from '../model/errors.ts'
import { isPending, type Eventually } from '../model/eventually.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'
import { presentedTier } from './presented-tier.ts'
import { requireWithinLimits } from './within-limits.ts'

/**
 * Stages 2 and 3: policies, then the ladder of budgets. `tier` is given where a certificate was
 * verified. The deciding policies, at once where the budgets are in memory: whoever calls it for
 * messages awaits it only where it is pending. Throws, or rejects with, `not-admitted`, `rate-limited`.
 */
export function admit(
  parts: PipelineParts,
  passage: Passage,
  tier: SenderTier = presentedTier(passage.exchange, passage.suite),
): Eventually<readonly string[]> {
  const { exchange, context } = passage
  const policies = requireAdmitted(passage, tier)
  const outcome = parts.limiter.check(exchange, parts.clock(), tier)
  if (isPending(outcome))
    return outcome.then((later) => {
      requireWithinLimits(context, later)
      return policies
    })
  requireWithinLimits(context, outcome)
  return policies
}

/**
 * Stage 2 alone, for what our own delivery service sends to many: the operator's policies on who may
 * speak to whom at all. No permit, or any fault while deciding, is a refusal. Returns the deciding
 * policies. Throws `not-admitted`.
 */
export function requireAdmitted(
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
  return admission.policies
}
