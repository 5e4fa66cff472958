import { isIn, type EvaluationRequest } from './entities.ts'
import { UnsupportedPolicyError } from './evaluation-error.ts'
import type { SlotValues } from './expression.ts'
import { entityFromJson, jsonArray, jsonObject, jsonText } from './json-values.ts'
import type { EntityUid } from './values.ts'

export type ScopeVariable = 'principal' | 'action' | 'resource'

/** What a policy says of principal, action or resource in its head. Never fails. */
export interface ScopeTest {
  readonly matches: (request: EvaluationRequest) => boolean
  /** The entities of which the variable must be or be in one; undefined where the head names none. */
  readonly within: readonly EntityUid[] | undefined
}

/** Undefined where every entity will do. Throws `UnsupportedPolicyError`. */
export function compileScope(
  variable: ScopeVariable,
  json: unknown,
  slots: SlotValues,
): ScopeTest | undefined {
  const head = jsonObject(json)
  switch (head['op']) {
    case 'All':
      return undefined
    case '==': {
      const wanted = namedEntity(head, slots)
      const { id, type } = wanted
      return {
        matches: (request) => request[variable].id === id && request[variable].type === type,
        within: [wanted],
      }
    }
    case 'in':
      return inScope(variable, wantedEntities(head, slots))
    case 'is': {
      const type = jsonText(head['entity_type'])
      const inside =
        head['in'] === undefined
          ? undefined
          : inScope(variable, wantedEntities(jsonObject(head['in']), slots))
      return {
        matches: (request) =>
          request[variable].type === type && (inside === undefined || inside.matches(request)),
        within: inside?.within,
      }
    }
    default:
      throw new UnsupportedPolicyError('unknown scope')
  }
}

function inScope(variable: ScopeVariable, within: readonly EntityUid[]): ScopeTest {
  const [only, ...others] = within
  if (only !== undefined && others.length === 0)
    return { matches: (request) => isIn(request, request[variable], only), within }
  return {
    matches: (request) => within.some((entity) => isIn(request, request[variable], entity)),
    within,
  }
}

function wantedEntities(
  head: Readonly<Record<string, unknown>>,
  slots: SlotValues,
): readonly EntityUid[] {
  const { entities } = head
  return entities === undefined
    ? [namedEntity(head, slots)]
    : jsonArray(entities).map(entityFromJson)
}

function namedEntity(head: Readonly<Record<string, unknown>>, slots: SlotValues): EntityUid {
  if (head['slot'] === undefined) return entityFromJson(head['entity'])
  const filled = slots.get(jsonText(head['slot']))
  if (filled === undefined) throw new UnsupportedPolicyError('unfilled slot')
  return filled
}
