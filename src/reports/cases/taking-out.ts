import type { Access } from './access.ts'
import { append, caseOf, type KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import type { CaseHappening } from './case-state.ts'
import type { Actor } from './team.ts'

/** What leaves the house is made of this; see docs/exports.md. */
export interface TakingOut {
  /** A case that the actor may take out. Throws `not-found`, `moderator-unknown`, `moderation-denied`. */
  demand(actor: Actor, id: string): KnownCase
  /** The same; undefined where the actor may not. Throws `not-found`, `moderator-unknown`. */
  find(actor: Actor, id: string): KnownCase | undefined
  /** Writes down that something was made of a decision, before it is handed out. */
  record(
    actor: Actor,
    id: string,
    taken: Omit<Extract<CaseHappening, { kind: 'exported' }>, 'kind'>,
  ): Promise<void>
  /** Throws `moderator-unknown`, and `moderation-denied` for whoever may not see what was counted. */
  demandCounts(actor: Actor): void
}

export function createTakingOut(
  { store, clock }: Pick<CaseParts, 'store' | 'clock'>,
  access: Access,
): TakingOut {
  return {
    demand: (actor, id) => {
      const known = caseOf(store, id)
      access.demand(actor, 'exportCase', known)
      return known
    },
    find: (actor, id) => {
      const known = caseOf(store, id)
      return access.allows(actor, 'exportCase', known) ? known : undefined
    },
    record: async (actor, id, taken) => {
      await append(store, id, (known) => {
        access.demand(actor, 'exportCase', known)
        return { event: { kind: 'exported', ...taken, atMs: clock(), by: actor.name } }
      })
    },
    demandCounts: (actor) => access.demandCounts(actor),
  }
}
