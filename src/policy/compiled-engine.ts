import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { authorize } from './compile/authorize.ts'
import { compilePolicySet, type CompiledPolicy } from './compile/compile-policy.ts'
import type { EvaluationRequest } from './compile/entities.ts'
import { withExactIntegers } from './compile/exact-integers.ts'
import { createPolicyIndex } from './compile/policy-index.ts'
import { DENIED_BY_FAULT, type AuthorizationDecision, type PolicyEngine } from './engine.ts'
import { namedEntities, policyRevision } from './identify.ts'
import type { LoadedPolicies } from './load.ts'
import { createRequestReader } from './read-request.ts'

/**
 * Policies as closures, indexed by action and by the entities that their heads name: about 0.5 µs per
 * decision, whatever the number of policies. A permit that has expired by the clock permits nothing;
 * without one they all stand. Throws `policy-invalid` for what it cannot compile.
 */
export function compiledEngine(loaded: LoadedPolicies, clock: Clock = () => 0): PolicyEngine {
  const evaluate = compiledEvaluator(loaded, clock)
  const read = createRequestReader()
  return {
    revision: policyRevision(loaded),
    named: namedEntities(loaded),
    decide: (request) => {
      try {
        const asked = read(request)
        return asked === undefined ? DENIED_BY_FAULT : evaluate(asked)
      } catch {
        return DENIED_BY_FAULT
      }
    },
  }
}

/** The same for a request with whatever entities it brings. */
export function compiledEvaluator(
  loaded: LoadedPolicies,
  clock: Clock = () => 0,
): (asked: EvaluationRequest) => AuthorizationDecision {
  const index = createPolicyIndex(compileLoaded(loaded, clock))
  return (asked) => strictly(authorize(index.candidates(asked), asked))
}

/** Cedar skips a forbid whose evaluation fails: here no answer with an error permits anything. */
function strictly({
  decision,
  reason,
  errors,
}: ReturnType<typeof authorize>): AuthorizationDecision {
  if (errors.length === 0) return { decision, policies: inOrder(reason), errors }
  const failed = inOrder(errors)
  return { decision: 'deny', policies: failed, errors: failed }
}

function inOrder(ids: readonly string[]): readonly string[] {
  return ids.length < 2 ? ids : ids.toSorted()
}

function compileLoaded({ policies }: LoadedPolicies, clock: Clock): readonly CompiledPolicy[] {
  const expiries = new Map(policies.map(({ id, expiresAtMs }) => [id, expiresAtMs] as const))
  try {
    return compilePolicySet({
      policies: new Map(
        policies.map(({ id, text, json }) => [id, withExactIntegers(text, json)] as const),
      ),
    }).map((policy) => untilItExpires(policy, expiries.get(policy.id), clock))
  } catch (cause) {
    throw new GatewayError('policy-invalid', { facts: { fault: 'unsupported' }, cause })
  }
}

function untilItExpires(
  policy: CompiledPolicy,
  expiresAtMs: number | undefined,
  clock: Clock,
): CompiledPolicy {
  if (expiresAtMs === undefined) return policy
  const { appliesToAction } = policy
  return {
    ...policy,
    appliesToAction: (request) => clock() < expiresAtMs && appliesToAction(request),
  }
}
