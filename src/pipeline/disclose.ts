import { missingAttested } from '../metadata/attested.ts'
import { purposeOf, withinCell, type GrantedPlan } from '../metadata/plan.ts'
import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import type { Audience, FieldName, Form } from '../model/metadata.ts'
import type { Passage } from './passage.ts'

/** What the bytes of a request show, for the fields in which they can differ. */
export type Observed = Readonly<Partial<Record<FieldName, Form>>>

/**
 * Stage 4: the plan of this exchange for `audience`. What a client signed must lie within it, because
 * a gateway can only take or refuse that; what a suite has attested of a sender must be there. Throws
 * `disclosure-refused` with the field as a fact.
 */
export function disclose(
  passage: Passage,
  audience: Audience,
  observed: Observed = NOTHING,
): GrantedPlan {
  const { exchange, decisions, peer, room } = passage
  const plan = decisions.plan({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    audience,
    purpose: purposeOf(exchange.operation, audience),
  })
  if (plan.kind === 'refused') throw refusal(plan.field)
  const missing = missingAttested(passage.attested, plan.request)
  if (missing !== undefined && audience === 'hub' && ofASender(exchange)) throw refusal(missing)
  if (observed === NOTHING) return plan
  for (const cell of plan.cells) {
    const form = cell.part === 'request' ? observed[cell.field] : undefined
    if (form !== undefined && cell.enforcement === 'checked' && !withinCell(cell, form))
      throw refusal(cell.field)
  }
  return plan
}

function ofASender({ operation }: Exchange): boolean {
  return operation === 'submitMessage' || operation === 'update'
}

const NOTHING: Observed = {}

function refusal(field: FieldName): GatewayError {
  return new GatewayError('disclosure-refused', { facts: { field } })
}
