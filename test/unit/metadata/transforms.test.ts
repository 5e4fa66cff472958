import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { GrantedPlan, PlanCell } from '../../../src/metadata/plan.ts'
import {
  bucketTime,
  maskConsentStatus,
  maskErrorText,
  maskQueryStatus,
  maskRoomStatus,
  maskUserStatus,
  reduceClients,
  shuffleClients,
  transformAnswer,
  transforms,
} from '../../../src/metadata/transforms.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import type { Answer, ClientMaterial, KeyMaterialOutcome } from '../../../src/model/answer.ts'
import type { FieldName, Form } from '../../../src/model/metadata.ts'

const user = 'mimi://b.example/u/bob'
const clients: readonly ClientMaterial[] = [0, 1, 2, 3, 4].map((number) => ({
  bytes: Buffer.from([number]),
  status: 'success',
  keyPackage: Buffer.from([number]),
}))

const tools = { transforms, randomness: randomBytes }

function sameAgain(bytes: number): Buffer {
  return Buffer.alloc(bytes, 0x5a)
}

function cell(field: FieldName, shown: Form, extra: Partial<PlanCell> = {}): PlanCell {
  return {
    part: 'response',
    field,
    shown,
    least: 'absent',
    most: shown,
    width: undefined,
    enforcement: 'edited',
    policies: [],
    ...extra,
  }
}

function planWith(...cells: readonly PlanCell[]): GrantedPlan {
  const [suite] = builtInSuites([]).all
  if (suite === undefined) throw new Error('no suite')
  return {
    kind: 'granted',
    suite,
    cells,
    request: {},
    response: Object.fromEntries(cells.map((each) => [each.field, each])),
    policies: [],
  }
}

test('every status that tells who exists becomes noConsent, without clients', () => {
  for (const kind of ['userUnknown', 'noConsentForThisRoom', 'userDeleted'] as const)
    expect(maskUserStatus({ kind, user, clients: [] })).toEqual({
      kind: 'noConsent',
      user,
      clients: [],
    })
})

test('statuses that say nothing about existence pass untouched', () => {
  for (const kind of ['success', 'partialSuccess', 'noCompatibleMaterial', 'noConsent'] as const) {
    const outcome: KeyMaterialOutcome = { kind, user, clients }
    expect(maskUserStatus(outcome)).toBe(outcome)
  }
})

test('an unknown room looks like a closed one', () => {
  expect(maskRoomStatus({ kind: 'noSuchRoom' })).toEqual({ kind: 'notAuthorized' })
  expect(maskRoomStatus({ kind: 'success' })).toEqual({ kind: 'success' })
})

test('whoever does not want to be found is not found', () => {
  for (const kind of ['forbidden', 'ambiguous', 'notFound'] as const)
    expect(maskQueryStatus({ kind })).toEqual({ kind: 'notFound' })
  expect(maskQueryStatus({ kind: 'unsupportedField' })).toEqual({ kind: 'unsupportedField' })
})

test('consent for an unknown user is accepted like any other', () => {
  expect(maskConsentStatus({ kind: 'notFound' })).toEqual({ kind: 'accepted' })
  expect(maskConsentStatus({ kind: 'refused' })).toEqual({ kind: 'refused' })
})

test('the error text goes, its code and epoch stay', () => {
  expect(
    maskErrorText({ kind: 'wrongEpoch', currentEpoch: 7n, errorDescription: 'bob is gone' }),
  ).toEqual({ kind: 'wrongEpoch', currentEpoch: 7n, errorDescription: '' })
})

test('a bucketed client list is as many clients as whole buckets hold, and never says that it is all', () => {
  const bucket = cell('client.list', 'bucket', { width: 2 })
  for (const count of [4, 5]) {
    const outcome: KeyMaterialOutcome = { kind: 'success', user, clients: clients.slice(0, count) }
    const reduced = reduceClients(outcome, bucket)
    expect(reduced).toEqual({ kind: 'partialSuccess', user, clients: clients.slice(0, 4) })
  }
})

test('one client stays where the list is shorter than the width', () => {
  const one = clients.slice(0, 1)
  const wide = cell('client.list', 'bucket', { width: 4 })
  for (const count of [1, 2, 3]) {
    const outcome: KeyMaterialOutcome = { kind: 'success', user, clients: clients.slice(0, count) }
    expect(reduceClients(outcome, wide)).toEqual({ kind: 'partialSuccess', user, clients: one })
  }
})

test('how many clients have nothing to give is not told', () => {
  const exhausted: ClientMaterial = {
    bytes: Buffer.from([9]),
    status: 'keyMaterialExhausted',
    keyPackage: undefined,
  }
  const reduced = reduceClients(
    { kind: 'success', user, clients: [exhausted, exhausted] },
    cell('client.list', 'bucket', { width: 2 }),
  )
  expect(reduced).toEqual({ kind: 'noCompatibleMaterial', user, clients: [] })
})

test('a client list that may not be shown is no consent', () => {
  const reduced = reduceClients({ kind: 'success', user, clients }, cell('client.list', 'absent'))
  expect(reduced).toEqual({ kind: 'noConsent', user, clients: [] })
})

test('a shuffle keeps every client and every order is reached', () => {
  const three = clients.slice(0, 3)
  const orders = new Set<string>()
  for (let round = 0; round < 500; round += 1) {
    const shuffled = shuffleClients({ kind: 'success', user, clients: three }, randomBytes)
    const order = shuffled.clients.map((client) => client.bytes[0] ?? -1)
    expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2])
    orders.add(order.join(','))
  }
  expect(orders.size).toBe(6)
})

test('the order in which clients came has no part in the one in which they are shown', () => {
  const [first, second] = [clients, clients.toReversed()].map((order) =>
    shuffleClients({ kind: 'success', user, clients: order }, sameAgain),
  )
  expect(second).toEqual(first)
})

test('time goes down to the start of its bucket', () => {
  expect(bucketTime(12_345, 1_000)).toBe(12_000)
  for (const width of [0, 1]) expect(bucketTime(12_345, width)).toBe(12_345)
})

test('an answer that the plan leaves alone is the same value', () => {
  const answers: readonly Answer[] = [
    { operation: 'keyMaterial', outcome: { kind: 'success', user, clients } },
    {
      operation: 'update',
      outcome: { kind: 'success', acceptedTimestampMs: 1, errorDescription: '' },
    },
    { operation: 'groupInfo', outcome: { kind: 'noSuchRoom' } },
    { operation: 'notify', outcome: { kind: 'accepted' } },
  ]
  const plan = planWith(cell('user.existence', 'exact'), cell('client.list', 'exact'))
  for (const answer of answers) expect(transformAnswer(answer, plan, tools)).toBe(answer)
})

test('a plan that hides existence masks every oracle', () => {
  const plan = planWith(cell('user.existence', 'absent'), cell('error.detail', 'absent'))
  const kinds = (
    [
      { operation: 'keyMaterial', outcome: { kind: 'userUnknown', user, clients: [] } },
      { operation: 'groupInfo', outcome: { kind: 'noSuchRoom' } },
      { operation: 'identifierQuery', outcome: { kind: 'ambiguous' } },
      { operation: 'requestConsent', outcome: { kind: 'notFound' } },
      { operation: 'updateConsent', outcome: { kind: 'notFound' } },
      { operation: 'submitMessage', outcome: { kind: 'notAllowed' } },
    ] satisfies Answer[]
  ).map((answer) => transformAnswer(answer, plan, tools).outcome.kind)
  expect(kinds).toEqual([
    'noConsent',
    'notAuthorized',
    'notFound',
    'accepted',
    'accepted',
    'notAllowed',
  ])
})

test('a field that a client protects is never edited', () => {
  const plan = planWith(cell('user.existence', 'absent', { enforcement: 'checked' }))
  const answer: Answer = { operation: 'groupInfo', outcome: { kind: 'noSuchRoom' } }
  expect(transformAnswer(answer, plan, tools)).toBe(answer)
})
