import { expect, test } from 'vitest'
import { createPolicyHolder } from '../../../src/policy/policy-holder.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { engineOf, peerFacts, permitAll, policyRoom } from '../../support/policy.ts'

const admission = {
  peer: peerFacts(),
  room: policyRoom(),
  operation: 'update',
  direction: 'ingress',
  local: false,
  pseudonymous: true,
} as const

test('new policies take effect at once, a request finishes on those that it began with', () => {
  const holder = createPolicyHolder(engineOf(permitAll), declarations)
  const began = holder.current()
  holder.swap(engineOf(''))
  expect(holder.current().admit(admission).kind).toBe('refused')
  expect(began.admit(admission).kind).toBe('admitted')
})

test('a bad policy set never takes effect', () => {
  const holder = createPolicyHolder(engineOf(permitAll), declarations)
  const before = holder.current()
  expect(() => holder.reload(() => engineOf('permit (nobody);'))).toThrow('policy-invalid')
  expect(holder.current()).toBe(before)
  holder.reload(() => engineOf(''))
  expect(holder.current().admit(admission).kind).toBe('refused')
})
