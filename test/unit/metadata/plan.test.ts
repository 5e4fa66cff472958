import { expect, test } from 'vitest'
import {
  computePlan,
  purposeOf,
  withinCell,
  type Permission,
  type PlanInput,
} from '../../../src/metadata/plan.ts'
import type { Suite } from '../../../src/metadata/suite.ts'
import type { FieldDeclaration } from '../../../src/model/adapter.ts'
import type { Form } from '../../../src/model/metadata.ts'

const permits = (form: Form, policies = ['permits']): Permission => ({
  form,
  policies,
  withheldBy: ['forbids'],
})

function suiteWith(floor: Form, ceiling: Form, extra: Partial<Suite> = {}): Suite {
  return {
    code: 0xf001,
    name: 'test',
    summary: 'A suite of one entry.',
    entries: [
      {
        field: 'sender.user',
        audience: 'hub',
        floor,
        ceiling,
        width: 5,
        purposes: ['delivery'],
        retentionDays: 1,
      },
    ],
    shows: 'permitted',
    requiresFrank: false,
    pseudonymousCredentials: 'optional',
    timeBucketMs: 1,
    ...extra,
  }
}

function declared(
  wireFloor: Form,
  carries: Form = 'exact',
  extra: Partial<FieldDeclaration> = {},
): FieldDeclaration {
  return {
    operation: 'submitMessage',
    part: 'request',
    audience: 'hub',
    field: 'sender.user',
    wireFloor,
    carries,
    enforcement: 'checked',
    because: 'A test says so.',
    ...extra,
  }
}

function planOf(input: Partial<PlanInput>) {
  return computePlan({
    suite: suiteWith('absent', 'exact'),
    purpose: 'delivery',
    declarations: [declared('absent')],
    permitted: () => permits('exact'),
    ...input,
  })
}

function cellOf(input: Partial<PlanInput>) {
  const plan = planOf(input)
  if (plan.kind !== 'granted') throw new Error('refused')
  return plan.request['sender.user']
}

test('an optional field is shown as far as the suite and the policies allow', () => {
  expect(cellOf({ permitted: () => permits('pseudonym-room') })?.shown).toBe('pseudonym-room')
  expect(cellOf({ suite: suiteWith('absent', 'pseudonym-room') })?.shown).toBe('pseudonym-room')
})

test('an optional field that no policy permits is absent, and who withheld it is kept', () => {
  const cell = cellOf({ permitted: () => permits('absent') })
  expect(cell).toMatchObject({ shown: 'absent', most: 'absent', policies: ['forbids'] })
})

test('a required field is shown in its least form, and accepted up to what is permitted', () => {
  const cell = cellOf({ suite: suiteWith('pseudonym-room', 'exact') })
  expect(cell).toMatchObject({ shown: 'pseudonym-room', least: 'pseudonym-room', most: 'exact' })
})

test('the wire floor raises what a requirement shows', () => {
  const cell = cellOf({
    suite: suiteWith('pseudonym-room', 'exact'),
    declarations: [declared('pseudonym-peer')],
  })
  expect(cell?.shown).toBe('pseudonym-peer')
})

test('an operation whose wire floor is above the ceiling is refused by the suite', () => {
  expect(
    planOf({ suite: suiteWith('absent', 'bucket'), declarations: [declared('exact')] }),
  ).toMatchObject({
    kind: 'refused',
    field: 'sender.user',
    needed: 'exact',
    reason: { kind: 'suite', suite: 'test', audience: 'hub', ceiling: 'bucket' },
  })
})

test('an operation that needs more than the policies permit is refused by their ids', () => {
  expect(
    planOf({ declarations: [declared('exact')], permitted: () => permits('bucket') }),
  ).toMatchObject({ kind: 'refused', reason: { kind: 'policy', policies: ['forbids'] } })
})

test('a requirement that the protocol cannot carry is refused', () => {
  expect(
    planOf({
      suite: suiteWith('exact', 'exact'),
      declarations: [declared('absent', 'pseudonym-room')],
    }),
  ).toMatchObject({ kind: 'refused', reason: { kind: 'protocol', carries: 'pseudonym-room' } })
})

test('a field without an entry, or for another purpose, is forbidden, and no policy is asked', () => {
  const asked: string[] = []
  const permitted = (field: string): Permission => {
    asked.push(field)
    return permits('exact')
  }
  expect(cellOf({ purpose: 'moderation', permitted })?.shown).toBe('absent')
  expect(
    cellOf({ suite: { ...suiteWith('absent', 'exact'), entries: [] }, permitted })?.shown,
  ).toBe('absent')
  expect(asked).toEqual([])
})

test('a suite that shows the least stays at the wire floor whatever is permitted', () => {
  const suite = suiteWith('absent', 'exact', { shows: 'least' })
  expect(cellOf({ suite, declarations: [declared('pseudonym-room')] })).toMatchObject({
    shown: 'pseudonym-room',
    most: 'pseudonym-room',
  })
})

test('bytes are within a cell between its least and its most exposing form', () => {
  const cell = cellOf({ suite: suiteWith('pseudonym-epoch', 'pseudonym-peer') })
  if (cell === undefined) throw new Error('no cell')
  expect(withinCell(cell, 'pseudonym-room')).toBe(true)
  expect(withinCell(cell, 'bucket')).toBe(false)
  expect(withinCell(cell, 'exact')).toBe(false)
})

test('a bucket comes with its width', () => {
  expect(cellOf({ permitted: () => permits('bucket') })?.width).toBe(5)
  expect(cellOf({})?.width).toBeUndefined()
})

test('a plan names all deciding policies once and finds cells by part', () => {
  const plan = planOf({
    declarations: [declared('absent'), declared('absent', 'exact', { part: 'response' })],
    permitted: () => permits('exact', ['b', 'a']),
  })
  expect(plan).toMatchObject({
    kind: 'granted',
    policies: ['a', 'b'],
    request: { 'sender.user': { part: 'request' } },
    response: { 'sender.user': { part: 'response' } },
  })
})

test('reports serve moderation, the journal compliance, and all else delivery', () => {
  expect(purposeOf('reportAbuse', 'hub')).toBe('moderation')
  expect(purposeOf('submitMessage', 'archive')).toBe('compliance')
  expect(purposeOf('notify', 'follower')).toBe('delivery')
})
