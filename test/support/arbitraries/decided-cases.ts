import {
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  lorem,
  nat,
  oneof,
  option,
  record,
  string,
  type Arbitrary,
} from 'fast-check'
import type { DecidedCase } from '../../../src/exports/decided-case.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { reportCategories } from '../../../src/reports/categories.ts'
import { outcomes } from '../../../src/reports/cases/case-state.ts'
import { triage } from '../../../src/reports/cases/triage.ts'
import type { Restriction } from '../../../src/reports/decisions/statement.ts'
import { decided, decidedAtMs, reportedSubject } from '../decided-cases.ts'

/** Restrictions of every kind, with and without an end. */
const anyRestriction: Arbitrary<Restriction> = record({
  kind: constantFrom('ban', 'limit', 'retract', 'label', 'strike'),
  target: constantFrom(reportedSubject, `message:${'ab'.repeat(32)}`, 'b.example'),
  untilMs: option(integer({ min: decidedAtMs, max: decidedAtMs + 3_650 * 86_400_000 }), {
    nil: undefined,
  }),
  reversibility: constant('full'),
})

const words = oneof(lorem(), string({ maxLength: 60 }), constant('write to a@b.example'))

/** Any decided case, by forms that people can fill in. */
export const anyDecidedCase: Arbitrary<DecidedCase> = record({
  category: oneof(
    { weight: 2, arbitrary: constantFrom(...reportCategories) },
    { weight: 1, arbitrary: constantFrom('spam', 'spam.flooding') },
  ),
  // What makes documents comes more often.
  outcome: constantFrom(...outcomes, 'action', 'action', 'action'),
  kind: constantFrom('law' as const, 'terms' as const),
  reference: words.filter((text) => text.trim() !== ''),
  publicExplanation: option(
    words.filter((text) => text !== ''),
    { nil: undefined },
  ),
  detection: boolean(),
  decision: constantFrom('none' as const, 'partly' as const, 'fully' as const),
  territories: array(constantFrom('AT', 'DE', 'US', 'CH'), { maxLength: 3 }),
  restrictions: array(anyRestriction, { minLength: 1, maxLength: 8 }),
  inForce: boolean(),
  verified: boolean(),
  messages: nat(20),
  sinceMs: integer({ min: 0, max: 30 * 86_400_000 }),
  provider: constantFrom('b.example', undefined),
}).map((all) => {
  const { category, outcome, kind, reference, publicExplanation, restrictions } = all
  const { detection, decision, territories, provider } = all
  const acts = outcome === 'action'
  return decided(
    {
      category,
      outcome,
      ground: acts ? { kind, reference, explanation: 'x', publicExplanation } : undefined,
      automation: { detection, decision },
      scope: { territories, restrictions: acts ? restrictions : [] },
    },
    {
      acts: acts && all.inForce,
      isComplaint: triage(category).isolated,
      verified: all.verified,
      messages: all.messages,
      firstAtMs: decidedAtMs - all.sinceMs,
      provider: provider === undefined ? undefined : parseProviderDomain(provider),
    },
  )
})
