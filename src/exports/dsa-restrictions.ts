import type { Restriction } from '../reports/decisions/statement.ts'

/** What was done, as the Transparency Database names it; at least one of both. */
export interface RestrictionFields {
  readonly decision_visibility?: readonly string[]
  readonly decision_visibility_other?: string
  readonly end_date_visibility_restriction?: string
  readonly decision_provision?: string
  readonly end_date_service_restriction?: string
}

/**
 * Accounts are another provider's, so nothing is ever said of an account. A retraction is no removal:
 * what was delivered stays where it is unless clients hide it.
 */
export function restrictionFields(
  restrictions: readonly Restriction[],
  decidedAtMs: number,
): RestrictionFields {
  return { ...visibilityOf(restrictions), ...provisionOf(restrictions, decidedAtMs) }
}

/** UTC. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, DAY_CHARACTERS)
}

function visibilityOf(restrictions: readonly Restriction[]): RestrictionFields {
  const shown = restrictions.filter(({ kind }) => kind === 'retract' || kind === 'label')
  if (shown.length === 0) return {}
  const others = new Set(shown.map(otherWords).filter((words) => words !== undefined))
  const labelled = shown.some(isMessageLabel)
  const lastMs = latestEnd(shown.map(({ untilMs }) => untilMs))
  return {
    decision_visibility: [
      ...(labelled ? ['DECISION_VISIBILITY_CONTENT_LABELLED'] : []),
      ...(others.size > 0 ? ['DECISION_VISIBILITY_OTHER'] : []),
    ],
    ...(others.size > 0 && { decision_visibility_other: [...others].join(' ') }),
    ...(lastMs !== undefined && { end_date_visibility_restriction: dayOf(lastMs) }),
  }
}

function otherWords(restriction: Restriction): string | undefined {
  if (restriction.kind === 'retract') return RETRACTED
  return isMessageLabel(restriction) ? undefined : PARTICIPANT_LABELLED
}

function isMessageLabel({ kind, target }: Restriction): boolean {
  return kind === 'label' && target.startsWith('message:')
}

/** The hardest of them names the rest. */
function provisionOf(restrictions: readonly Restriction[], decidedAtMs: number): RestrictionFields {
  if (restrictions.some(({ kind }) => kind === 'ban'))
    return { decision_provision: 'DECISION_PROVISION_PARTIAL_TERMINATION' }
  const ends = restrictions.flatMap(({ kind, untilMs }) => {
    if (kind === 'limit') return [untilMs]
    // A struck pseudonym is denied until its day ends, which is over tomorrow.
    return kind === 'strike' ? [decidedAtMs + DAY_MS] : []
  })
  if (ends.length === 0) return {}
  const lastMs = latestEnd(ends)
  return {
    decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
    ...(lastMs !== undefined && { end_date_service_restriction: dayOf(lastMs) }),
  }
}

/** Undefined where one of them has no end. */
function latestEnd(ends: readonly (number | undefined)[]): number | undefined {
  const known = ends.filter((end) => end !== undefined)
  return known.length < ends.length ? undefined : Math.max(...known)
}

const DAY_MS = 86_400_000
const DAY_CHARACTERS = 10
const RETRACTED =
  'Copies that were not delivered yet are dropped; clients are asked to hide the others.'
const PARTICIPANT_LABELLED = 'The sender is shown with a label.'
