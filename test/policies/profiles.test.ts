import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { audiences, purposes } from '../../src/model/metadata.ts'
import { operations } from '../../src/model/exchange.ts'
import { cedarEngine } from '../../src/policy/cedar-engine.ts'
import { compiledEngine } from '../../src/policy/compiled-engine.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { peerClasses, policySuites, regions, roomProfiles } from '../../src/policy/vocabulary.ts'

const directions = ['ingress', 'egress'] as const
const caseSchema = z.strictObject({
  principal: z.strictObject({
    id: z.string(),
    class: z.enum(peerClasses),
    region: z.enum(regions),
    agreement: z.boolean(),
    verified: z.boolean(),
    groups: z.array(z.string()),
  }),
  action: z.string(),
  resource: z.strictObject({
    id: z.string(),
    suite: z.enum(policySuites),
    profile: z.enum(roomProfiles),
    region: z.enum(regions),
    tenant: z.string(),
  }),
  context: z.union([
    z.strictObject({
      purpose: z.enum(purposes),
      audience: z.enum(audiences),
      direction: z.enum(directions),
      operation: z.enum(operations),
    }),
    z.strictObject({
      direction: z.enum(directions),
      local: z.boolean(),
      pseudonymous: z.boolean(),
    }),
  ]),
  reason: z.array(z.string()),
  errors: z.array(z.string()),
})

const profilesPath = 'policies/profiles'

describe.each(readdirSync(profilesPath))('profile %s', (profile) => {
  const folder = join(profilesPath, profile)
  const loaded = loadPolicies(readFileSync(join(folder, 'policies.cedar'), 'utf8'))
  const [compiled, cedar] = [compiledEngine(loaded), cedarEngine(loaded)]
  const casesOf = (expectation: 'ALLOW' | 'DENY') =>
    readdirSync(join(folder, expectation)).map((file) => ({
      name: basename(file, '.json').replaceAll('-', ' '),
      decision: expectation === 'ALLOW' ? ('allow' as const) : ('deny' as const),
      case: caseSchema.parse(JSON.parse(readFileSync(join(folder, expectation, file), 'utf8'))),
    }))
  const cases = [...casesOf('ALLOW'), ...casesOf('DENY')]

  test.each(cases)('$decision: $name', ({ decision, case: { reason, errors, ...request } }) => {
    expect(compiled.decide(request)).toEqual({ decision, policies: reason, errors })
    expect(cedar.decide(request)).toEqual({ decision, policies: reason, errors })
  })

  test('every policy decides at least one case', () => {
    const deciding = new Set(cases.flatMap((each) => each.case.reason))
    expect(loaded.policies.map((policy) => policy.id).filter((id) => !deciding.has(id))).toEqual([])
  })

  test('every policy has a title and a reason for people', () => {
    for (const policy of loaded.policies) {
      expect(policy.title ?? '').not.toBe('')
      expect(policy.reason).not.toBe('')
    }
  })
})
