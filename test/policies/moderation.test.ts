import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { inspectApart } from '../../src/policy/load-apart.ts'
import { moderationEngine } from '../../src/policy/moderation/moderation-engine.ts'
import {
  moderationAgreesWithCedar,
  moderationOracle,
  sampleModeration,
} from '../../src/policy/moderation/moderation-oracle.ts'
import { moderationCaseSchema } from '../../src/policy/policy-case.ts'
import { moderationPolicies } from '../support/moderation-policies.ts'

const folder = 'policies/moderation'
const loaded = moderationPolicies()
const [compiled, cedar] = [moderationEngine(loaded), moderationOracle(loaded)]

const cases = (['ALLOW', 'DENY'] as const).flatMap((expectation) =>
  readdirSync(join(folder, expectation)).map((file) => ({
    name: basename(file, '.json').replaceAll('-', ' '),
    decision: expectation === 'ALLOW' ? ('allow' as const) : ('deny' as const),
    case: moderationCaseSchema.parse(
      JSON.parse(readFileSync(join(folder, expectation, file), 'utf8')),
    ),
  })),
)

test.each(cases)('$decision: $name', ({ decision, case: { reason, errors, ...request } }) => {
  expect(compiled.decide(request)).toEqual({ decision, policies: reason, errors })
  expect(cedar.decide(request)).toEqual({ decision, policies: reason, errors })
})

test('every policy about moderators decides at least one case, and says why it is there', () => {
  const deciding = new Set(cases.flatMap((each) => each.case.reason))
  expect(loaded.policies.filter(({ id }) => !deciding.has(id))).toEqual([])
  for (const { title, reason } of loaded.policies)
    expect([title ?? '', reason].every(({ length }) => length > 0)).toBe(true)
})

test('closures and Cedar agree on what moderators may do', () => {
  expect(moderationAgreesWithCedar(loaded)).toBe(true)
  const answers = sampleModeration(2_000).map((request) => compiled.decide(request))
  const deciding = new Set(answers.flatMap(({ policies }) => policies))
  expect(loaded.policies.filter(({ id }) => !deciding.has(id))).toEqual([])
})

test('policies about moderators are inspected apart, against their own schema', async () => {
  const bytes = readFileSync(join(folder, 'policies.cedar'))
  const options = { nowMs: 0 }
  const inspect = (subject: 'gateway' | 'moderation') =>
    inspectApart({ bytes, invariants: [], subject }, options)
  expect(await inspect('moderation')).toMatchObject({ kind: 'valid' })
  expect(await inspect('gateway')).toMatchObject({ kind: 'invalid' })
})
