import type { LoadedPolicies } from '../load.ts'
import type { Picker } from '../picker.ts'
import { agreeOn, sampled, subjectOracle } from '../subject-oracle.ts'
import { routingEngine, routingQuestion, type RoutingEngine } from './routing-engine.ts'
import { routingSchema } from './schema.ts'
import { disclosureKinds, type RoutingParty, type RoutingRequest } from './vocabulary.ts'

/** What `subjectOracle` says of policies about reports. */
export function routingOracle(loaded: LoadedPolicies): Pick<RoutingEngine, 'decide'> {
  return subjectOracle(loaded, {
    name: 'routing',
    schema: routingSchema(),
    questionOf: routingQuestion,
  })
}

/** Whether closures and Cedar say the same of a sample of requests. */
export function routingAgreesWithCedar(loaded: LoadedPolicies): boolean {
  return agreeOn(sampleRouting(SAMPLES), [routingEngine(loaded), routingOracle(loaded)])
}

/** Requests that differ in every fact, the same ones every time. */
export function sampleRouting(count: number): readonly RoutingRequest[] {
  return sampled(count, sample)
}

function sample(choose: Picker): RoutingRequest {
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
const SAMPLES = 128
