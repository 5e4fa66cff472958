import type { LoadedPolicies } from '../load.ts'
import type { Picker } from '../picker.ts'
import { agreeOn, sampled, subjectOracle } from '../subject-oracle.ts'
import { moderationEngine, moderationQuestion, type ModerationEngine } from './moderation-engine.ts'
import { moderationSchema } from './schema.ts'
import {
  countsAction,
  moderationActions,
  moderatorRoles,
  type ModerationRequest,
} from './vocabulary.ts'

/** What `subjectOracle` says of policies about moderators. */
export function moderationOracle(loaded: LoadedPolicies): Pick<ModerationEngine, 'decide'> {
  return subjectOracle(loaded, {
    name: 'moderation',
    schema: moderationSchema(),
    questionOf: moderationQuestion,
  })
}

/** Whether closures and Cedar say the same of a sample of requests. */
export function moderationAgreesWithCedar(loaded: LoadedPolicies): boolean {
  return agreeOn(sampleModeration(SAMPLES), [moderationEngine(loaded), moderationOracle(loaded)])
}

/** Requests that differ in every fact, the same ones every time. */
export function sampleModeration(count: number): readonly ModerationRequest[] {
  return sampled(count, sample)
}

function sample(choose: Picker): ModerationRequest {
  const person = () => choose([undefined, 'ann', 'bob'])
  const asked = {
    principal: {
      name: 'ann',
      roles: moderatorRoles.filter(() => choose([true, false])),
      queues: choose([['spam'], ['spam', 'violence'], []]),
      exposuresLeft: choose([3, 0]),
      onBreak: choose([false, true, false]),
    },
    context: { mfa: choose([true, true, false]), purpose: choose(['', 'threat to life']) },
  }
  if (choose([false, false, false, false, true])) return { ...asked, action: countsAction }
  return {
    ...asked,
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
  }
}

const SAMPLES = 96
