import type { CompiledPolicy } from './compile-policy.ts'
import type { EvaluationRequest } from './entities.ts'
import { EvaluationError } from './evaluation-error.ts'

/** Cedar's answer, policies by their ids in the order in which they were asked. */
export interface Authorization {
  readonly decision: 'allow' | 'deny'
  /** The determining policies. */
  readonly reason: readonly string[]
  /** Policies whose evaluation failed: Cedar skips them. */
  readonly errors: readonly string[]
}

/** Asks policies that are known to match the action of the request. */
export function authorize(
  lists: readonly (readonly CompiledPolicy[])[],
  request: EvaluationRequest,
): Authorization {
  const permits: string[] = []
  const forbids: string[] = []
  const errors: string[] = []
  for (const policies of lists) {
    for (const policy of policies) {
      const outcome = ask(policy, request)
      if (outcome === 'fails') errors.push(policy.id)
      if (outcome === 'applies') (policy.effect === 'permit' ? permits : forbids).push(policy.id)
    }
  }
  const allowed = permits.length > 0 && forbids.length === 0
  return { decision: allowed ? 'allow' : 'deny', reason: allowed ? permits : forbids, errors }
}

function ask(policy: CompiledPolicy, request: EvaluationRequest): 'applies' | 'silent' | 'fails' {
  try {
    return policy.appliesToAction(request) ? 'applies' : 'silent'
  } catch (error) {
    if (error instanceof EvaluationError) return 'fails'
    throw error
  }
}
