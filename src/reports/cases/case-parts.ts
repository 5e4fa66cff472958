import type { Clock, Randomness } from '../../model/clock.ts'
import type { SanctionPort } from '../../model/sanctions.ts'
import type { ModerationEngine } from '../../policy/moderation/moderation-engine.ts'
import type { Store } from '../../sqlite/store.ts'
import type { Moderator } from './team.ts'

/** What all work on cases is made of. */
export interface CaseParts {
  readonly store: Store
  /** In force now. */
  readonly team: () => readonly Moderator[]
  readonly engine: ModerationEngine
  /** In force now. */
  readonly settings: () => CaseSettings
  /** Carries out what decisions say. */
  readonly sanctions: SanctionPort
  readonly clock: Clock
  readonly randomness: Randomness
}

export interface CaseSettings {
  /** How long a claim holds, in ms. */
  readonly leaseMs: number
  /** Cases whose evidence a moderator may open in 24 hours. */
  readonly exposuresPerDay: number
  /** The same in one hour; then there is a break. */
  readonly exposuresPerHour: number
  /** Kinds of sanctions that take effect only when a second person agrees. */
  readonly secondPerson: readonly string[]
}
