import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EventQueues, EVENTS_QUEUED_MAX } from '../../../src/reference-ds/event-queues.ts'
import { referenceDsMigrations } from '../../../src/reference-ds/schema.ts'
import { openStore, type Store } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const client = 'mimi://a.example/d/a1'
const event = {
  kind: 'fanout',
  room: 'mimi://a.example/r/r',
  change: '',
  body: Buffer.of(1),
} as const
const signal = new AbortController().signal

test('a queue that is full takes nothing more, and room again once it is read', async () => {
  await using store = await storeWithClient()
  const queues = new EventQueues(store)
  const more = () => queues.append(event, [client])
  await store.writeAll(Array.from({ length: EVENTS_QUEUED_MAX + 5 }, more).flat())
  expect(count(store, 'ds_queues')).toBe(EVENTS_QUEUED_MAX)
  expect(count(store, 'ds_events')).toBe(EVENTS_QUEUED_MAX)

  const [first] = await queues.read({ client, after: 0, waitMs: 0, signal })
  await queues.read({ client, after: first?.id ?? 0, waitMs: 0, signal })
  await store.writeAll(more())
  expect(count(store, 'ds_queues')).toBe(EVENTS_QUEUED_MAX)
})

test('a body that several clients share is forgotten with the last of them', async () => {
  const other = 'mimi://a.example/d/a2'
  await using store = await storeWithClient(other)
  const queues = new EventQueues(store)
  await store.writeAll(queues.append(event, [client, other]))
  for (const [reader, left] of [
    [client, 1],
    [other, 0],
  ] as const) {
    const [read] = await queues.read({ client: reader, after: 0, waitMs: 0, signal })
    await queues.read({ client: reader, after: read?.id ?? 0, waitMs: 0, signal })
    expect(count(store, 'ds_events')).toBe(left)
  }
})

test('of many questions that wait the oldest is ended', async () => {
  await using store = await storeWithClient()
  const queues = new EventQueues(store)
  const gone = new AbortController()
  const ask = () => queues.read({ client, after: 0, waitMs: 60_000, signal: gone.signal })
  const oldest = ask()
  const others = Array.from({ length: 4 }, ask)
  expect(await oldest).toEqual([])
  gone.abort()
  expect(await Promise.all(others)).toEqual([[], [], [], []])
})

async function storeWithClient(...more: readonly string[]): Promise<Store> {
  const path = join(tempDir(), 'ds.sqlite')
  const store = await openStore({ path, migrations: referenceDsMigrations })
  await store.writeAll([
    ['INSERT INTO ds_users (user, require_consent) VALUES (?, 0)', ['mimi://a.example/u/alice']],
    ...[client, ...more].map(
      (name) =>
        [
          'INSERT INTO ds_clients (client, user, token_digest) VALUES (?, ?, ?)',
          [name, 'mimi://a.example/u/alice', Buffer.from(name)],
        ] as const,
    ),
  ])
  return store
}

function count(store: Store, table: 'ds_queues' | 'ds_events'): unknown {
  return store.get(`SELECT count(*) AS rows FROM ${table}`)?.['rows']
}
