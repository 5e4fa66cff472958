import { expect, test } from 'vitest'
import { invariantsSchema } from '../../../src/policy/invariants.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { holds, prove } from '../../../src/policy/prove.ts'

const namesInEurope = `
@id("everybody-in") @reason("r") permit (principal, action in Action::"admit", resource);
@id("names") @reason("r") permit (principal, action == Action::"sender.user:exact", resource)
when { principal.region == Region::"EU" };`

/** One invariant against the policies above. */
function proofOf(invariant: object, text = namesInEurope) {
  const { invariants } = invariantsSchema.parse({
    invariants: [{ id: 'one', says: 'It holds.', ...invariant }],
  })
  const [proof] = prove(loadPolicies(text), invariants)
  if (proof === undefined) throw new Error('no proof')
  return { ...proof, holds: holds(proof) }
}

test('a counterexample names situation, form and the policies that permit it', () => {
  const { holds: isTrue, counterexample } = proofOf({ fields: 'sender.user', atMost: 'bucket' })
  expect(isTrue).toBe(false)
  expect(counterexample).toMatchObject({
    ladder: 'sender.user',
    form: 'exact',
    policies: ['names'],
    situation: { principal: { region: 'EU' } },
  })
})

test('what holds is held against every situation that it is about', () => {
  const proof = proofOf({ fields: 'sender.user', atMost: 'absent', when: { region: ['UK', 'US'] } })
  // Classes, purposes, regions of peers, regions of rooms; nothing else is told apart.
  expect(proof).toMatchObject({ holds: true, situations: 5 * 3 * 2 * 4 })
})

test('facts that only the invariant reads are told apart too', () => {
  const when = { suite: 'compliance', audience: 'archive', verified: true } as const
  const proof = proofOf({ fields: 'sender.user', atMost: 'absent', when })
  expect(proof.counterexample?.situation).toMatchObject({
    principal: { verified: true },
    resource: { suite: 'compliance' },
    context: { audience: 'archive' },
  })
})

test('names and groups that no policy mentions exist where an invariant mentions them', () => {
  const proof = proofOf({
    admits: 'notify',
    is: 'never',
    when: { peer: 'b.example', group: 'partners' },
  })
  expect(proof.counterexample?.situation).toMatchObject({
    principal: { id: 'b.example', groups: ['partners'] },
  })
})

test('an invariant that no situation is about does not hold', () => {
  const proof = proofOf({ fields: 'sender.user', atMost: 'exact', when: { local: true } })
  expect(proof).toMatchObject({ holds: false, situations: 0, counterexample: undefined })
})

test('too little is shown: what forbids it is named', () => {
  const proof = proofOf(
    { admits: 'reportAbuse', is: 'always', when: { class: 'open' } },
    `${namesInEurope}
    @id("no-strangers") @reason("r") forbid (principal, action, resource)
    when { principal.class == PeerClass::"open" };`,
  )
  expect(proof.counterexample).toMatchObject({ form: 'absent', policies: ['no-strangers'] })
})

test.each([
  ['no bound', { fields: 'sender.user' }],
  ['fields and operations', { fields: 'sender.user', atMost: 'exact', admits: 'notify' }],
  ['operations with a form', { admits: 'notify', atMost: 'exact' }],
  ['an unknown field', { fields: 'sender.soul', atMost: 'exact' }],
  ['an unknown fact', { fields: 'sender.user', atMost: 'exact', when: { moon: 'full' } }],
])('%s is refused', (_, invariant) => {
  expect(() => proofOf(invariant)).toThrow('invariants')
})
