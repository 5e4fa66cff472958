import { cedarEngine } from './cedar-engine.ts'
import { compiledEngine } from './compiled-engine.ts'
import type { AuthorizationDecision } from './engine.ts'
import type { LoadedPolicies } from './load.ts'
import { sampleRequests } from './sample-requests.ts'

/**
 * Whether compiled policies and Cedar itself say the same of a sample of requests, each deciding
 * policy included. About 1 ms per request, so not for a thread that serves. Throws `policy-invalid`
 * where the policies do not compile.
 */
export function agreesWithCedar(
  loaded: LoadedPolicies,
  { count, seed }: { readonly count: number; readonly seed: number } = DEFAULT_SAMPLE,
): boolean {
  const [compiled, cedar] = [compiledEngine(loaded), cedarEngine(loaded)]
  return sampleRequests(loaded, { count, seed }).every((request) =>
    isSame(compiled.decide(request), cedar.decide(request)),
  )
}

function isSame(one: AuthorizationDecision, other: AuthorizationDecision): boolean {
  return (
    one.decision === other.decision &&
    one.policies.join('\n') === other.policies.join('\n') &&
    one.errors.join('\n') === other.errors.join('\n') &&
    !one.errors.includes('engine-fault')
  )
}

const DEFAULT_SAMPLE = { count: 64, seed: 20_261_123 }
