import type { Clock } from '../../model/clock.ts'
import type { LoadedPolicies } from '../load.ts'
import { subjectEngine, type SubjectEngine, type SubjectQuestion } from '../subject-engine.ts'
import { partyEntity, routingEntities } from './routing-entities.ts'
import { routingAction } from './schema.ts'
import type { RoutingRequest } from './vocabulary.ts'

/** Decides who gets what of a report. */
export type RoutingEngine = SubjectEngine<RoutingRequest>

/** The policies as closures; throws `policy-invalid` for what it cannot compile. */
export function routingEngine(loaded: LoadedPolicies, clock: Clock = () => 0): RoutingEngine {
  return subjectEngine(loaded, routingQuestion, clock)
}

export function routingQuestion(request: RoutingRequest): SubjectQuestion {
  const { principal, disclosure, report, legalOrder } = request
  return {
    principal: partyEntity(principal),
    action: routingAction(disclosure),
    resource: { type: 'Report', id: report.id },
    context: { legalOrder },
    entities: routingEntities(request),
  }
}
