import type { EvaluationRequest } from './entities.ts'
import { asBoolean } from './evaluator.ts'
import { compileExpression, type SlotValues } from './expression.ts'
import { entityFromJson, jsonArray, jsonObject, jsonText } from './json-values.ts'
import { compileScope, type ScopeTest } from './scope.ts'
import { UnsupportedPolicyError } from './evaluation-error.ts'

type Test = (request: EvaluationRequest) => boolean

/** One policy, or one link of a template, ready to be asked. */
export interface CompiledPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly principal: ScopeTest | undefined
  readonly action: ScopeTest | undefined
  readonly resource: ScopeTest | undefined
  /** Whether it applies to a request whose action matches. Throws `EvaluationError`. */
  readonly appliesToAction: Test
}

/** A set in Cedar's JSON form: `policyToJson` and `templateToJson`, integers made exact. */
export interface PolicySetJson {
  readonly policies: ReadonlyMap<string, unknown>
  readonly templates?: ReadonlyMap<string, unknown>
  readonly links?: readonly TemplateLinkJson[]
}

export interface TemplateLinkJson {
  readonly templateId: string
  readonly newId: string
  /** By slot, entities in JSON form. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Throws `UnsupportedPolicyError` for what it does not know. */
export function compilePolicySet(set: PolicySetJson): readonly CompiledPolicy[] {
  const own = [...set.policies].map(([id, json]) => compilePolicy(id, json, NO_SLOTS))
  const linked = (set.links ?? []).map(({ templateId, newId, values }) => {
    const template = set.templates?.get(templateId)
    if (template === undefined) throw new UnsupportedPolicyError('unknown template')
    const slots = Object.entries(values).map(
      ([slot, entity]) => [slot, entityFromJson(entity)] as const,
    )
    return compilePolicy(newId, template, new Map(slots))
  })
  return [...own, ...linked]
}

function compilePolicy(id: string, json: unknown, slots: SlotValues): CompiledPolicy {
  const policy = jsonObject(json)
  const { effect } = policy
  if (effect !== 'permit' && effect !== 'forbid') throw new UnsupportedPolicyError('unknown effect')
  const principal = compileScope('principal', policy['principal'], slots)
  const action = compileScope('action', policy['action'], slots)
  const resource = compileScope('resource', policy['resource'], slots)
  const conditions = jsonArray(policy['conditions']).map((clause) => compileClause(clause, slots))
  const appliesToAction = allOf([...testsOf(principal), ...testsOf(resource), ...conditions])
  return { id, effect, principal, action, resource, appliesToAction }
}

function compileClause(json: unknown, slots: SlotValues): Test {
  const clause = jsonObject(json)
  const body = compileExpression(clause['body'], slots)
  switch (jsonText(clause['kind'])) {
    case 'when':
      return (request) => asBoolean(body(request))
    case 'unless':
      return (request) => !asBoolean(body(request))
    default:
      throw new UnsupportedPolicyError('unknown clause')
  }
}

function testsOf(scope: ScopeTest | undefined): readonly Test[] {
  return scope === undefined ? [] : [scope.matches]
}

/** In their order, up to the first that is false. */
function allOf(tests: readonly Test[]): Test {
  const [first, second, ...others] = tests
  if (first === undefined) return () => true
  if (second === undefined) return first
  if (others.length === 0) return (request) => first(request) && second(request)
  const rest = allOf([second, ...others])
  return (request) => first(request) && rest(request)
}

const NO_SLOTS: SlotValues = new Map()
