import type { Misfit } from '../decision-log/decision.ts'
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
  const { exchange, decisions, decisionLog, peer, room } = passage
  const plan = decisions.plan({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    audience,
    purpose: purposeOf(exchange.operation, audience),
  })
  const misfit =
    plan.kind === 'granted' ? misfitOf(passage, { plan, audience, observed }) : undefined
  decisionLog.disclosure(passage, misfit ?? plan, audience)
  if (plan.kind === 'refused') throw refusal(plan.field)
  if (misfit !== undefined) throw refusal(misfit.field)
  return plan
}

/** A plan with those for whom it is. */
export interface Disclosed {
  readonly plan: GrantedPlan
  readonly audience: Audience
}

/** The refusal of bytes that show a field in a form which `audience` may not see. */
export function showsTooMuch(
  passage: Passage,
  audience: Audience,
  { field, shown }: { readonly field: FieldName; readonly shown: Form },
): GatewayError {
  passage.decisionLog.disclosure(passage, because(field, { kind: 'bytes', shown }), audience)
  return refusal(field)
}

interface Fitting extends Disclosed {
  readonly observed: Observed
}

/** What is missing of the sender, or the first field whose form is outside of the plan. */
function misfitOf(
  { exchange, attested }: Passage,
  { plan, audience, observed }: Fitting,
): Misfit | undefined {
  const missing = missingAttested(attested, plan.request)
  if (missing !== undefined && audience === 'hub' && ofASender(exchange))
    return because(missing, { kind: 'unattested' })
  if (observed === NOTHING) return undefined
  for (const cell of plan.cells) {
    const form = cell.part === 'request' ? observed[cell.field] : undefined
    if (form !== undefined && cell.enforcement === 'checked' && !withinCell(cell, form))
      return because(cell.field, { kind: 'bytes', shown: form })
  }
  return undefined
}

function because(field: FieldName, reason: Misfit['reason']): Misfit {
  return { kind: 'refused', part: 'request', field, reason }
}

function ofASender({ operation }: Exchange): boolean {
  return operation === 'submitMessage' || operation === 'update'
}

const NOTHING: Observed = {}

function refusal(field: FieldName): GatewayError {
  return new GatewayError('disclosure-refused', { facts: { field } })
}
