import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEventJournal, journalMigrations } from '../../../src/audit/journal.ts'
import type { GatewayEvent } from '../../../src/model/events.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

function event(requestId: string, change: Partial<GatewayEvent> = {}): GatewayEvent {
  return {
    schema: 1,
    kind: 'message.accepted',
    atMs: 1_000,
    requestId,
    operation: 'submitMessage',
    direction: 'ingress',
    peer: 'b.example',
    suite: 'moderated-pseudonyms',
    outcome: 'accepted',
    policies: ['admit-peers'],
    fields: { 'room.id': 'mimi://a.example/r/1', 'message.size': 1_024 },
    ...change,
  }
}

function open(path = join(tempDir(), 'store.db')) {
  return openStore({ path, migrations: journalMigrations })
}

test('a flushed event is there after a restart, as it was recorded', async () => {
  const path = join(tempDir(), 'store.db')
  const store = await open(path)
  const journal = createEventJournal({ store, clock: () => 1_000 })
  journal.record(event('r1'))
  await journal.flush()
  await store[Symbol.asyncDispose]()

  await using reopened = await open(path)
  const page = createEventJournal({ store: reopened, clock: () => 1_000 }).read()
  expect(page).toEqual({ entries: [{ id: 1, event: event('r1') }], lastId: 1 })
})

test('pages follow each other without gap or overlap, also for one kind', async () => {
  await using store = await open()
  const journal = createEventJournal({ store, clock: () => 1_000 })
  for (let index = 0; index < 25; index++)
    journal.record(event(`r${index}`, index % 5 === 0 ? { kind: 'report.received' } : {}))
  await journal.flush()
  const seen: string[] = []
  let afterId = 0
  for (;;) {
    const { entries, lastId } = journal.read({ afterId, limit: 10 })
    if (entries.length === 0) break
    seen.push(...entries.map((entry) => entry.event.requestId))
    afterId = lastId
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `r${index}`))
  expect(journal.read({ kind: 'report.received' }).entries).toHaveLength(5)
  expect(journal.read({ afterId: 25 })).toEqual({ entries: [], lastId: 25 })
})

test('what does not fit into the buffer is lost, counted, and the flush says so once', async () => {
  await using store = await open()
  const journal = createEventJournal({ store, clock: () => 1_000, bufferedMax: 2 })
  for (const id of ['r1', 'r2', 'r3', 'r4']) journal.record(event(id))
  expect(journal.lost()).toBe(2)
  await expect(journal.flush()).rejects.toMatchObject({
    code: 'store-unavailable',
    facts: { reason: 'events-lost', lost: 2 },
  })
  await expect(journal.flush()).resolves.toBeUndefined()
  expect(journal.read().entries.map((entry) => entry.event.requestId)).toEqual(['r1', 'r2'])
})

test('a store that fails loses the event, not the caller', async () => {
  const store = await open()
  const journal = createEventJournal({ store, clock: () => 1_000 })
  await store[Symbol.asyncDispose]()
  journal.record(event('r1'))
  await expect(journal.flush()).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(journal.lost()).toBe(1)
})

test('each suite has a retention of its own', async () => {
  await using store = await open()
  const journal = createEventJournal({ store, clock: () => 3_000 })
  const suites = ['', 'identified', 'moderated-pseudonyms', 'of-our-own']
  for (let index = 0; index < 2_000; index++)
    journal.record(event(`r${index}`, { atMs: index, suite: suites[index % 4] ?? '' }))
  await journal.flush()
  const ages = new Map([
    ['', 2_000],
    ['identified', 4_000],
    ['moderated-pseudonyms', 1_500],
  ])
  expect(await journal.deleteOlderThan((suite) => ages.get(suite) ?? 0)).toBe(250 + 375 + 500)
  const left = new Map<string, number[]>()
  for (
    let page = journal.read();
    page.entries.length > 0;
    page = journal.read({ afterId: page.lastId })
  )
    for (const { event: one } of page.entries)
      left.set(one.suite, [...(left.get(one.suite) ?? []), one.atMs])
  expect([...left].map(([suite, times]) => [suite, times.length, Math.min(...times)])).toEqual([
    ['identified', 500, 1],
    ['', 250, 1_000],
    ['moderated-pseudonyms', 125, 1_502],
  ])
})

test('retention deletes what is too old, and ids are not used again', async () => {
  await using store = await open()
  let nowMs = 0
  const journal = createEventJournal({ store, clock: () => nowMs })
  for (let index = 0; index < 2_500; index++) journal.record(event(`r${index}`, { atMs: index }))
  await journal.flush()
  nowMs = 3_000
  expect(await journal.deleteOlderThan(() => 1_000)).toBe(2_000)
  expect(journal.read({ limit: 1 }).entries[0]?.event.atMs).toBe(2_000)
  expect(await journal.deleteOlderThan(() => 0)).toBe(500)
  journal.record(event('after'))
  await journal.flush()
  expect(journal.read().entries[0]?.id).toBe(2_501)
})
