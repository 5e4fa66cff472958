import { reportRetentionDays } from '../../metadata/report-retention.ts'
import type { CaseState } from './case-state.ts'

/** Why a case is kept, and for how long after its decision. A legal hold keeps it beyond any of them. */
export type RetentionClass = 'not-verified' | 'no-action' | 'action' | 'child-safety'

const DAY_MS = 86_400_000
/** In ms: what is stated is what happens. */
export const RETENTION_MS: Readonly<Record<RetentionClass, number>> = {
  'not-verified': reportRetentionDays.notVerified * DAY_MS,
  'no-action': reportRetentionDays.noAction * DAY_MS,
  action: reportRetentionDays.action * DAY_MS,
  'child-safety': reportRetentionDays.childSafety * DAY_MS,
}

/** A verified case that nobody decides is kept no longer than this after its last report, in ms. */
export const UNDECIDED_KEPT_MS = reportRetentionDays.undecided * DAY_MS

export function retentionClassOf(
  queue: string,
  { decision }: Pick<CaseState, 'decision'>,
): RetentionClass {
  if (decision?.outcome === 'not-verified') return 'not-verified'
  if (queue === 'child-safety') return 'child-safety'
  return decision?.outcome === 'action' ? 'action' : 'no-action'
}

/**
 * From when, and for how long, a decided case is kept; a report that shares its outcome later begins the
 * time anew. Undefined while an appeal is pending.
 */
export function keptAfter(
  queue: string,
  state: CaseState,
): { readonly fromMs: number; readonly keptMs: number } | undefined {
  const { phase, decision, appealDecided } = state
  if (phase === 'appealed' || decision === undefined) return undefined
  const fromMs = appealDecided?.atMs ?? decision.atMs
  return { fromMs, keptMs: RETENTION_MS[retentionClassOf(queue, state)] }
}
