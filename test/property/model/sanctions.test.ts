import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import {
  expiryOf,
  inverse,
  isEnforced,
  newSanctionId,
  nextState,
  parseSanctionId,
  reversibility,
  sanctionKinds,
  sanctionStates,
  sanctionSteps,
  type Sanction,
  type SanctionState,
} from '../../../src/model/sanctions.ts'

const step = fc.constantFrom(...sanctionSteps)
const steps = fc.array(step, { maxLength: 20 })

/** The states that a sanction passes; steps that do not exist where they come leave it where it is. */
function walk(list: readonly (typeof sanctionSteps)[number][]): SanctionState[] {
  const states: SanctionState[] = ['pending']
  for (const one of list) {
    const state = states.at(-1) ?? 'pending'
    states.push(nextState(state, one) ?? state)
  }
  return states
}

/** The steps that lead to a state from anywhere. */
function leadingTo(wanted: SanctionState): readonly string[] {
  return sanctionSteps.filter((one) =>
    sanctionStates.some((state) => nextState(state, one) === wanted),
  )
}

test('what is undone stays undone', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const states = walk([...list, 'undone', ...list])
      const after = states.slice(states.indexOf('undone'))
      expect(new Set(after)).toEqual(new Set(['undone']))
    }),
  )
})

test('nothing is in the group state that was not enforced at the hub before', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const states = walk(list)
      fc.pre(states.includes('in-group-state'))
      expect(states.slice(0, states.indexOf('in-group-state'))).toContain('enforced-at-hub')
    }),
  )
})

test('only a commit brings a sanction into the group state, and only proposals make it wait', () => {
  expect(leadingTo('in-group-state')).toEqual(['committed'])
  expect(leadingTo('waiting-for-commit')).toEqual(['proposed'])
})

test('an enforced sanction stays enforced until it is undone or over', () => {
  fc.assert(
    fc.property(steps, step, (list, last) => {
      const state = walk(list).at(-1) ?? 'pending'
      fc.pre(isEnforced(state))
      const next = nextState(state, last) ?? state
      expect(isEnforced(next)).toBe(last !== 'undone' && last !== 'expired')
    }),
  )
})

test('every state but the last can be undone', () => {
  for (const state of sanctionStates)
    expect(nextState(state, 'undone')).toBe(state === 'undone' ? undefined : 'undone')
})

const seeded = (seed: number) => (bytes: number) => Buffer.alloc(bytes, seed)
const id = fc
  .tuple(fc.nat(2 ** 40), fc.nat(255))
  .map(([atMs, seed]) => newSanctionId(atMs, seeded(seed)))
const participant = parseMimiUri('mimi://b.example/u/bob', 'user')
const base = {
  room: fc.constant(parseMimiUri('mimi://a.example/r/club', 'room')),
  participant: fc.constant(participant),
  issuedAtMs: fc.nat(),
  reason: fc.constant('spam'),
}
const expiresAtMs = fc.nat()
const tag = fc.constant('ab'.repeat(32))
const provider = fc.constant(parseProviderDomain('b.example'))
const { participant: _, ...inRoom } = base
const sanction: fc.Arbitrary<Sanction> = fc.oneof(
  fc.record({ ...base, id, kind: fc.constantFrom('ban' as const, 'unban' as const) }),
  fc.record({
    ...base,
    id,
    kind: fc.constantFrom('limit' as const, 'unlimit' as const),
    divisor: fc.integer({ min: 2, max: 1_000 }),
    expiresAtMs,
  }),
  fc.record({
    ...inRoom,
    id,
    kind: fc.constantFrom('retract' as const, 'restore' as const),
    message: fc.record({ frankingTag: tag }),
  }),
  fc.record({
    ...inRoom,
    id,
    kind: fc.constantFrom('label' as const, 'unlabel' as const),
    target: fc.constant({ kind: 'participant' as const, participant }),
    label: fc.constant('spam'),
    expiresAtMs,
  }),
  fc.record({
    ...base,
    id,
    provider,
    kind: fc.constantFrom('strike' as const, 'retract-strike' as const),
    frankingTag: tag,
    severity: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
  }),
  fc.record({
    ...base,
    id,
    provider,
    kind: fc.constant('notify' as const),
    statementRef: fc.constant('sor-1'),
    notice: fc.constantFrom('statement' as const, 'withdrawal' as const),
  }),
)

test('the inverse of the inverse does what the sanction did', () => {
  fc.assert(
    fc.property(sanction, id, id, (one, second, third) => {
      const back = inverse(one, { id: second, issuedAtMs: 1 })
      expect(back.undoes).toBe(one.id)
      expect(reversibility(back.kind)).toBe(reversibility(one.kind))
      expect(expiryOf(back)).toBe(expiryOf(one))
      expect(back.kind === one.kind).toBe(one.kind === 'notify')
      const again = inverse(back, { id: third, issuedAtMs: one.issuedAtMs })
      expect({ ...again, id: one.id, undoes: undefined }).toEqual({ ...one, undoes: undefined })
    }),
  )
})

test('each kind says what its inverse brings back', () => {
  const table = Object.fromEntries(sanctionKinds.map((kind) => [kind, reversibility(kind)]))
  expect(table).toMatchObject({ ban: 'readmission', retract: 'advisory', notify: 'notice' })
})

test('ids sort by time and survive parsing', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 2 ** 20 }), (atMs, later) => {
      const one = newSanctionId(atMs, seeded(255))
      expect(newSanctionId(atMs + later, seeded(0)) > one).toBe(true)
      expect(parseSanctionId(one)).toBe(one)
    }),
  )
  expect(() => parseSanctionId('san-1')).toThrow('malformed-request')
})
