import type { Clock } from '../../model/clock.ts'
import { entitiesFromJson } from '../compile/entities.ts'
import { entityUid } from '../compile/values.ts'
import { compiledEvaluator } from '../compiled-engine.ts'
import { DENIED_BY_FAULT, type AuthorizationDecision } from '../engine.ts'
import { policyRevision } from '../identify.ts'
import type { LoadedPolicies } from '../load.ts'
import { moderationEntities } from './moderation-entities.ts'
import type { ModerationRequest } from './vocabulary.ts'

/** Decides what moderators may do. INVARIANT: any fault in answering is a deny. */
export interface ModerationEngine {
  /** SHA-256 of the policies in hexadecimal. */
  readonly revision: string
  decide(request: ModerationRequest): AuthorizationDecision
}

/** The policies as closures; throws `policy-invalid` for what it cannot compile. */
export function moderationEngine(loaded: LoadedPolicies, clock: Clock = () => 0): ModerationEngine {
  const evaluate = compiledEvaluator(loaded, clock)
  return {
    revision: policyRevision(loaded),
    decide: (request) => {
      const { principal, action, resource, context } = request
      try {
        return evaluate({
          principal: entityUid('Moderator', principal.name),
          action: entityUid('Action', action),
          resource: entityUid('Case', resource.id),
          context: { kind: 'record', fields: new Map(Object.entries(context)) },
          entities: entitiesFromJson(moderationEntities(request)),
        })
      } catch {
        return DENIED_BY_FAULT
      }
    },
  }
}
