/** A report of a message of one pseudonym, as far as a strike depends on it. */
export interface CountedReport {
  /** A handle; reporters whom their provider does not name share one. */
  readonly reporter: string
  readonly verified: boolean
}

export type StrikeDecision =
  { readonly kind: 'wait' } | { readonly kind: 'deny'; readonly because: 'reporters' | 'moderator' }

/**
 * Whether a pseudonym is denied and its provider told: when a moderator says so, or when two distinct
 * reporters have reported verified messages of it. INVARIANT: never on one report alone.
 */
export function denyWhenEnough(facts: {
  readonly reports: readonly CountedReport[]
  readonly moderator: boolean
}): StrikeDecision {
  if (facts.moderator) return { kind: 'deny', because: 'moderator' }
  const reporters = new Set(
    facts.reports.filter(({ verified }) => verified).map(({ reporter }) => reporter),
  )
  return reporters.size >= REPORTERS_MIN ? { kind: 'deny', because: 'reporters' } : { kind: 'wait' }
}

const REPORTERS_MIN = 2
