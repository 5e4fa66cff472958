import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import { DENIED_BY_FAULT } from './engine.ts'
import { policyRevision } from './identify.ts'
import type { LoadedPolicies } from './load.ts'
import { createPicker, type Picker } from './picker.ts'
import type { SubjectEngine, SubjectQuestion } from './subject-engine.ts'

export interface SubjectSchema<Request> {
  readonly name: string
  readonly schema: string
  readonly questionOf: (request: Request) => SubjectQuestion
}

/**
 * The same decisions by Cedar's own implementation. Its sets cannot be removed from the wasm instance:
 * for tests, and for a process that is given up. Throws where Cedar does not take the policies.
 */
export function subjectOracle<Request>(
  loaded: LoadedPolicies,
  { name, schema, questionOf }: SubjectSchema<Request>,
): Pick<SubjectEngine<Request>, 'decide'> {
  const policies = `${name}-${policyRevision(loaded)}`
  const staticPolicies = Object.fromEntries(loaded.policies.map(({ id, text }) => [id, text]))
  for (const parsed of [
    preparseSchema(name, schema),
    preparsePolicySet(policies, { staticPolicies }),
  ])
    if (parsed.type === 'failure') throw new Error('policies not accepted')
  return {
    decide: (request) => {
      const { action, context, ...question } = questionOf(request)
      const answer = statefulIsAuthorized({
        ...question,
        action: { type: 'Action', id: action },
        context: { ...context },
        preparsedPolicySetId: policies,
        preparsedSchemaName: name,
        validateRequest: true,
      })
      if (answer.type === 'failure') return DENIED_BY_FAULT
      const { decision, diagnostics } = answer.response
      const errors = diagnostics.errors.map(({ policyId }) => policyId).toSorted()
      return errors.length > 0
        ? { decision: 'deny', policies: errors, errors }
        : { decision, policies: diagnostics.reason.toSorted(), errors }
    },
  }
}

/** Whether closures and Cedar say the same of requests, with the same reasons. */
export function agreeOn<Request>(
  requests: readonly Request[],
  [one, other]: readonly [
    Pick<SubjectEngine<Request>, 'decide'>,
    Pick<SubjectEngine<Request>, 'decide'>,
  ],
): boolean {
  return requests.every((request) => {
    const answer = one.decide(request)
    return (
      answer !== DENIED_BY_FAULT && JSON.stringify(answer) === JSON.stringify(other.decide(request))
    )
  })
}

/** Requests that differ in every fact, the same ones every time. */
export function sampled<Request>(
  count: number,
  sample: (pick: Picker) => Request,
): readonly Request[] {
  const pick = createPicker(SEED)
  return Array.from({ length: count }, () => sample(pick))
}

const SEED = 20_261_123
