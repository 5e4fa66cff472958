import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import { DENIED_BY_FAULT } from '../engine.ts'
import { policyRevision } from '../identify.ts'
import type { LoadedPolicies } from '../load.ts'
import { routingEngine, type RoutingEngine } from './routing-engine.ts'
import { partyEntity, routingEntities } from './routing-entities.ts'
import { routingAction, routingSchema } from './schema.ts'
import { disclosureKinds, type RoutingParty, type RoutingRequest } from './vocabulary.ts'

/**
 * The same decisions by Cedar's own implementation. Its sets cannot be removed from the wasm instance:
 * for tests, and for a process that is given up. Throws where Cedar does not take the policies.
 */
export function routingOracle(loaded: LoadedPolicies): Pick<RoutingEngine, 'decide'> {
  const name = `routing-${policyRevision(loaded)}`
  const staticPolicies = Object.fromEntries(loaded.policies.map(({ id, text }) => [id, text]))
  for (const parsed of [
    preparseSchema(SCHEMA, routingSchema()),
    preparsePolicySet(name, { staticPolicies }),
  ])
    if (parsed.type === 'failure') throw new Error('policies not accepted')
  return {
    decide: (request) => {
      const { principal, disclosure, report, legalOrder } = request
      const answer = statefulIsAuthorized({
        principal: partyEntity(principal),
        action: { type: 'Action', id: routingAction(disclosure) },
        resource: { type: 'Report', id: report.id },
        context: { legalOrder },
        entities: routingEntities(request),
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
export function routingAgreesWithCedar(loaded: LoadedPolicies): boolean {
  const [compiled, cedar] = [routingEngine(loaded), routingOracle(loaded)]
  return sampleRouting(SAMPLES).every((request) => {
    const [one, other] = [compiled.decide(request), cedar.decide(request)]
    return one !== DENIED_BY_FAULT && JSON.stringify(one) === JSON.stringify(other)
  })
}

/** Requests that differ in every fact, in a fixed order that visits all of them. */
export function sampleRouting(count: number): readonly RoutingRequest[] {
  return Array.from({ length: count }, (_, number) => {
    let rest = (number * STRIDE) % MODULUS
    const choose = <T>(choices: readonly [T, ...T[]]): T => {
      rest = (rest * MULTIPLIER + INCREMENT) % MODULUS
      // The upper bits: the lower ones of such a generator alternate.
      return choices[Math.floor((rest / MODULUS) * choices.length)] ?? choices[0]
    }
    return sample(choose)
  })
}

type Choose = <T>(choices: readonly [T, ...T[]]) => T

function sample(choose: Choose): RoutingRequest {
  const principal = choose(RECEIVERS)
  const flag = () => choose([true, false])
  const [first, ...others] = disclosureKinds.filter((kind) => CAN_GET[principal.kind].has(kind))
  return {
    principal,
    disclosure: choose([first ?? 'evidence', ...others]),
    report: {
      id: 'report-1',
      kind: choose(['message', 'message', 'system']),
      category: choose(['harassment', 'child.csam']),
      restricted: choose([false, true, false]),
      verification: choose(['frank', 'none', 'relay-log', 'mls']),
      hub: 'hub.example',
      senderProvider: choose(['sender.example', 'sender.example', 'hub.example']),
      reporterProvider: 'reporter.example',
      accusedProvider: choose([undefined, 'hub.example', 'sender.example']),
      team: choose(['room', undefined]),
      accusedTeam: choose([undefined, undefined, 'room']),
      anonymitySet: choose([40, 1, 5]),
      consentForward: flag(),
      consentEvidence: flag(),
      discloseReporter: flag(),
      humanConfirmed: flag(),
      decided: flag(),
    },
    providers: ['hub.example', 'sender.example', 'reporter.example', 'other.example'].map(
      (domain) => ({
        domain,
        trust: choose([2, 1, 3, 0]),
        hostile: choose([false, false, true]),
        singleUser: choose([false, false, true]),
      }),
    ),
    legalOrder: choose([false, false, true]),
  }
}

const RECEIVERS: readonly [RoutingParty, ...RoutingParty[]] = [
  { kind: 'provider', domain: 'sender.example' },
  { kind: 'provider', domain: 'hub.example' },
  { kind: 'provider', domain: 'reporter.example' },
  { kind: 'provider', domain: 'other.example' },
  { kind: 'room-moderators', team: 'room' },
  { kind: 'authority', name: 'ncmec', authority: 'ncmec' },
  { kind: 'authority', name: 'police', authority: 'police' },
]
/** As the schema has it. */
const CAN_GET: Readonly<Record<RoutingParty['kind'], ReadonlySet<string>>> = {
  provider: new Set(disclosureKinds),
  'room-moderators': new Set(['notice', 'evidence', 'reporter']),
  authority: new Set(['evidence', 'reporter', 'counts']),
}
const SCHEMA = 'routing'
const SAMPLES = 128
const STRIDE = 2_654_435_761
/** A linear congruential generator: Numerical Recipes. */
const MULTIPLIER = 1_664_525
const INCREMENT = 1_013_904_223
const MODULUS = 2 ** 32
