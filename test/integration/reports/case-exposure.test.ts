import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { alice, textContent } from '../../support/franking.ts'
import { abusive, reportExchange } from '../../support/reports.ts'
import {
  ann,
  bob,
  DAY_MS,
  moderator,
  noActionForm,
  openCases,
  refusal,
} from '../../support/cases.ts'

const MINUTE_MS = 60_000

test('evidence opens for the holder of a running lease only, and each opening is in the log', async () => {
  const { desk, reports, time, opened: told } = await openCases()
  const words = textContent('abusive words')
  const note = '<script>alert(1)</script>\u001b[2J'
  const { id: report } = await reports.receive(
    reportExchange({ messages: [abusive(words)], note: Buffer.from(note) }),
  )
  const id = (await desk.join(report)) ?? ''
  const open = () => desk.evidence(ann, { id, report: undefined })
  expect(await refusal(open())).toBe('claim-required')
  await desk.leases.claim(bob, id)
  expect(await refusal(open())).toBe('case-claimed')
  await desk.leases.release(bob, id, '')
  await desk.leases.claim(ann, id)
  expect(await refusal(desk.evidence({ ...ann, mfa: false }, { id, report }))).toBe(
    'moderation-denied',
  )
  const shown = await open()
  expect(shown.messages).toMatchObject([{ texts: ['abusive words'] }])
  expect(shown.messages[0]?.frankingTag).toMatch(/^[0-9a-f]{64}$/)
  expect(shown.note).toBe(note)
  expect(shown).not.toHaveProperty('reporter')
  time.nowMs += 10 * MINUTE_MS
  expect(await refusal(open())).toBe('lease-expired')
  const opened = desk.show(ann, id).events.filter(({ kind }) => kind === 'evidence-opened')
  expect(opened).toMatchObject([{ by: 'ann', report }])
  expect(told).toEqual([report])
})

test('evidence beyond the budget stays closed, until the day has passed', async () => {
  const { desk, reports, time } = await openCases({ exposuresPerDay: 2, exposuresPerHour: 2 })
  const ids: string[] = []
  for (const words of ['one', 'two', 'three']) {
    const subject = parseMimiUri(alice, 'user')
    const receipt = await reports.receive(
      reportExchange({ messages: [abusive(textContent(words))] }, { subject }),
    )
    const id = (await desk.join(receipt.id)) ?? ''
    ids.push(id)
    await desk.leases.claim(ann, id)
    if (words !== 'three') {
      await desk.evidence(ann, { id, report: undefined })
      // A decided case leaves room for the next one about the same subject.
      await desk.decisions.decide(ann, id, { form: noActionForm() })
    }
  }
  const last = { id: ids[2] ?? '', report: undefined }
  expect(await refusal(desk.evidence(ann, last))).toBe('moderation-denied')
  time.nowMs += DAY_MS + 1
  await desk.leases.claim(ann, last.id)
  expect(await refusal(desk.evidence(ann, last))).toBe('done')
})

test('who reported is shown to a lead with a purpose only, and that is in the log', async () => {
  const { desk, report, team } = await openCases()
  team.push(moderator('cid', { roles: ['moderator'] }))
  const { case: id, report: rep } = await report()
  const cid = { name: 'cid', mfa: true }
  expect(await refusal(desk.reporters(cid, { id, purpose: 'threat to life' }))).toBe(
    'moderation-denied',
  )
  expect(await refusal(desk.reporters(ann, { id, purpose: '  ' }))).toBe('moderation-denied')
  expect(await desk.reporters(ann, { id, purpose: 'threat to life' })).toEqual([
    { report: rep, reporter: 'handle-1', provider: 'c.example' },
  ])
  expect(desk.show(ann, id).events.at(-1)).toMatchObject({
    kind: 'reporters-viewed',
    purpose: 'threat to life',
  })
})

test('whoever a case is about can neither see nor count nor guess it', async () => {
  const { desk, report, team } = await openCases()
  team.push(moderator('cid', { accounts: [alice] }))
  const cid = { name: 'cid', mfa: true }
  const { case: id } = await report({ category: 'system.moderator' })
  expect(desk.list(ann, { queue: 'complaints' }).cases).toHaveLength(1)
  expect(desk.list(cid, { queue: 'complaints' })).toEqual({ cases: [], next: undefined })
  const counted = (name: string) =>
    desk.queues({ name, mfa: false }).find(({ queue }) => queue === 'complaints')
  expect(counted('ann')).toMatchObject({ waiting: 1 })
  expect(counted('cid')).toEqual({
    queue: 'complaints',
    waiting: 0,
    overdue: 0,
    dueAtMs: undefined,
  })
  expect(await refusal(() => desk.show(cid, id))).toBe('not-found')
  expect(await refusal(desk.leases.claim(cid, id))).toBe('not-found')
  expect(await refusal(desk.hold(cid, id, { set: true, note: '' }))).toBe('not-found')
})

test('a complaint is kept apart from other cases about the same person', async () => {
  const { report } = await openCases()
  const [one, other] = [
    await report(),
    await report({ category: 'system.moderator', reporter: 'handle-2' }),
  ]
  expect(one.case).not.toBe(other.case)
})

test('child safety is claimed only by those with the role', async () => {
  const { desk, report, team } = await openCases()
  team.push(moderator('cid', { roles: ['moderator'] }))
  const { case: id } = await report({ category: 'child.grooming' })
  expect(await refusal(desk.leases.claim({ name: 'cid', mfa: true }, id))).toBe('moderation-denied')
  expect(await refusal(desk.leases.claim(ann, id))).toBe('done')
})
