import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import { DENIED_BY_FAULT } from '../engine.ts'
import { policyRevision } from '../identify.ts'
import type { LoadedPolicies } from '../load.ts'
import { moderationEntities } from './moderation-entities.ts'
import { moderationEngine, type ModerationEngine } from './moderation-engine.ts'
import { moderationSchema } from './schema.ts'
import { moderationActions, moderatorRoles, type ModerationRequest } from './vocabulary.ts'

/**
 * The same decisions by Cedar's own implementation. Its sets cannot be removed from the wasm instance:
 * for tests, and for a process that is given up. Throws where Cedar does not take the policies.
 */
export function moderationOracle(loaded: LoadedPolicies): Pick<ModerationEngine, 'decide'> {
  const name = `moderation-${policyRevision(loaded)}`
  const staticPolicies = Object.fromEntries(loaded.policies.map(({ id, text }) => [id, text]))
  for (const parsed of [
    preparseSchema(SCHEMA, moderationSchema()),
    preparsePolicySet(name, { staticPolicies }),
  ])
    if (parsed.type === 'failure') throw new Error('policies not accepted')
  return {
    decide: (request) => {
      const { principal, action, resource, context } = request
      const answer = statefulIsAuthorized({
        principal: { type: 'Moderator', id: principal.name },
        action: { type: 'Action', id: action },
        resource: { type: 'Case', id: resource.id },
        context: { ...context },
        entities: moderationEntities(request),
        preparsedPolicySetId: name,
        preparsedSchemaName: SCHEMA,
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

/** Whether closures and Cedar say the same of a sample of requests. */
export function moderationAgreesWithCedar(loaded: LoadedPolicies): boolean {
  const [compiled, cedar] = [moderationEngine(loaded), moderationOracle(loaded)]
  return sampleRequests(SAMPLES).every((request) => {
    const [one, other] = [compiled.decide(request), cedar.decide(request)]
    return one !== DENIED_BY_FAULT && JSON.stringify(one) === JSON.stringify(other)
  })
}

/** Requests that differ in every fact, in a fixed order that visits all of them. */
export function sampleRequests(count: number): readonly ModerationRequest[] {
  return Array.from({ length: count }, (_, number) => {
    let rest = (number * STRIDE) % MODULUS
    const choose = <T>(choices: readonly [T, ...T[]]): T => {
      rest = (rest * MULTIPLIER + INCREMENT) % MODULUS
      // The upper bits: the lower ones of such a generator alternate.
      return choices[Math.floor((rest / MODULUS) * choices.length)] ?? choices[0]
    }
    const person = () => choose([undefined, 'ann', 'bob'])
    return {
      principal: {
        name: 'ann',
        roles: moderatorRoles.filter(() => choose([true, false])),
        queues: choose([['spam'], ['spam', 'violence'], []]),
        exposuresLeft: choose([3, 0]),
        onBreak: choose([false, true, false]),
      },
      action: choose(moderationActions),
      resource: {
        id: 'case-1',
        queue: choose(['spam', 'violence']),
        childSafety: choose([false, true, false]),
        media: choose([true, false]),
        legalHold: choose([false, true]),
        irreversible: choose([false, true]),
        holder: choose(['ann', undefined, 'ann', 'bob']),
        decider: person(),
        approver: person(),
        accused: choose([undefined, undefined, undefined, 'ann', 'bob']),
      },
      context: { mfa: choose([true, true, false]), purpose: choose(['', 'threat to life']) },
    }
  })
}

const SCHEMA = 'moderation'
const SAMPLES = 96
const STRIDE = 2_654_435_761
/** A linear congruential generator: Numerical Recipes. */
const MULTIPLIER = 1_664_525
const INCREMENT = 1_013_904_223
const MODULUS = 2 ** 32
