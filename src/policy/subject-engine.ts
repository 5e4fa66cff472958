import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Clock } from '../model/clock.ts'
import { entitiesFromJson } from './compile/entities.ts'
import { entityUid } from './compile/values.ts'
import { compiledEvaluator } from './compiled-engine.ts'
import { DENIED_BY_FAULT, type AuthorizationDecision } from './engine.ts'
import { policyRevision } from './identify.ts'
import type { LoadedPolicies } from './load.ts'

/** A request of a subject beside the gateway itself, as Cedar sees it. */
export interface SubjectQuestion {
  readonly principal: EntityName
  readonly action: string
  readonly resource: EntityName
  readonly context: Readonly<Record<string, boolean | string>>
  readonly entities: EntityJson[]
}

interface EntityName {
  readonly type: string
  readonly id: string
}

/** Decides requests of one subject. INVARIANT: any fault in answering is a deny. */
export interface SubjectEngine<Request> {
  /** SHA-256 of the policies in hexadecimal. */
  readonly revision: string
  decide(request: Request): AuthorizationDecision
}

/** The policies as closures; throws `policy-invalid` for what it cannot compile. */
export function subjectEngine<Request>(
  loaded: LoadedPolicies,
  questionOf: (request: Request) => SubjectQuestion,
  clock: Clock,
): SubjectEngine<Request> {
  const evaluate = compiledEvaluator(loaded, clock)
  return {
    revision: policyRevision(loaded),
    decide: (request) => {
      try {
        const { principal, action, resource, context, entities } = questionOf(request)
        return evaluate({
          principal: entityUid(principal.type, principal.id),
          action: entityUid('Action', action),
          resource: entityUid(resource.type, resource.id),
          context: { kind: 'record', fields: new Map(Object.entries(context)) },
          entities: entitiesFromJson(entities),
        })
      } catch {
        return DENIED_BY_FAULT
      }
    },
  }
}
