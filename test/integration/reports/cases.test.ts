import { expect, test } from 'vitest'
import { alice, room, textContent } from '../../support/franking.ts'
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

test('reports on one message and on one subject join one case', async () => {
  const { desk, report } = await openCases()
  const one = await report({ reporter: 'handle-1' })
  const same = await report({ reporter: 'handle-2' })
  const other = await report({ reporter: 'handle-3', words: 'other words' })
  const elsewhere = await report({ room: 'mimi://hub.example/r/elsewhere' })
  expect(new Set([one.case, same.case, other.case]).size).toBe(1)
  expect(elsewhere.case).not.toBe(one.case)
  const { case: shown, messages, reports } = desk.show(ann, one.case)
  expect(shown).toMatchObject({ reports: 3, reporters: 3, verified: 3, queue: 'harassment' })
  expect(messages).toHaveLength(2)
  expect(reports).toHaveLength(3)
})

test('a report that was joined is not joined again', async () => {
  const { desk, report } = await openCases()
  const { report: id, case: first } = await report()
  expect(await Promise.all([desk.join(id), desk.join(id)])).toEqual([first, first])
  expect(desk.show(ann, first).case).toMatchObject({ reports: 1, reporters: 1 })
  expect(await desk.join('rep-unknown')).toBeUndefined()
})

test('many reports at once open one case', async () => {
  const { desk, report } = await openCases()
  const all = await Promise.all(
    Array.from({ length: 60 }, (_, number) => report({ reporter: `handle-${number}` })),
  )
  expect(new Set(all.map((each) => each.case)).size).toBe(1)
  expect(desk.show(ann, all[0]?.case ?? '').case).toMatchObject({ reports: 60, reporters: 60 })
})

test('10,000 identical reports are one case and one weight', async () => {
  const { desk, reports } = await openCases()
  const message = abusive(textContent('again and again'))
  const receipts = []
  for (let batch = 0; batch < 100; batch += 1)
    receipts.push(
      ...(await Promise.all(
        Array.from({ length: 100 }, () => reports.receive(reportExchange({ messages: [message] }))),
      )),
    )
  const kept = new Set(receipts.map(({ id }) => id))
  for (const id of kept) await desk.join(id)
  expect(receipts).toHaveLength(10_000)
  const { cases } = desk.list(ann, {})
  expect(cases).toHaveLength(1)
  expect(cases[0]).toMatchObject({ reporters: 1, weight: 1 })
}, 60_000)

test('reports that were stored while nobody joined them are found later', async () => {
  const { desk, reports } = await openCases()
  await reports.receive(reportExchange({ messages: [abusive(textContent('lost?'))] }))
  expect(desk.list(ann, {}).cases).toEqual([])
  expect((await desk.tend()).joined).toBe(1)
  expect(desk.list(ann, {}).cases).toHaveLength(1)
  expect((await desk.tend()).joined).toBe(0)
})

test('the worst category decides where a case waits and how long', async () => {
  const { desk, report, time } = await openCases()
  const { case: id } = await report({ category: 'spam' })
  expect(desk.show(ann, id).case).toMatchObject({ queue: 'spam', severity: 4 })
  await report({ category: 'violence.threats', reporter: 'handle-2' })
  await report({ category: 'spam', reporter: 'handle-3' })
  expect(desk.show(ann, id).case).toMatchObject({
    queue: 'violence',
    category: 'violence.threats',
    severity: 1,
    dueAtMs: time.nowMs + 6 * 3_600_000,
  })
})

test('of two moderators who claim at once exactly one wins', async () => {
  const { desk, report } = await openCases()
  const { case: id } = await report()
  const outcomes = await Promise.all([
    refusal(desk.leases.claim(ann, id)),
    refusal(desk.leases.claim(bob, id)),
  ])
  expect(outcomes.toSorted()).toEqual(['case-claimed', 'done'])
  const { holder } = desk.show(ann, id).case
  expect(holder).toBe(outcomes[0] === 'done' ? 'ann' : 'bob')
})

test('a lease is renewed, runs out by the clock and is taken over', async () => {
  const { desk, report, time } = await openCases()
  const { case: id } = await report()
  await desk.leases.claim(ann, id)
  time.nowMs += 9 * MINUTE_MS
  await desk.leases.claim(ann, id)
  time.nowMs += 9 * MINUTE_MS
  expect(desk.show(bob, id).case).toMatchObject({ phase: 'claimed', holder: 'ann' })
  expect(await refusal(desk.leases.claim(bob, id))).toBe('case-claimed')
  time.nowMs += MINUTE_MS
  expect(desk.show(bob, id).case).toMatchObject({ phase: 'open', holder: undefined })
  expect(await refusal(desk.leases.release(ann, id, ''))).toBe('lease-expired')
  await desk.leases.claim(bob, id)
  expect(await refusal(desk.leases.release(ann, id, ''))).toBe('case-claimed')
  expect(desk.show(ann, id).case.holder).toBe('bob')
})

test('a case is handed over to a colleague who may work it, and given back', async () => {
  const { desk, report, team } = await openCases()
  team.push(moderator('cid', { queues: ['spam'] }))
  const { case: id } = await report()
  expect(await refusal(desk.leases.handOver(ann, id, { name: 'bob', note: '' }))).toBe(
    'claim-required',
  )
  await desk.leases.claim(ann, id)
  expect(await refusal(desk.leases.handOver(ann, id, { name: 'cid', note: '' }))).toBe(
    'moderation-denied successor',
  )
  expect(await refusal(desk.leases.handOver(ann, id, { name: 'eve', note: '' }))).toBe(
    'moderator-unknown',
  )
  await desk.leases.handOver(ann, id, { name: 'bob', note: 'your language' })
  expect(desk.show(ann, id).case.holder).toBe('bob')
  expect(desk.list(bob, { mine: true }).cases).toHaveLength(1)
  await desk.leases.release(bob, id, 'not mine')
  expect(desk.show(ann, id).case.phase).toBe('open')
  expect(desk.show(ann, id).events.map(({ kind }) => kind)).toEqual([
    'opened',
    'claimed',
    'handed-over',
    'released',
  ])
})

test('nobody locks a queue by claiming all of it', async () => {
  const { desk, report } = await openCases()
  for (let number = 0; number < 25; number += 1) {
    const { case: id } = await report({ room: `mimi://hub.example/r/${number}` })
    await desk.leases.claim(ann, id)
  }
  const { case: last } = await report()
  expect(await refusal(desk.leases.claim(ann, last))).toBe('rate-limited claims')
  expect(await refusal(desk.leases.claim(bob, last))).toBe('done')
})

test('queues are read page by page, in the order of priority and of deadlines', async () => {
  const { desk, report, time } = await openCases()
  const categories = ['spam', 'violence.threats', 'harassment', 'child.csam', 'other', 'adult']
  const ids = new Map<string, string>()
  for (const category of categories) {
    time.nowMs += MINUTE_MS
    const each = await report({ category, room: `mimi://hub.example/r/${category}` })
    ids.set(each.case, category)
  }
  const pages = (order: 'priority' | 'deadline') => {
    const found: (string | undefined)[] = []
    let after: string | undefined
    do {
      const page = desk.list(ann, { order, limit: 2, after })
      expect(page.cases.length).toBeLessThanOrEqual(2)
      found.push(...page.cases.map(({ id }) => ids.get(id)))
      after = page.next
    } while (after !== undefined)
    return found
  }
  const wanted = ['child.csam', 'violence.threats', 'harassment', 'spam', 'other', 'adult']
  expect(pages('priority')).toEqual(wanted)
  expect(pages('deadline')).toEqual(wanted)
  expect(desk.list(ann, { severity: 1 }).cases.map(({ id }) => ids.get(id))).toEqual([
    'violence.threats',
  ])
  expect(desk.list(ann, { queue: 'spam' }).cases).toHaveLength(1)
  expect(await refusal(() => desk.list(ann, { after: 'nonsense' }))).toBe('malformed-request')
  expect(await refusal(() => desk.list({ name: 'eve', mfa: true }, {}))).toBe('moderator-unknown')
})

test('age outweighs severity in the end', async () => {
  const { desk, report, time } = await openCases()
  const { case: old } = await report({ category: 'spam' })
  time.nowMs += 5 * DAY_MS
  const { case: severe } = await report({ category: 'violence.threats', room: `${room}-2` })
  const { cases } = desk.list(ann, {})
  expect(cases.map(({ id }) => id)).toEqual([old, severe])
  expect(cases[0]?.priority).toBeCloseTo(32, 6)
  expect(cases[1]?.priority).toBeCloseTo(8, 6)
})

test('what waits is counted by queue, with what is overdue', async () => {
  const { desk, report, time } = await openCases()
  await report({ category: 'violence.threats' })
  await report({ category: 'spam', room: `${room}-2` })
  time.nowMs += 7 * 3_600_000
  const counts = () =>
    Object.fromEntries(
      desk.queues(ann).map(({ queue, waiting, overdue }) => [queue, [waiting, overdue]]),
    )
  expect(counts()).toMatchObject({ violence: [1, 1], spam: [1, 0], adult: [0, 0] })
  // One becomes worse, one is decided, both are deleted in the end.
  const { case: worse } = await report({
    category: 'adult.ncii',
    room: `${room}-2`,
    reporter: 'handle-2',
  })
  expect(counts()).toMatchObject({ violence: [1, 1], spam: [0, 0], adult: [1, 1] })
  await desk.leases.claim(ann, worse)
  await desk.decisions.decide(ann, worse, { form: noActionForm() })
  expect(counts()).toMatchObject({ violence: [1, 1], adult: [0, 0] })
  time.nowMs += 200 * DAY_MS
  expect((await desk.tend()).deleted).toHaveLength(2)
  expect(counts()).toMatchObject({ violence: [0, 0], spam: [0, 0], adult: [0, 0] })
})

test.each(['priority', 'deadline'] as const)(
  'cases about whoever asks neither end a page nor stand in its cursor, by %s',
  async (order) => {
    const { desk, report, team, time } = await openCases()
    const dave = 'mimi://b.example/u/dave'
    team.push(moderator('dave', { accounts: [dave] }))
    const subjects = [dave, dave, alice, dave, dave, alice, alice, dave, dave]
    const visible: string[] = []
    for (const [number, subject] of subjects.entries()) {
      time.nowMs += MINUTE_MS
      const change = { category: 'system.moderator', words: `${number}`, reporter: `${number}` }
      const where = `mimi://hub.example/r/${number}`
      const { case: id } = await report({ ...change, subject, room: where })
      if (subject === alice) visible.push(id)
    }
    const pages = (name: string, limit: number) => {
      const found: (readonly (string | undefined)[])[] = []
      let after: string | undefined
      do {
        const page = desk.list({ name, mfa: true }, { order, after, limit, queue: 'complaints' })
        const cursor = Buffer.from(page.next ?? '', 'base64url').toString()
        found.push([...page.cases.map(({ id }) => id), cursor.split('"')[1]])
        after = page.next
      } while (after !== undefined)
      return found
    }
    const [one, two, three] = visible
    expect(pages('dave', 2)).toEqual([
      [one, two, two],
      [three, undefined],
    ])
    expect(pages('dave', 3)).toEqual([[one, two, three, undefined]])
    expect(pages('dave', 1)).toHaveLength(3)
    expect(pages('bob', 4).map((page) => page.length - 1)).toEqual([4, 4, 1])
  },
)

test('related cases are those that whoever asks may see', async () => {
  const { desk, report, team } = await openCases()
  team.push(moderator('cid', { queues: ['harassment'] }))
  const { case: plain } = await report()
  const complaint = await report({ category: 'system.moderator', reporter: 'handle-2' })
  expect(desk.show(ann, plain).related).toEqual([complaint.case])
  expect(desk.show({ name: 'cid', mfa: true }, plain).related).toEqual([])
})
