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

/** A policy that looks, on line 2, at what comes with the request or at something else. */
const looking = (condition: string): string =>
  `// a comment\n@id("x") @reason("r") permit (principal, action, resource) when { ${condition} };`

test.each([
  'Peer::"b.example".verified',
  'Peer::"b.example" in PeerGroup::"friends"',
  'Room::"r" has region',
  'Peer::"b.example" is Peer in PeerGroup::"friends"',
  'principal.class in PeerClass::"open"',
  '{a: principal}.a.verified',
])('%s is about an entity that no request brings', (condition) => {
  expect(thrown(looking(condition)).facts).toMatchObject({ fault: 'level', policy: 1, line: 2 })
})

test.each([
  'principal.verified && resource in Tenant::"default"',
  'principal == Peer::"b.example" || principal in PeerGroup::"friends"',
  'principal is Peer in PeerGroup::"friends" && resource has region',
  '[PeerClass::"open"].contains(principal.class)',
  'action in Action::"identity"',
])('%s is about the request', (condition) => {
  expect(loadPolicies(looking(condition)).policies).toHaveLength(1)
})

/** A policy that ends, after one that does not. */
const ending = (expires: string, effect = 'permit'): string =>
  `${permitAll}\n@id("x") @reason("r") @expires${expires}\n${effect} (principal, action, resource);`

test('a grant ends at the start of the day that it names', () => {
  const startMs = Date.UTC(2027, 0, 31)
  const text = ending('("2027-01-31")')
  expect(loadPolicies(text, startMs - 1).policies.map((policy) => policy.expiresAtMs)).toEqual([
    undefined,
    startMs,
  ])
  expect(inspectPolicies(text, startMs)).toEqual({
    kind: 'invalid',
    findings: [
      {
        fault: 'expired',
        policy: 2,
        line: 2,
        explanation: 'the grant has ended: take the policy out, or give @expires a later day',
      },
    ],
  })
})

test.each(['("")', '', '("soon")', '("2027-1-31")', '("2027-02-29")', '("2027-01-31T00:00:00Z")'])(
  '@expires%s is no day on which a grant ends',
  (expires) => {
    expect(inspectPolicies(ending(expires), 0)).toMatchObject(BAD_EXPIRES)
  },
)

test('a forbid does not end', () => {
  expect(inspectPolicies(ending('("2027-01-31")', 'forbid'), 0)).toMatchObject(BAD_EXPIRES)
})

const BAD_EXPIRES = {
  findings: [
    {
      fault: 'bad-expires',
      policy: 2,
      line: 2,
      explanation: expect.stringContaining('@expires("2027-01-31")'),
    },
  ],
}

test('a policy that can never apply is refused: warnings count as errors', () => {
  const never = looking('principal is Room')
  expect(inspectPolicies(never, 0)).toMatchObject({
    findings: [
      {
        fault: 'validation',
        policy: 1,
        line: 2,
        explanation: expect.stringContaining('impossible'),
      },
    ],
  })
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
    0,
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
