import { expect, test } from 'vitest'
import {
  createPolicyHolder,
  hasExpired,
  type PolicySet,
} from '../../../src/policy/policy-holder.ts'
import { compiledEngine } from '../../../src/policy/compiled-engine.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { engineOf, peerFacts, permitAll, policyRoom } from '../../support/policy.ts'

const admission = {
  peer: peerFacts(),
  room: policyRoom(),
  operation: 'update',
  direction: 'ingress',
  local: false,
  tier: 'room-pseudonym',
} as const

function setOf(text: string): PolicySet {
  return {
    engine: engineOf(text),
    digest: text,
    policies: 1,
    bundle: undefined,
    loadedAtMs: 0,
    expiriesMs: [],
  }
}

/** A set that differs from all others. */
const numbered = (number: number) => setOf(permitAll.replace('"all"', `"all-${number}"`))
const holding = (set: PolicySet) =>
  createPolicyHolder({ set, shadow: undefined }, { declarations, clock: () => 0 })

test('new policies take effect at once, a request finishes on those that it began with', () => {
  const holder = holding(setOf(permitAll))
  const began = holder.current()
  holder.swap(setOf(''), undefined)
  expect(holder.current().admit(admission).kind).toBe('refused')
  expect(began.admit(admission).kind).toBe('admitted')
})

test('a rollback puts the set before in force, and a second one takes it back', () => {
  const [first, second] = [setOf(permitAll), setOf('')]
  const holder = holding(first)
  holder.swap(second, undefined)
  expect(holder.rollback()).toBe(first)
  expect(holder.current().admit(admission).kind).toBe('admitted')
  expect(holder.sets()).toEqual([first, second])
  expect(holder.rollback()).toBe(second)
})

test('the set in force, put in force again, keeps its plans', () => {
  const set = setOf(permitAll)
  const holder = holding(set)
  const table = holder.current()
  holder.swap(set, undefined)
  expect(holder.current()).toBe(table)
})

test('a rollback finds a set by the beginning of its revision', () => {
  const sets = [1, 2, 3].map(numbered)
  const [first, ...others] = sets
  if (first === undefined) throw new Error('no set')
  const holder = holding(first)
  for (const set of others) holder.swap(set, undefined)
  expect(holder.rollback(first.engine.revision.slice(0, 8))).toBe(first)
  expect(() => holder.rollback('000000')).toThrow('not-found')
  expect(holder.sets()[0]).toBe(first)
})

test('five sets are kept, and the same policies loaded again are one of them', () => {
  const holder = holding(numbered(0))
  expect(() => holder.rollback()).toThrow('not-found')
  for (const number of [1, 2, 3, 4, 5, 5]) holder.swap(numbered(number), undefined)
  const kept = holder.sets().map(({ engine }) => engine.revision)
  expect(kept).toEqual([5, 4, 3, 2, 1].map((number) => numbered(number).engine.revision))
})

test('a permit that expires while it is in force permits no more, nor does what was planned by it', () => {
  let nowMs = 0
  const clock = () => nowMs
  const [firstMs, secondMs] = [Date.UTC(2027, 0, 1), Date.UTC(2027, 1, 1)]
  const loaded = loadPolicies(
    permitUntil('2027-01-01', 'admit:update') + permitUntil('2027-02-01', 'admit:submitMessage'),
  )
  const set = {
    ...setOf(''),
    engine: compiledEngine(loaded, clock),
    expiriesMs: [firstMs, secondMs],
  }
  const holder = createPolicyHolder({ set, shadow: undefined }, { declarations, clock })
  const admitted = (operation: 'update' | 'submitMessage') =>
    holder.current().admit({ ...admission, operation }).kind === 'admitted'
  const all = () => [admitted('update'), admitted('submitMessage'), hasExpired(set, nowMs)]

  expect(all()).toEqual([true, true, false])
  nowMs = firstMs - 1
  expect(all()).toEqual([true, true, false])
  nowMs = firstMs
  expect(all()).toEqual([false, true, true])
  nowMs = secondMs
  expect(all()).toEqual([false, false, true])
})

function permitUntil(day: string, action: string): string {
  return `@id("${action}") @reason("r") @expires("${day}") permit (principal, action == Action::"${action}", resource);`
}
