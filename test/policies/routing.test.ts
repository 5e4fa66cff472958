import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { inspectApart } from '../../src/policy/load-apart.ts'
import { routingCaseSchema } from '../../src/policy/policy-case.ts'
import { routingEngine } from '../../src/policy/routing/routing-engine.ts'
import {
  routingAgreesWithCedar,
  routingOracle,
  sampleRouting,
} from '../../src/policy/routing/routing-oracle.ts'
import { routingPolicies } from '../support/routing-policies.ts'

const folder = 'policies/routing'
const loaded = routingPolicies()
const [compiled, cedar] = [routingEngine(loaded), routingOracle(loaded)]

const cases = (['ALLOW', 'DENY'] as const).flatMap((expectation) =>
  readdirSync(join(folder, expectation)).map((file) => ({
    name: basename(file, '.json').replaceAll('-', ' '),
    decision: expectation === 'ALLOW' ? ('allow' as const) : ('deny' as const),
    case: routingCaseSchema.parse(
      JSON.parse(readFileSync(join(folder, expectation, file), 'utf8')),
    ),
  })),
)

test.each(cases)('$decision: $name', ({ decision, case: { reason, errors, ...request } }) => {
  expect(compiled.decide(request)).toEqual({ decision, policies: reason, errors })
  expect(cedar.decide(request)).toEqual({ decision, policies: reason, errors })
})

test('every policy about reports decides at least one case, and says why it is there', () => {
  const deciding = new Set(cases.flatMap((each) => each.case.reason))
  expect(loaded.policies.filter(({ id }) => !deciding.has(id))).toEqual([])
  for (const { title, reason } of loaded.policies)
    expect([title ?? '', reason].every(({ length }) => length > 0)).toBe(true)
})

test('closures and Cedar agree on where reports go', () => {
  expect(routingAgreesWithCedar(loaded)).toBe(true)
  const answers = sampleRouting(4_000).map((request) => compiled.decide(request))
  const deciding = new Set(answers.flatMap(({ policies }) => policies))
  expect(loaded.policies.filter(({ id }) => !deciding.has(id))).toEqual([])
})

test('a receiver of whom nothing is known gets nothing, with the failed policies as the reason', () => {
  const [allowed] = cases.filter(({ name }) =>
    name.includes('senders provider gets a notice with consent'),
  )
  if (allowed === undefined) throw new Error('no such case')
  const answer = compiled.decide({ ...allowed.case, providers: [] })
  expect(answer.decision).toBe('deny')
  expect(answer.errors.length).toBeGreaterThan(0)
})

test('policies about reports are inspected apart, against their own schema', async () => {
  const bytes = readFileSync(join(folder, 'policies.cedar'))
  const inspect = (subject: 'gateway' | 'moderation' | 'routing') =>
    inspectApart({ bytes, invariants: [], subject }, { nowMs: 0 })
  expect(await inspect('routing')).toMatchObject({ kind: 'valid' })
  expect(await inspect('moderation')).toMatchObject({ kind: 'invalid' })
  expect(await inspect('gateway')).toMatchObject({ kind: 'invalid' })
})
