import { expect, test } from 'vitest'
import type { AuthorizationDecision, PolicyEngine } from '../../../src/policy/engine.ts'
import { createPlanTable, type PlanRequest } from '../../../src/policy/plan-table.ts'
import { unservedOperations } from '../../../src/policy/serve-check.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import {
  engineOf,
  peerFacts,
  permitAll,
  policyRoom,
  profileEngine,
  type ProfileName,
} from '../../support/policy.ts'

const request: PlanRequest = {
  peer: peerFacts(),
  room: policyRoom(),
  operation: 'submitMessage',
  direction: 'ingress',
  audience: 'hub',
  purpose: 'delivery',
}

/** A real engine that counts how often it is asked. */
function counted(inner: PolicyEngine) {
  const asked: string[] = []
  const decide = (question: Parameters<PolicyEngine['decide']>[0]): AuthorizationDecision => {
    asked.push(`${question.principal.id} ${question.action}`)
    return inner.decide(question)
  }
  return { asked, engine: { ...inner, decide } }
}

/** How many operations of a suite a profile refuses towards a federated peer. */
function unserved(profile: ProfileName, suite: string): number {
  const table = createPlanTable(profileEngine(profile), declarations)
  return unservedOperations(table, declarations, { peer: peerFacts(), room: policyRoom(suite) })
    .length
}

test('a plan is computed once and then looked up', () => {
  const { engine, asked } = counted(profileEngine('consumer'))
  const table = createPlanTable(engine, declarations)
  const first = table.plan(request)
  const questions = asked.length
  expect(questions).toBeGreaterThan(0)
  expect(table.plan(request)).toBe(first)
  expect(asked).toHaveLength(questions)
  expect(first).toMatchObject({
    kind: 'granted',
    request: { 'sender.user': { shown: 'pseudonym-room', policies: ['room-pseudonyms'] } },
  })
})

test('peers and rooms that look alike to every policy share a plan', () => {
  const table = createPlanTable(profileEngine('consumer'), declarations)
  const plan = table.plan(request)
  const other = {
    ...request,
    peer: peerFacts({ id: 'd.example' }),
    room: policyRoom('moderated-pseudonyms', { id: 'mimi://a.example/r/other' }),
  }
  expect(table.plan(other)).toBe(plan)
  expect(table.size()).toBe(1)
})

test('a peer that a policy names has a plan of its own, and no other name reaches the engine', () => {
  const { engine, asked } = counted(
    engineOf(
      `${permitAll} @id("no-c") @reason("r") forbid (principal == Peer::"c.example", action in Action::"sender.user", resource);`,
    ),
  )
  const table = createPlanTable(engine, declarations)
  expect(table.plan(request).kind).toBe('granted')
  expect(table.plan({ ...request, peer: peerFacts({ id: 'c.example' }) })).toMatchObject({
    kind: 'refused',
    field: 'sender.user',
    reason: { kind: 'policy', policies: ['no-c'] },
  })
  expect(new Set(asked.map((question) => question.split(' ')[0]))).toEqual(
    new Set(['~', 'c.example']),
  )
})

test('every part of the key makes another plan', () => {
  const table = createPlanTable(engineOf(permitAll), declarations)
  const requests: readonly PlanRequest[] = [
    request,
    { ...request, peer: peerFacts({ class: 'open' }) },
    { ...request, peer: peerFacts({ region: 'US' }) },
    { ...request, peer: peerFacts({ agreement: false }) },
    { ...request, peer: peerFacts({ verified: false }) },
    { ...request, peer: peerFacts({ groups: ['g'] }) },
    { ...request, room: policyRoom('identified') },
    { ...request, room: policyRoom('moderated-pseudonyms', { profile: 'regulated' }) },
    { ...request, room: policyRoom('moderated-pseudonyms', { region: 'UK' }) },
    { ...request, room: policyRoom('moderated-pseudonyms', { tenant: 'north' }) },
    { ...request, operation: 'update' },
    { ...request, direction: 'egress' },
    { ...request, audience: 'archive' },
    { ...request, purpose: 'moderation' },
  ]
  const plans = requests.map((each) => table.plan(each))
  expect(new Set(plans).size).toBe(requests.length)
  expect(requests.map((each) => table.plan(each))).toEqual(plans)
})

test('private-use suites with one name but another table have plans of their own', () => {
  const table = createPlanTable(engineOf(permitAll), declarations)
  const { suite } = policyRoom()
  const wide = { ...suite, code: 0xf001, name: 'ours' }
  const narrow = { ...wide, entries: [] }
  expect(table.plan({ ...request, room: policyRoom(wide) }).kind).toBe('granted')
  expect(table.plan({ ...request, room: policyRoom(narrow) }).kind).toBe('refused')
})

test('admissions are decided once and by each of their circumstances', () => {
  const { engine, asked } = counted(profileEngine('trust-and-safety'))
  const table = createPlanTable(engine, declarations)
  const admission = {
    peer: peerFacts({ agreement: false }),
    room: request.room,
    operation: 'groupInfo',
    direction: 'ingress',
    local: false,
    tier: 'room-pseudonym',
  } as const
  const refused = { kind: 'refused', policies: ['rosters-need-standing'] }
  expect(table.admit(admission)).toEqual(refused)
  expect(table.admit(admission)).toEqual(refused)
  expect(asked).toHaveLength(1)
  expect(table.admit({ ...admission, local: true }).kind).toBe('admitted')
  expect(table.admit({ ...admission, operation: 'update' })).toEqual({
    kind: 'admitted',
    policies: ['admit-known'],
  })
})

test('each tier is an admission of its own, and who asks which are acceptable is not counted', () => {
  const table = createPlanTable(profileEngine('trust-and-safety'), declarations)
  const asked = {
    peer: peerFacts(),
    room: request.room,
    operation: 'submitMessage',
    direction: 'ingress',
    local: false,
  } as const
  expect(table.acceptableTiers(asked)).toEqual(['identified', 'room-pseudonym', 'epoch-pseudonym'])
  expect(table.acceptableTiers({ ...asked, peer: peerFacts({ class: 'open' }) })).toEqual([
    'identified',
    'room-pseudonym',
  ])
  expect(table.recorded().admissions).toEqual([])
  const refused = { kind: 'refused', policies: ['one-sender-one-pseudonym'] }
  expect(table.admit({ ...asked, tier: 'message-token' })).toEqual(refused)
  expect(table.admit({ ...asked, tier: 'epoch-pseudonym' }).kind).toBe('admitted')
  expect(table.recorded().admissions).toHaveLength(2)
})

test('after an invalidation everything is computed afresh', () => {
  const { engine, asked } = counted(profileEngine('consumer'))
  const table = createPlanTable(engine, declarations)
  const before = table.plan(request)
  const questions = asked.length
  table.invalidate()
  expect(table.size()).toBe(0)
  expect(table.plan(request)).toEqual(before)
  expect(asked).toHaveLength(2 * questions)
})

test('more slices than the table numbers make it start afresh, never wrong', () => {
  const table = createPlanTable(engineOf(permitAll), [])
  for (let number = 0; number < 4_200; number += 1)
    table.plan({ ...request, peer: peerFacts({ groups: [`g${number}`] }) })
  expect(table.size()).toBeLessThan(4_097)
  expect(table.plan(request).kind).toBe('granted')
})

test.each([
  ['consumer', 'bare-minimum', true],
  ['consumer', 'moderated-pseudonyms', true],
  ['consumer', 'identified', true],
  ['consumer', 'compliance', false],
  ['enterprise', 'moderated-pseudonyms', true],
  ['enterprise', 'compliance', true],
  ['trust-and-safety', 'moderated-pseudonyms', true],
  ['trust-and-safety', 'identified', false],
] as const)('the policies of %s serve every operation of %s: %s', (profile, suite, served) => {
  expect(unserved(profile, suite) === 0).toBe(served)
})
