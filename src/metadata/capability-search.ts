import { compareForms, type Form } from '../model/metadata.ts'
import { capabilities, type Capability, type Need } from './capabilities.ts'
import { suiteEntry, type Suite } from './suite.ts'

/** A need that a suite does not meet, with the most that it would show. */
export interface Missing extends Need {
  readonly ceiling: Form
}

/**
 * Whether a suite serves a capability: `guaranteed` where each need is required by it, `possible` where
 * some are optional and depend on the operators’ policies.
 */
export type Served =
  | { readonly capability: Capability; readonly kind: 'guaranteed' | 'possible' }
  | {
      readonly capability: Capability
      readonly kind: 'missing'
      readonly missing: readonly Missing[]
    }

/** What can be moderated under a suite, and what is missing for the rest. */
export function servedBy(suite: Suite): readonly Served[] {
  return capabilities.map((capability) => serve(suite, capability))
}

/** A suite that serves all that is wanted. */
export interface Candidate {
  readonly suite: Suite
  /** Whether it requires all of it, or leaves some to the operators’ policies. */
  readonly kind: 'guaranteed' | 'possible'
  /** How far its ceilings lie above what is wanted: steps of the ladders of forms, added up. */
  readonly excess: number
}

/** What wanted capabilities take. */
export interface LeastExposure {
  /** The best first: what guarantees all of it, then what shows least beyond it. */
  readonly candidates: readonly Candidate[]
  /** The least forms themselves, for a private suite: each (field, audience) once. */
  readonly needs: readonly Need[]
}

/** The suites that serve every wanted capability, the least exposing first, and the forms behind them. */
export function leastExposing(
  wanted: readonly Capability[],
  suites: readonly Suite[],
): LeastExposure {
  const needs = mergeNeeds(wanted.flatMap((capability) => capability.needs))
  const candidates = suites.flatMap((suite) => {
    const kinds = wanted.map((capability) => serve(suite, capability).kind)
    if (kinds.includes('missing')) return []
    const kind = kinds.includes('possible') ? 'possible' : 'guaranteed'
    return [{ suite, kind, excess: excessOver(needs, suite) } as const]
  })
  return { candidates: candidates.toSorted(compareCandidates), needs }
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.kind !== b.kind) return a.kind === 'guaranteed' ? -1 : 1
  return a.excess - b.excess
}

function excessOver(needs: readonly Need[], { entries }: Suite): number {
  return entries.reduce((sum, { field, audience, ceiling }) => {
    const need = needs.find((one) => one.field === field && one.audience === audience)
    return sum + Math.max(0, compareForms(ceiling, need?.form ?? 'absent'))
  }, 0)
}

function serve(suite: Suite, capability: Capability): Served {
  const missing = capability.needs.flatMap((need) => {
    const ceiling = suiteEntry(suite, need.field, need.audience)?.ceiling ?? 'absent'
    return compareForms(ceiling, need.form) < 0 ? [{ ...need, ceiling }] : []
  })
  if (missing.length > 0) return { capability, kind: 'missing', missing }
  // The bare minimum requires nothing, but it is what the wire shows in any case.
  const guaranteed = capability.needs.every(({ field, audience, form }) => {
    if (suite.shows === 'least') return true
    const floor = suiteEntry(suite, field, audience)?.floor ?? 'absent'
    return compareForms(floor, form) >= 0
  })
  return { capability, kind: guaranteed ? 'guaranteed' : 'possible' }
}

/** Of several needs of one field and audience the most exposing one counts. */
function mergeNeeds(needs: readonly Need[]): readonly Need[] {
  const merged = new Map<string, Need>()
  for (const need of needs) {
    const key = JSON.stringify([need.field, need.audience])
    const known = merged.get(key)
    if (known === undefined || compareForms(known.form, need.form) < 0) merged.set(key, need)
  }
  return [...merged.values()]
}
