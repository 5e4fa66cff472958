import { purposeOf, withinCell, type GrantedPlan } from '../metadata/plan.ts'
import { GatewayError } from '../model/errors.ts'
import type { Audience, FieldName, Form } from '../model/metadata.ts'
import type { Passage } from './passage.ts'

/** What the bytes of a request show, for the fields in which they can differ. */
export type Observed = Readonly<Partial<Record<FieldName, Form>>>

/**
 * Stage 4: the plan of this exchange for `audience`. What a client signed must lie within it, because
 * a gateway can only take or refuse that. Throws `disclosure-refused` with the field as a fact.
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
  if (observed === NOTHING) return plan
  for (const cell of plan.cells) {
    const form = cell.part === 'request' ? observed[cell.field] : undefined
    if (form !== undefined && cell.enforcement === 'checked' && !withinCell(cell, form))
      throw refusal(cell.field)
  }
  return plan
}

const NOTHING: Observed = {}

function refusal(field: FieldName): GatewayError {
  return new GatewayError('disclosure-refused', { facts: { field } })
}
