import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cedarEngine } from '../../src/policy/cedar-engine.ts'
import { runCedarTest } from '../../src/policy/cedar-tests.ts'
import { compiledEngine, compiledEvaluator } from '../../src/policy/compiled-engine.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { policyCaseSchema } from '../../src/policy/policy-case.ts'
import { holds, prove } from '../../src/policy/prove.ts'
import { INVARIANTS, readInvariants } from '../../src/settings/policy-files.ts'
import { permitAll } from '../support/policy.ts'

const profilesPath = 'policies/profiles'

describe.each(readdirSync(profilesPath))('profile %s', (profile) => {
  const folder = join(profilesPath, profile)
  const loaded = loadPolicies(readFileSync(join(folder, 'policies.cedar'), 'utf8'))
  const [compiled, cedar] = [compiledEngine(loaded), cedarEngine(loaded)]
  const casesOf = (expectation: 'ALLOW' | 'DENY') =>
    readdirSync(join(folder, expectation)).map((file) => ({
      name: basename(file, '.json').replaceAll('-', ' '),
      decision: expectation === 'ALLOW' ? ('allow' as const) : ('deny' as const),
      case: policyCaseSchema.parse(
        JSON.parse(readFileSync(join(folder, expectation, file), 'utf8')),
      ),
    }))
  const cases = [...casesOf('ALLOW'), ...casesOf('DENY')]

  test.each(cases)('$decision: $name', ({ decision, case: { reason, errors, ...request } }) => {
    expect(compiled.decide(request)).toEqual({ decision, policies: reason, errors })
    expect(cedar.decide(request)).toEqual({ decision, policies: reason, errors })
  })

  test.each<object>(JSON.parse(readFileSync(join(folder, 'examples.tests.json'), 'utf8')))(
    'as Cedar runs tests: $name',
    (each) => {
      expect(runCedarTest(compiledEvaluator(loaded), each)).toMatchObject({ passed: true })
    },
  )

  test('every policy decides at least one case', () => {
    const deciding = new Set(cases.flatMap((each) => each.case.reason))
    expect(loaded.policies.map((policy) => policy.id).filter((id) => !deciding.has(id))).toEqual([])
  })

  test('every invariant holds, and each would fail if all were permitted or nothing', async () => {
    const invariants = await readInvariants(join(folder, INVARIANTS))
    expect(prove(loaded, invariants).filter((proof) => !holds(proof))).toEqual([])
    const everything = prove(loadPolicies(permitAll), invariants)
    const nothing = prove(loadPolicies('// nothing'), invariants)
    const untouched = everything.filter((proof, at) => {
      const other = nothing[at]
      return holds(proof) && other !== undefined && holds(other)
    })
    expect(untouched).toEqual([])
  })

  test('every policy has a title and a reason for people', () => {
    for (const policy of loaded.policies) {
      expect(policy.title ?? '').not.toBe('')
      expect(policy.reason).not.toBe('')
    }
  })
})
