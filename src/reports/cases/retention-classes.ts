import type { CaseState } from './case-state.ts'

/** Why a case is kept, and for how long after its decision. A legal hold keeps it beyond any of them. */
export type RetentionClass = 'not-verified' | 'no-action' | 'action' | 'child-safety'

/** In ms. Actions are kept a little longer than they can be appealed against. */
export const RETENTION_MS: Readonly<Record<RetentionClass, number>> = {
  'not-verified': 14 * 86_400_000,
  'no-action': 30 * 86_400_000,
  action: 185 * 86_400_000,
  'child-safety': 366 * 86_400_000,
}

/** A verified case that nobody decides is kept no longer than this after its last report, in ms. */
export const UNDECIDED_KEPT_MS = 180 * 86_400_000

export function retentionClassOf(
  queue: string,
  { decision }: Pick<CaseState, 'decision'>,
): RetentionClass {
  if (decision?.outcome === 'not-verified') return 'not-verified'
  if (queue === 'child-safety') return 'child-safety'
  return decision?.outcome === 'action' ? 'action' : 'no-action'
}

/** When a decided case has served its time; null while an appeal is pending. */
export function keepUntilMs(queue: string, state: CaseState): number | null {
  const { phase, decision, appealDecided } = state
  if (phase === 'appealed' || decision === undefined) return null
  const fromMs = appealDecided?.atMs ?? decision.atMs
  return fromMs + RETENTION_MS[retentionClassOf(queue, state)]
}
