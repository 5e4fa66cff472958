import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Passed } from '../../../src/receipts/passed.ts'
import { ReceiptBook, type ReceiptBookOptions } from '../../../src/receipts/receipt-book.ts'
import { receiptMigrations } from '../../../src/receipts/receipt-store.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { firstDay, planOf, pseudonyms, verdictOn } from '../../support/receipts.ts'
import { dayMs, signed, signingKey } from '../../support/requirements.ts'
import { tempDir } from '../../support/temp-dir.ts'

const noon = firstDay * 1_000 + dayMs / 2

/** A fan-out of one message to a follower. */
function fanout(changes: Partial<Passed> = {}): Passed {
  const plan = planOf(pseudonyms).plan('notify', 'follower')
  if (plan === undefined) throw new Error('no plan')
  return {
    kind: 'shown',
    peer: 'b.example',
    agreement: undefined,
    operation: 'notify',
    part: 'request',
    audience: 'follower',
    plan,
    observed: { 'participants.changes': 'absent', 'message.id': 'exact' },
    ...changes,
  }
}

async function openBook(changes: Partial<ReceiptBookOptions> = {}, path = databasePath()) {
  const store = await openStore({ path, migrations: receiptMigrations, busyTimeoutMs: 5 })
  const time = { ms: noon }
  const book = await ReceiptBook.open({
    provider: 'a.example',
    store,
    planOf,
    clock: () => time.ms,
    ...changes,
  })
  const sealed = async () => {
    await book.seal(() => ({ key: signingKey(), document: signed().digest }))
    return book
      .list({ peer: undefined, before: undefined, limit: 100 })
      .map((stored) => stored.signed)
      .toReversed()
  }
  return {
    book,
    time,
    sealed,
    /** Ends it in order. */
    close: async () => {
      await book[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
    /** Ends it as a kill does, for what it holds: nothing more is written. */
    crash: () => store[Symbol.asyncDispose](),
  }
}

const databasePath = () => join(tempDir(), 'store.db')

/** How many exchanges a receipt counts. */
const exchangesOf = ({ receipt }: Awaited<ReturnType<typeof sealedOnce>>) =>
  receipt.terms.flatMap(({ exchanges }) => exchanges).reduce((sum, { count }) => sum + count, 0)

async function sealedOnce(open: Awaited<ReturnType<typeof openBook>>) {
  const [first, ...others] = await open.sealed()
  if (first === undefined || others.length > 0) throw new Error('expected one receipt')
  return first
}

test('what passed on a day is in one valid receipt for each peer when the day is over', async () => {
  const open = await openBook()
  for (let times = 0; times < 3; times += 1) open.book.count(fanout())
  open.book.count(fanout({ observed: { 'message.id': 'absent' } }))
  open.book.count(fanout({ kind: 'unanswered' }))
  open.book.count(fanout({ peer: 'c.example', agreement: signed().digest }))
  expect(await open.sealed()).toEqual([])
  open.time.ms += dayMs
  const [forB, forC, ...others] = await open.sealed()
  expect(others).toEqual([])
  if (forB === undefined || forC === undefined) throw new Error('no receipts')
  expect([forB, forC].map((one) => verdictOn(one).kind)).toEqual(['valid', 'valid'])
  expect(forC.receipt.terms.map(({ agreement }) => agreement)).toEqual([signed().digest])
  const { exchanges } = forB.receipt.terms[0] ?? { exchanges: [] }
  expect(exchanges.map(({ kind, count }) => [kind, count])).toEqual([
    ['shown', 4],
    ['unanswered', 1],
  ])
  const of = (field: string) => exchanges[0]?.fields.filter((counted) => counted.field === field)
  expect(of('message.id')).toEqual([{ field: 'message.id', form: 'exact', count: 3 }])
  expect(of('participants.changes')).toEqual([
    { field: 'participants.changes', form: 'pseudonym-room', count: 1 },
  ])
  expect(of('room.id')).toEqual([{ field: 'room.id', form: 'exact', count: 4 }])
  await open.close()
})

test('receipts of a peer follow each other, and a day without traffic has none', async () => {
  const open = await openBook()
  open.book.count(fanout())
  open.time.ms += 3 * dayMs
  open.book.count(fanout())
  open.time.ms += dayMs
  const [first, second] = await open.sealed()
  if (first === undefined || second === undefined) throw new Error('no receipts')
  expect([first.receipt.from, second.receipt.from]).toEqual([firstDay, firstDay + 3 * 86_400])
  expect(verdictOn(second, [signed()], first).kind).toBe('valid')
  await open.close()
})

test('what passes in the last moment of a day and in the first of the next stays apart', async () => {
  const open = await openBook()
  open.time.ms = firstDay * 1_000 + dayMs - 1
  open.book.count(fanout())
  open.time.ms += 1
  open.book.count(fanout())
  open.book.count(fanout())
  expect(exchangesOf(await sealedOnce(open))).toBe(1)
  open.time.ms += dayMs
  expect((await open.sealed()).map(exchangesOf)).toEqual([1, 2])
  await open.close()
})

test('a run that ends in order loses nothing and interrupts nothing', async () => {
  const path = databasePath()
  const before = await openBook({}, path)
  before.book.count(fanout())
  await before.close()
  const after = await openBook({}, path)
  after.book.count(fanout())
  after.time.ms += dayMs
  const made = await sealedOnce(after)
  expect([exchangesOf(made), made.receipt.interruptions]).toEqual([2, 0])
  await after.close()
})

test('a run that is killed is an interruption of its day, and of no later one', async () => {
  const path = databasePath()
  const before = await openBook({}, path)
  before.book.count(fanout())
  await before.book.flush()
  before.book.count(fanout())
  await before.crash()
  const after = await openBook({}, path)
  after.time.ms += dayMs
  after.book.count(fanout())
  after.time.ms += dayMs
  const made = await after.sealed()
  expect(made.map(exchangesOf)).toEqual([1, 1])
  expect(made.map(({ receipt }) => receipt.interruptions)).toEqual([1, 0])
  await after.close()
})

test('a kill on a day of which nothing is left shows in the next receipt', async () => {
  const path = databasePath()
  const first = await openBook({}, path)
  first.book.count(fanout())
  first.time.ms += dayMs
  await first.sealed()
  first.book.count(fanout())
  await first.crash()
  const after = await openBook({}, path)
  after.time.ms += 5 * dayMs
  after.book.count(fanout())
  after.time.ms += dayMs
  expect((await after.sealed()).map(({ receipt }) => receipt.interruptions)).toEqual([0, 1])
  await after.close()
})

test('a disk that cannot be written loses no count and doubles none', async () => {
  const path = databasePath()
  const open = await openBook({}, path)
  const other = new DatabaseSync(path)
  other.exec('BEGIN EXCLUSIVE')
  open.book.count(fanout())
  await expect(open.book.flush()).rejects.toThrow('store-unavailable')
  open.book.count(fanout())
  await expect(open.book.flush()).rejects.toThrow('store-unavailable')
  open.time.ms += dayMs
  open.book.count(fanout())
  await expect(open.sealed()).rejects.toThrow('store-unavailable')
  other.exec('ROLLBACK')
  other.close()
  open.time.ms += dayMs
  const made = await open.sealed()
  expect(made.map(exchangesOf)).toEqual([2, 1])
  expect(made.map(({ receipt }) => receipt.interruptions)).toEqual([0, 0])
  await open.close()
})

test('more different counts than there is room for are an interruption', async () => {
  const open = await openBook({ pendingMax: 2 })
  for (const peer of ['b.example', 'c.example', 'd.example']) open.book.count(fanout({ peer }))
  open.time.ms += dayMs
  const made = await open.sealed()
  expect(made.map(({ receipt }) => [receipt.peer, receipt.interruptions])).toEqual([
    ['b.example', 1],
    ['c.example', 1],
  ])
  await open.close()
})

test('a clock that was put back adds nothing to a day that is signed', async () => {
  const path = databasePath()
  const before = await openBook({}, path)
  before.book.count(fanout())
  before.time.ms += dayMs
  await before.sealed()
  await before.close()
  const after = await openBook({}, path)
  after.book.count(fanout())
  after.time.ms += 2 * dayMs
  const made = await after.sealed()
  expect(made.map(({ receipt }) => receipt.from)).toEqual([firstDay, firstDay + 86_400])
  expect(made.map(exchangesOf)).toEqual([1, 1])
  await after.close()
})

test('old receipts go, but for the last one of each peer', async () => {
  const open = await openBook()
  for (let day = 0; day < 3; day += 1) {
    open.book.count(fanout())
    if (day === 0) open.book.count(fanout({ peer: 'c.example' }))
    open.time.ms += dayMs
  }
  await open.sealed()
  expect(await open.book.deleteBefore(open.time.ms)).toBe(2)
  const left = await open.sealed()
  expect(left.map(({ receipt }) => [receipt.peer, receipt.seq])).toEqual([
    ['c.example', 1],
    ['b.example', 3],
  ])
  await open.close()
})
