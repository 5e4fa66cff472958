import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { inspectPolicies, loadPolicies } from '../../../src/policy/load.ts'
import { permitAll } from '../../support/policy.ts'

function thrown(text: string): GatewayError {
  try {
    loadPolicies(text)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('loaded')
}

test('a policy is known by its own id, title and reason', () => {
  const { policies } = loadPolicies(
    '\n@id("first")\n@title("t")\n@reason("r")\npermit (principal, action, resource);',
  )
  expect(policies).toMatchObject([{ id: 'first', title: 't', reason: 'r', line: 2 }])
})

test.each([
  ['syntax', 2, 3, `${permitAll}\n@id("x") @reason("r")\npermit (principal action, resource);`],
  ['missing-id', 1, 1, '@reason("r") permit (principal, action, resource);'],
  ['missing-reason', 1, 1, '@id("x") permit (principal, action, resource);'],
  ['duplicate-id', 2, 2, `${permitAll}\n${permitAll}`],
  ['template', 1, 1, '@id("x") @reason("r") permit (principal == ?principal, action, resource);'],
  [
    'validation',
    2,
    4,
    `${permitAll}\n@id("x") @reason("r")\npermit (principal, action, resource) when {\n  principal.unheard };`,
  ],
  [
    'validation',
    1,
    1,
    '@id("x") @reason("r") permit (principal, action == Action::"sender.user:absent", resource);',
  ],
  [
    'validation',
    1,
    1,
    '@id("x") @reason("r") permit (principal, action, resource) when { principal.class == PeerClass::"friend" };',
  ],
  ['too-deep', 0, 1, `permit (principal, action, resource) when { ${'('.repeat(200)}`],
])('%s is refused with the number and the line of the policy', (fault, ...[policy, line, text]) => {
  const error = thrown(text)
  expect(error.code).toBe('policy-invalid')
  expect(error.facts).toMatchObject({ fault, policy, line })
})

test('a policy that can never apply is refused: warnings count as errors', () => {
  const impossible =
    '@id("x") @reason("r") forbid (principal is Room, action == Action::"admit:update", resource);'
  expect(thrown(impossible).facts).toMatchObject({ fault: 'validation', policy: 1 })
})

test('no word of the policies is in the error', () => {
  const error = thrown('@id("secret-name") @reason("r") permit (principal, action, nonsense);')
  expect(JSON.stringify([error.message, error.facts])).not.toMatch(/secret|nonsense/)
  expect(error.cause).toBeUndefined()
})

test('an inspection lists every finding with the words of Cedar for the operator', () => {
  const inspection = inspectPolicies(
    '@id("a") @reason("r") permit (principal, action, resource) when { principal.x };\n' +
      '@id("b") @reason("r") permit (principal, action, resource) when { principal.y };',
  )
  expect(inspection).toMatchObject({
    kind: 'invalid',
    findings: expect.arrayContaining([
      expect.objectContaining({ policy: 1, explanation: expect.stringContaining('`x`') }),
      expect.objectContaining({ policy: 2, explanation: expect.stringContaining('`y`') }),
    ]),
  })
})

test('Cedar still answers after the deepest text that is let through', () => {
  const deep = `${'('.repeat(60)}true${')'.repeat(60)}`
  const wide = Array(190).fill('principal.verified').join(' && ')
  const text = [deep, wide]
    .map(
      (body, number) =>
        `@id("p${number}") @reason("r") permit (principal, action, resource) when { ${body} };`,
    )
    .join('\n')
  expect(loadPolicies(text).policies).toHaveLength(2)
  expect(loadPolicies(permitAll).policies).toHaveLength(1)
})
