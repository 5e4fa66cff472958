import { expect, test } from 'vitest'
import { APPEAL_WINDOW_MS } from '../../../src/reports/cases/case-state.ts'
import type { CheckedMessage } from '../../../src/reports/intake.ts'
import { checkedMessage } from '../../support/checked-message.ts'
import { alice, room } from '../../support/franking.ts'
import {
  ann,
  banForm,
  bob,
  claimed,
  DAY_MS,
  HOUR_MS,
  messageId,
  moderator,
  noActionForm,
  openCases,
  refusal,
} from '../../support/cases.ts'

test('a decision needs a claim, and one that still runs', async () => {
  const cases = await openCases()
  const { desk, report, time } = cases
  const { case: id } = await report()
  const form = banForm()
  expect(await refusal(desk.decisions.decide(ann, id, { form }))).toBe('claim-required')
  await desk.leases.claim(bob, id)
  expect(await refusal(desk.decisions.decide(ann, id, { form }))).toBe('case-claimed')
  time.nowMs += 10 * 60_000
  expect(await refusal(desk.decisions.decide(bob, id, { form }))).toBe('lease-expired')
  await desk.leases.claim(ann, id)
  expect(await refusal(desk.decisions.decide({ ...ann, mfa: false }, id, { form }))).toBe(
    'moderation-denied',
  )
  expect(await refusal(desk.decisions.decide(ann, id, { form }))).toBe('done')
  expect(cases.sanctions.summary()).toEqual(['ban enforced-at-hub', 'notify enforced-at-hub'])
  expect(await refusal(desk.decisions.decide(ann, id, { form }))).toBe('case-state')
})

test('a decision writes its statement of reasons as it is made', async () => {
  const cases = await openCases()
  const id = await claimed(cases)
  const { desk, time } = cases
  const form = banForm({ actions: [{ kind: 'limit', divisor: 10, days: 7 }], territories: ['DE'] })
  await desk.decisions.decide(ann, id, { form })
  const [decision] = desk.show(ann, id).decisions
  expect(decision?.statement).toEqual({
    id: decision?.id,
    decidedAtMs: time.nowMs,
    room,
    subject: alice,
    outcome: 'action',
    category: 'harassment.targeted',
    facts: form.facts,
    ground: form.ground,
    source: 'report',
    automation: { detection: false, decision: 'none' },
    scope: {
      territories: ['DE'],
      restrictions: [
        { kind: 'limit', target: alice, untilMs: time.nowMs + 7 * DAY_MS, reversibility: 'full' },
      ],
    },
    redress: {
      appeal: 'to-another-moderator',
      appealUntilMs: time.nowMs + APPEAL_WINDOW_MS,
      others: ['out-of-court-settlement', 'court'],
    },
  })
  const notice = [...cases.sanctions.records.values()].at(-1)?.sanction
  expect(notice).toMatchObject({ kind: 'notify', statementRef: decision?.id, notice: 'statement' })
})

test('a form that is not complete decides nothing', async () => {
  const cases = await openCases()
  const id = await claimed(cases)
  const wrong = {
    category: banForm({ category: 'nonsense' }),
    facts: banForm({ facts: '  ' }),
    ground: banForm({ ground: undefined }),
    'outcome-without-action': banForm({ actions: [{ kind: 'notify' }] }),
    'action-without-outcome': noActionForm({ actions: [{ kind: 'ban' }] }),
    'repeated-action': banForm({ actions: [{ kind: 'ban' }, { kind: 'ban' }] }),
    message: banForm({ actions: [{ kind: 'retract', messageId: '00'.repeat(32) }] }),
  }
  for (const [reason, form] of Object.entries(wrong))
    expect(await refusal(cases.desk.decisions.decide(ann, id, { form }))).toBe(
      `decision-invalid ${reason}`,
    )
  expect(cases.desk.show(ann, id)).toMatchObject({ decisions: [], case: { phase: 'claimed' } })
})

test('nobody who is known by a handle only is sanctioned', async () => {
  const cases = await openCases()
  const id = await claimed(cases, { subject: 'ab'.repeat(16) })
  expect(await refusal(cases.desk.decisions.decide(ann, id, { form: banForm() }))).toBe(
    'decision-invalid subject',
  )
})

test('what cannot be taken back waits for a second person', async () => {
  const cases = await openCases()
  const { desk, sanctions, time } = cases
  const id = await claimed(cases)
  const form = banForm({ actions: [{ kind: 'retract', messageId: undefined }, { kind: 'ban' }] })
  const proposed = await desk.decisions.decide(ann, id, { form })
  expect(proposed.state.phase).toBe('proposed')
  expect(sanctions.summary()).toEqual([])
  expect(await refusal(desk.decisions.approve(ann, id))).toBe('moderation-denied')
  expect(await refusal(desk.leases.claim(bob, id))).toBe('case-state')
  time.nowMs += HOUR_MS
  const approved = await desk.decisions.approve(bob, id)
  expect(approved.state.decision).toMatchObject({ by: 'ann', approver: 'bob' })
  expect(sanctions.summary()).toEqual([
    'retract enforced-at-hub',
    'ban enforced-at-hub',
    'notify enforced-at-hub',
  ])
  const [retraction] = sanctions.records.values()
  expect(retraction?.sanction).toMatchObject({
    message: { messageId: messageId('words').toString('hex') },
  })
  expect(desk.show(ann, id).decisions).toMatchObject([
    { state: 'taken', statement: { decidedAtMs: time.nowMs } },
  ])
  expect(await refusal(desk.decisions.approve(bob, id))).toBe('case-state')
})

test('a message is named by its id and by the tags of its verified reports', async () => {
  const cases = await openCases()
  const { desk, sanctions, report } = cases
  const id = await claimed(cases, {
    checked: [checkedMessage(messageId('said once'), tagOf(1)), unverified('a claim', tagOf(2))],
  })
  await report({
    reporter: 'handle-2',
    checked: [checkedMessage(messageId('said once'), tagOf(1))],
  })
  const again = [checkedMessage(messageId('said once'), tagOf(3))]
  expect((await report({ reporter: 'handle-3', checked: again })).case).toBe(id)
  const retract = { kind: 'retract', messageId: undefined } as const
  const label = { kind: 'label', label: 'doubtful', days: 1 } as const
  const once = messageId('said once').toString('hex')
  await desk.decisions.decide(ann, id, {
    form: banForm({ actions: [retract, { ...label, messageId: once }] }),
  })
  await desk.decisions.approve(bob, id)
  const made = [...sanctions.records.values()].map(({ sanction }) => sanction)
  const messages = made.flatMap((one) => (one.kind === 'retract' ? [one.message] : []))
  expect(messages).toHaveLength(3)
  expect(messages).toEqual(
    expect.arrayContaining([
      { messageId: once, frankingTag: tagOf(1).toString('hex') },
      { messageId: once, frankingTag: tagOf(3).toString('hex') },
      { messageId: messageId('a claim').toString('hex') },
    ]),
  )
  expect(made.find(({ kind }) => kind === 'label')).toMatchObject({
    target: { kind: 'message', messageId: once, frankingTag: tagOf(1).toString('hex') },
  })
})

test('a strike is about a verified message of the case, and no other', async () => {
  const cases = await openCases()
  const { desk, sanctions } = cases
  await cases.report({ subject: bobby, checked: [checkedMessage(messageId('other'), tagOf(3))] })
  const id = await claimed(cases, {
    checked: [checkedMessage(messageId('one'), tagOf(1)), unverified('two', tagOf(2))],
  })
  const strike = (octet: number) => {
    const frankingTag = tagOf(octet).toString('hex')
    return banForm({ actions: [{ kind: 'strike', frankingTag, severity: 'low' }] })
  }
  for (const octet of [0, 2, 3])
    expect(await refusal(desk.decisions.decide(ann, id, { form: strike(octet) }))).toBe(
      'decision-invalid message',
    )
  expect(sanctions.summary()).toEqual([])
  await desk.decisions.decide(ann, id, { form: strike(1) })
  expect([...sanctions.records.values()][0]?.sanction).toMatchObject({
    kind: 'strike',
    participant: alice,
    frankingTag: tagOf(1).toString('hex'),
  })
})

const bobby = 'mimi://b.example/u/bobby'
const tagOf = (octet: number) => Buffer.alloc(32, octet)

function unverified(words: string, tag: Buffer): CheckedMessage {
  return { ...checkedMessage(messageId(words), tag), result: 'unverifiable' }
}

test('of two who approve at once the sanctions take effect once', async () => {
  const cases = await openCases()
  cases.team.push(moderator('cid'))
  const id = await claimed(cases)
  const form = banForm({ actions: [{ kind: 'retract', messageId: undefined }] })
  await cases.desk.decisions.decide(ann, id, { form })
  const outcomes = await Promise.all([
    refusal(cases.desk.decisions.approve(bob, id)),
    refusal(cases.desk.decisions.approve({ name: 'cid', mfa: true }, id)),
  ])
  expect(outcomes.toSorted()).toEqual(['case-state', 'done'])
  expect(cases.sanctions.summary()).toHaveLength(2)
})

test('a proposal that is rejected does nothing, and the case is open again', async () => {
  const cases = await openCases()
  const { desk } = cases
  const id = await claimed(cases)
  const form = banForm({ actions: [{ kind: 'retract', messageId: undefined }] })
  await desk.decisions.decide(ann, id, { form })
  await desk.decisions.reject(bob, id, { note: 'too much' })
  expect(desk.show(ann, id)).toMatchObject({
    case: { phase: 'open' },
    decisions: [{ state: 'superseded' }],
  })
  expect(cases.sanctions.summary()).toEqual([])
  expect(await refusal(desk.leases.claim(bob, id))).toBe('done')
})

test('a decision that is undone undoes what it did', async () => {
  const cases = await openCases()
  const { desk, sanctions } = cases
  cases.team.push(moderator('cid', { roles: ['moderator'] }))
  const id = await claimed(cases)
  await desk.decisions.decide(ann, id, { form: banForm() })
  expect(await refusal(desk.decisions.undo({ name: 'cid', mfa: true }, id, { note: '' }))).toBe(
    'moderation-denied',
  )
  await desk.decisions.undo(ann, id, { note: 'the wrong person' })
  expect(sanctions.summary()).toEqual([
    'ban undone',
    'notify undone',
    'unban enforced-at-hub',
    'notify enforced-at-hub',
  ])
  expect(desk.show(ann, id)).toMatchObject({
    case: { phase: 'open', outcome: undefined },
    sanctions: [
      { kind: 'ban', emission: 'undone' },
      { kind: 'notify', emission: 'undone' },
    ],
  })
  expect(await refusal(desk.decisions.undo(ann, id, { note: '' }))).toBe('case-state')
})

test('sanctions that could not be handed on are handed on later, by another process too', async () => {
  const cases = await openCases()
  const { desk, sanctions } = cases
  const id = await claimed(cases)
  sanctions.down = true
  await desk.decisions.decide(ann, id, { form: banForm() })
  expect(sanctions.summary()).toEqual([])
  expect(desk.show(ann, id).sanctions).toMatchObject([{ emission: 'to-apply' }, {}])
  sanctions.down = false
  const next = cases.again()
  expect((await next.tend()).emitted).toBe(2)
  expect((await next.tend()).emitted).toBe(0)
  expect(sanctions.summary()).toEqual(['ban enforced-at-hub', 'notify enforced-at-hub'])
})

test('what is undone before it could be handed on never takes effect', async () => {
  const cases = await openCases()
  const { desk, sanctions } = cases
  const id = await claimed(cases)
  sanctions.down = true
  await desk.decisions.decide(ann, id, { form: banForm() })
  await desk.decisions.undo(ann, id, { note: '' })
  sanctions.down = false
  await desk.tend()
  expect(sanctions.summary()).toEqual([])
})
