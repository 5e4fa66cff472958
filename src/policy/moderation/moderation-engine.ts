import type { Clock } from '../../model/clock.ts'
import type { LoadedPolicies } from '../load.ts'
import { subjectEngine, type SubjectEngine, type SubjectQuestion } from '../subject-engine.ts'
import { moderationEntities } from './moderation-entities.ts'
import type { ModerationRequest } from './vocabulary.ts'

/** Decides what moderators may do. */
export type ModerationEngine = SubjectEngine<ModerationRequest>

/** The policies as closures; throws `policy-invalid` for what it cannot compile. */
export function moderationEngine(loaded: LoadedPolicies, clock: Clock = () => 0): ModerationEngine {
  return subjectEngine(loaded, moderationQuestion, clock)
}

export function moderationQuestion(request: ModerationRequest): SubjectQuestion {
  const { principal, action, resource, context } = request
  return {
    principal: { type: 'Moderator', id: principal.name },
    action,
    resource:
      resource === undefined ? { type: 'Counts', id: 'all' } : { type: 'Case', id: resource.id },
    context: { ...context },
    entities: moderationEntities(request),
  }
}
