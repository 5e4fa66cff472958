import { expect, test } from 'vitest'
import { casesPer10000 } from '../../../src/assembly/abuse-rate.ts'
import type { Operation } from '../../../src/model/exchange.ts'
import type { Passed } from '../../../src/receipts/passed.ts'
import { ReceiptBook } from '../../../src/receipts/receipt-book.ts'
import { receiptMigrations } from '../../../src/receipts/receipt-store.ts'
import { countVerifiedCases } from '../../../src/reports/cases/verified-cases.ts'
import { DAY_MS, openCases } from '../../support/cases.ts'
import { room } from '../../support/franking.ts'
import { planOf, pseudonyms } from '../../support/receipts.ts'
import { signed, signingKey } from '../../support/requirements.ts'

const peer = 'b.example'

function received(operation: Operation, audience: Passed['audience']): Passed {
  const plan = planOf(pseudonyms).plan(operation, audience)
  if (plan === undefined) throw new Error('no plan')
  const passed = { kind: 'received', peer, agreement: undefined, part: 'request' } as const
  return { ...passed, operation, audience, plan, observed: {} }
}

/** A day with so many messages of b.example, and so many cases about its users, and the day after it. */
async function afterDay({ messages, cases }: { messages: number; cases: number }) {
  const opened = await openCases({}, receiptMigrations)
  const { store, time } = opened
  await using book = await ReceiptBook.open({
    provider: 'a.example',
    store,
    planOf,
    clock: () => time.nowMs,
  })
  const submitted = received('submitMessage', 'hub')
  for (let count = 0; count < messages; count += 1) book.count(submitted)
  // What does not count: another provider's messages, and what was read as a follower.
  book.count({ ...submitted, peer: 'c.example' })
  book.count(received('notify', 'follower'))
  for (let index = 0; index < cases; index += 1)
    await opened.report({ room: `${room}-${index}`, subject: `mimi://${peer}/u/p${index}` })
  await opened.report({ room: `${room}-x`, subject: `mimi://${peer}/u/x`, result: 'unverifiable' })
  await opened.report({ room: `${room}-y`, subject: `mimi://${peer}.net/u/y` })
  time.nowMs += DAY_MS
  await book.seal(() => ({ key: signingKey(), document: signed().digest }))
  const parts = {
    receipts: book,
    verifiedCases: (provider: string, span: Parameters<typeof countVerifiedCases>[2]) =>
      countVerifiedCases(store, provider, span),
  }
  return {
    now: casesPer10000(parts, peer, time.nowMs),
    later: casesPer10000(parts, peer, time.nowMs + 30 * DAY_MS),
  }
}

test('the rate is of the verified cases and the messages of 30 days', async () => {
  const { now, later } = await afterDay({ messages: 1_250, cases: 5 })
  expect(now).toBe(40)
  expect(later).toBeUndefined()
})

test.each([
  { messages: 999, cases: 5 },
  { messages: 1_250, cases: 4 },
])('of few messages or few cases there is none: $messages and $cases', async (few) => {
  expect((await afterDay(few)).now).toBeUndefined()
})
