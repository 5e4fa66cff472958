import type { Clock } from '../../model/clock.ts'
import { entitiesFromJson } from '../compile/entities.ts'
import { entityUid } from '../compile/values.ts'
import { compiledEvaluator } from '../compiled-engine.ts'
import { DENIED_BY_FAULT, type AuthorizationDecision } from '../engine.ts'
import { policyRevision } from '../identify.ts'
import type { LoadedPolicies } from '../load.ts'
import { partyEntity, routingEntities } from './routing-entities.ts'
import { routingAction } from './schema.ts'
import type { RoutingRequest } from './vocabulary.ts'

/** Decides who gets what of a report. INVARIANT: any fault in answering is a deny. */
export interface RoutingEngine {
  /** SHA-256 of the policies in hexadecimal. */
  readonly revision: string
  decide(request: RoutingRequest): AuthorizationDecision
}

/** The policies as closures; throws `policy-invalid` for what it cannot compile. */
export function routingEngine(loaded: LoadedPolicies, clock: Clock = () => 0): RoutingEngine {
  const evaluate = compiledEvaluator(loaded, clock)
  return {
    revision: policyRevision(loaded),
    decide: (request) => {
      const { principal, disclosure, report, legalOrder } = request
      const { type, id } = partyEntity(principal)
      try {
        return evaluate({
          principal: entityUid(type, id),
          action: entityUid('Action', routingAction(disclosure)),
          resource: entityUid('Report', report.id),
          context: { kind: 'record', fields: new Map(Object.entries({ legalOrder })) },
          entities: entitiesFromJson(routingEntities(request)),
        })
      } catch {
        return DENIED_BY_FAULT
      }
    },
  }
}
