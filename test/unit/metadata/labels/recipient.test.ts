import { expect, test } from 'vitest'
import {
  joinAlike,
  labelRecipient,
  suitePlan,
  type Sight,
} from '../../../../src/metadata/labels/recipient.ts'
import type { LabelField, LabelRecipient } from '../../../../src/metadata/labels/label.ts'
import { computePlan } from '../../../../src/metadata/plan.ts'
import { suiteOfTable } from '../../../../src/metadata/requirements/private-suite.ts'
import type { FieldName } from '../../../../src/model/metadata.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'
import {
  builtInSuite,
  recipientUnder,
  sightsUnder,
  type Permitted,
} from '../../../support/labels.ts'
import { privateTable } from '../../../support/requirements.ts'

const pseudonyms = builtInSuite('moderated-pseudonyms')
const identified = builtInSuite('identified')
const compliance = builtInSuite('compliance')
const bare = builtInSuite('bare-minimum')

function row({ fields }: LabelRecipient, name: FieldName): LabelField | undefined {
  return fields.find(({ field }) => field === name)
}

const nothing = () => 'absent' as const
const withVeiledEdge = (field: FieldName) => (field === 'consent.edge' ? 'pseudonym-room' : 'exact')
const withoutDescription = (field: FieldName) => (field === 'room.description' ? 'absent' : 'exact')

test('under the bare minimum everything that other providers get is what the protocol forces', () => {
  for (const audience of ['hub', 'follower', 'target'] as const) {
    const { fields } = recipientUnder(bare, audience)
    expect(fields.length).toBeGreaterThan(4)
    expect(fields.filter(({ cause }) => cause !== 'protocol')).toEqual([])
    expect(fields.filter(({ because = '' }) => !because.endsWith('.'))).toEqual([])
  }
  expect(recipientUnder(bare, 'archive').fields).toEqual([])
})

test('what a suite requires beyond the wire floor is told apart from what the operator permits', () => {
  const hub = recipientUnder(compliance, 'hub')
  expect(row(hub, 'sender.organisation')).toMatchObject({
    cause: 'suite',
    wireFloor: 'absent',
    enforcement: ['attested'],
  })
  expect(row(hub, 'room.description')).toMatchObject({ cause: 'policies', wireFloor: 'absent' })
  expect(row(hub, 'room.id')).toMatchObject({ cause: 'protocol', wireFloor: 'exact' })
})

test('what the operator permits to nobody is not there, what the suite requires is', () => {
  const hub = recipientUnder(pseudonyms, 'hub', withoutDescription)
  expect(hub.withheld).toContain('room.description')
  expect(row(hub, 'message.frankingTag')).toMatchObject({ cause: 'suite' })
})

test('an operation that is refused shows nothing and is named', () => {
  const hub = recipientUnder(pseudonyms, 'hub', nothing)
  expect(hub.fields).toEqual([])
  expect(hub.refused).toContainEqual({ operation: 'submitMessage', code: 'disclosure-refused' })
})

test('an operation that is not admitted shows nothing and is named', () => {
  const sights = sightsUnder(identified, 'follower').map((sight) =>
    sight.operation === 'notify' ? { ...sight, admitted: false } : sight,
  )
  const follower = labelRecipient({ ...input, sights })
  expect(follower.refused).toEqual([{ operation: 'notify', code: 'not-admitted' }])
  expect(follower.withheld).toContain('message.kind')
})

test('an operation that passes with one party is not called refused', () => {
  const both = [
    ...sightsUnder(identified, 'follower'),
    ...sightsUnder(identified, 'follower').map((sight) => ({ ...sight, admitted: false })),
  ]
  expect(labelRecipient({ ...input, sights: both }).refused).toEqual([])
})

test('what another gateway shows is attested, whoever signs it', () => {
  const promised = sightsUnder(identified, 'follower').map((sight) => ({
    ...sight,
    promised: true,
  }))
  const { fields } = labelRecipient({ ...input, sights: promised })
  expect(fields.length).toBeGreaterThan(8)
  expect(fields.filter(({ enforcement }) => String(enforcement) !== 'attested')).toEqual([])
})

test('what a client may sign in several forms is said in the clearest', () => {
  const plan = suitePlan(pseudonyms, declarations, { operation: 'keyMaterial', audience: 'target' })
  expect(plan).toMatchObject({
    request: { 'consent.edge': { shown: 'pseudonym-room', most: 'exact' } },
  })
  const sight: Sight = {
    operation: 'keyMaterial',
    part: 'request',
    plan,
    admitted: true,
    promised: false,
  }
  const target = labelRecipient({
    ...input,
    audience: 'target',
    suite: pseudonyms,
    sights: [sight],
  })
  expect(row(target, 'consent.edge')).toMatchObject({ form: 'exact', wireFloor: 'pseudonym-room' })
})

test('what one party shows more clearly than another is said in the clearest form', () => {
  const asked = (permitted?: Permitted) =>
    sightsUnder(pseudonyms, 'target', permitted).filter(
      ({ operation, part }) => operation === 'keyMaterial' && part === 'request',
    )
  const clear = asked()
  const veiled = asked(withVeiledEdge)
  const target = { ...input, audience: 'target', suite: pseudonyms } as const
  const edge = (sights: readonly Sight[]) =>
    row(labelRecipient({ ...target, sights }), 'consent.edge')?.form
  expect([edge(veiled), edge(clear)]).toEqual(['pseudonym-room', 'exact'])
  expect([edge([...clear, ...veiled]), edge([...veiled, ...clear])]).toEqual(['exact', 'exact'])
})

test('whoever gets an answer is not said to get the request', () => {
  const asked = { operation: 'identifierQuery', audience: 'target' } as const
  const plan = suitePlan(identified, declarations, asked)
  const sight = { operation: asked.operation, plan, admitted: true, promised: false } as const
  const of = (part: Sight['part']) =>
    labelRecipient({ ...input, audience: 'target', sights: [{ ...sight, part }] })
  expect(row(of('request'), 'contact.query')).toBeDefined()
  expect(row(of('response'), 'contact.query')).toBeUndefined()
  expect(row(of('request'), 'contact.profile')).toBeUndefined()
})

test('nothing is kept for longer than the recipient states, nor than the suite permits', () => {
  const retention = { deliveryDays: 3, moderationDays: 400, complianceDays: 1 }
  const sights = sightsUnder(pseudonyms, 'hub')
  const hub = labelRecipient({ ...input, audience: 'hub', suite: pseudonyms, sights, retention })
  expect(row(hub, 'message.kind')?.retentionDays).toBe(3)
  expect(row(hub, 'report.subject')?.retentionDays).toBe(366)
})

test('a private suite that forbids what the protocol forces refuses, and says so', () => {
  const suite = suiteOfTable(privateTable())
  const sights = sightsUnder(suite, 'hub')
  const hub = labelRecipient({ ...input, audience: 'hub', suite, sights })
  expect(hub.fields).toEqual([])
  expect(hub.refused.map(({ operation }) => operation)).toContain('submitMessage')
})

test('the time that followers get is as coarse as the room makes it', () => {
  const wide = { ...pseudonyms, timeBucketMs: 60_000 }
  expect(row(recipientUnder(pseudonyms, 'follower'), 'message.time')?.width).toBe(1_000)
  expect(row(recipientUnder(wide, 'follower'), 'message.time')?.width).toBe(60_000)
})

test('providers that get the same are one recipient, others are not', () => {
  const b = recipientUnder(identified, 'follower')
  const c = { ...b, providers: ['c.example'] }
  const d = { ...recipientUnder(pseudonyms, 'follower'), providers: ['d.example'] }
  expect(joinAlike([b, d, c]).map(({ providers }) => providers)).toEqual([
    ['b.example', 'c.example'],
    ['d.example'],
  ])
})

const input = {
  audience: 'follower',
  providers: ['b.example'],
  suite: identified,
  declarations,
  retention: undefined,
} as const

test('a plan of the suite alone is the plan of an operator who permits everything', () => {
  const asked = { operation: 'notify', audience: 'follower' } as const
  const computed = computePlan({
    suite: identified,
    purpose: 'delivery',
    declarations: declarations.filter(
      ({ operation, audience }) => operation === 'notify' && audience === 'follower',
    ),
    permitted: () => ({ form: 'exact', policies: [], withheldBy: [] }),
  })
  expect(suitePlan(identified, declarations, asked)).toEqual(computed)
})
