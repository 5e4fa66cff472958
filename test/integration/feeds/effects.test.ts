import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { newSanctionId } from '../../../src/model/sanctions.ts'
import type { NoticeMessage } from '../../../src/notices/messages.ts'
import { createSentNotices } from '../../../src/notices/sent-notices.ts'
import { sanctionsOf } from '../../../src/reports/decisions/sanction-outbox.ts'
import { SanctionBook } from '../../../src/sanctions/sanction-book.ts'
import { ann } from '../../support/cases.ts'
import { alice } from '../../support/franking.ts'
import { hook, lifeOf, toldCases, type ToldCases } from '../../support/feeds.ts'
import { outsideServer } from '../../support/outside-server.ts'

const dataOf = ({ received }: Awaited<ReturnType<typeof outsideServer>>, type: string) =>
  received.filter(({ json }) => json['type'] === type).map(({ json }) => json['data'])

/** The ban of a decided case, as the gateway keeps it. */
function banOf(cases: ToldCases, id: string) {
  const [decision] = cases.desk.show(ann, id).decisions
  const ban = sanctionsOf(cases.store, decision?.id ?? '').find(
    ({ sanction }) => sanction.kind === 'ban',
  )
  if (ban === undefined) throw new Error('no ban')
  return ban.sanction
}

test('how far a sanction of a case has come is told; one that an operator ordered is of no case', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  const id = await lifeOf(cases)
  const ban = banOf(cases, id)
  const book = new SanctionBook(cases.store, () => cases.time.nowMs)
  const stored = await book.insert(ban, 'enforced-at-hub')
  await book.step(stored, 'proposed')
  await book.step(stored, undefined, { note: 'waits' })
  await book.step(stored, 'committed')
  await book.insert({ ...ban, id: newSanctionId(cases.time.nowMs, randomBytes) }, 'pending')
  await cases.feeds.pump()
  expect(dataOf(server, 'sanction.state')).toEqual(
    ['enforced-at-hub', 'waiting-for-commit', 'in-group-state'].map((state) =>
      expect.objectContaining({ case: id, sanction: 'ban', state, queue: 'harassment' }),
    ),
  )
})

test('what another provider answers to a notice of a case is told once for each answer', async () => {
  const server = await outsideServer()
  const cases = await toldCases([hook(server)])
  const id = await lifeOf(cases)
  const { report } = await cases.report({ reporter: 'handle-2' })
  const notices = createSentNotices(cases.store)
  const notice: NoticeMessage = {
    type: 'notice',
    notice_id: 'notice-of-a-case-0',
    from: parseProviderDomain('hub.example'),
    issued_at: '2026-11-29T12:00:00Z',
    subject_pseudonym: alice,
    category: 'harassment',
    verification: 'frank',
    requested_action: 'review_account',
  }
  const about = [report, banOf(cases, id).id, 'of-no-case']
  for (const [position, subject] of about.entries())
    await notices.insert({
      peer: 'b.example',
      message: { ...notice, notice_id: `notice-of-a-case-${position}` },
      about: subject,
      policies: [],
      createdAtMs: 0,
      untilMs: 1,
    })
  for (const position of about.keys())
    for (const state of ['received', 'actioned'] as const)
      await notices.answered(
        `notice-of-a-case-${position}`,
        {
          message: {
            type: 'answer',
            notice_id: 'an-answer-of-theirs',
            in_reply_to: `notice-of-a-case-${position}`,
            from: parseProviderDomain('b.example'),
            issued_at: '2026-11-29T12:00:00Z',
            state,
          },
          jws: '',
        },
        cases.time.nowMs,
      )
  await cases.feeds.pump()
  const answers = dataOf(server, 'notice.answered')
  expect(answers).toHaveLength(4)
  expect(answers.slice(0, 2)).toEqual(
    ['received', 'actioned'].map((state) => expect.objectContaining({ state })),
  )
  expect(answers.slice(2)).toEqual(
    ['received', 'actioned'].map((state) => expect.objectContaining({ state, case: id })),
  )
  expect(JSON.stringify(answers)).not.toContain('b.example')
})
