import type { EventKind } from '../model/events.ts'
import { compareForms, type FieldName, type Form } from '../model/metadata.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/** A value together with the form in which the gateway has it. */
export interface Shown {
  readonly form: Form
  readonly value: string | number
}

export interface Happened {
  readonly kind: EventKind
  readonly outcome: string
  readonly policies: readonly string[]
  readonly values?: Readonly<Partial<Record<FieldName, Shown>>>
}

/**
 * Stage 7: one event for the decision. A value is kept only in a form that the plan for the archive
 * allows; where that plan is refused, no value at all.
 */
export function record(parts: PipelineParts, passage: Passage, happened: Happened): void {
  const { exchange, context, suite, peer } = passage
  parts.journal.record({
    schema: 1,
    kind: happened.kind,
    atMs: parts.clock(),
    requestId: context.requestId,
    operation: exchange.operation,
    direction: exchange.direction,
    peer: peer.id,
    suite: suite.name,
    outcome: happened.outcome,
    policies: happened.policies,
    fields: keptFields(passage, happened.values),
  })
}

function keptFields(
  passage: Passage,
  values: Happened['values'],
): Readonly<Record<string, string | number>> {
  if (values === undefined) return NO_FIELDS
  const { exchange, decisions, peer, room } = passage
  const plan = decisions.plan({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    audience: 'archive',
    purpose: 'compliance',
  })
  if (plan.kind === 'refused') return NO_FIELDS
  const kept: Record<string, string | number> = {}
  for (const { field, shown } of plan.cells) {
    const value = values[field]
    if (value !== undefined && shown !== 'absent' && compareForms(value.form, shown) <= 0)
      kept[field] = value.value
  }
  return kept
}

const NO_FIELDS = Object.freeze({})
