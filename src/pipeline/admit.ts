import { GatewayError } from '../model/errors.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/**
 * Stages 2 and 3: the operator's policies on who may speak to whom at all (no permit, or any fault
 * while deciding, is a refusal), then the ladder of budgets. Returns the deciding policies.
 * Throws `not-admitted`, `rate-limited`.
 */
export function admit(
  parts: PipelineParts,
  passage: Passage,
  pseudonymous: boolean,
): readonly string[] {
  const { exchange, decisions, decisionLog, peer, room } = passage
  const admission = decisions.admit({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    local: exchange.origin.kind === 'local',
    pseudonymous,
  })
  decisionLog.admission(passage, admission, pseudonymous)
  if (admission.kind === 'refused') throw new GatewayError('not-admitted')
  const limited = parts.limiter.check(exchange, parts.clock())
  if (limited.kind === 'limited') {
    const { limit, retryAfterMs } = limited
    throw new GatewayError('rate-limited', { facts: { limit }, retryAfterMs })
  }
  return admission.policies
}
