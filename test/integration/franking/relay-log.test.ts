import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRelayLog, relayLogMigrations } from '../../../src/franking/relay-log.ts'
import { loadDayKeys } from '../../../src/keys/day-keys.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { acceptedMs, alice, room } from '../../support/franking.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY_MS = 86_400_000
const tag = Buffer.alloc(32, 1)
const entry = {
  sender: alice,
  timestampMs: acceptedMs,
  serverFrank: Buffer.alloc(32, 2),
  sequence: 41n,
}

async function open() {
  const directory = tempDir()
  const store = await openStore({
    path: join(directory, 'store.db'),
    migrations: relayLogMigrations,
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const keys = await loadDayKeys(join(directory, 'days'))
  return { store, keys, log: createRelayLog({ store, keys }) }
}

test('an entry opens with room and tag, and with nothing else', async () => {
  const { log } = await open()
  await log.record(room, tag, entry)
  expect(log.find(room, tag)).toEqual(entry)
  expect(log.find(`${room}x`, tag)).toBeUndefined()
  expect(log.find(room, Buffer.alloc(32, 3))).toBeUndefined()
})

test('the first entry of a tag stays: a second one cannot use its key again', async () => {
  const { log, store } = await open()
  await log.record(room, tag, entry)
  await log.record(room, tag, { ...entry, sender: 'mimi://b.example/u/mallory' })
  expect(log.find(room, tag)).toEqual(entry)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 1 })
})

test('any retained day is searched, also with the day key of a restart', async () => {
  const { log, store, keys } = await open()
  for (let day = 0; day < 30; day++) {
    const timestampMs = acceptedMs - day * DAY_MS
    await log.record(room, Buffer.alloc(32, day), { ...entry, timestampMs })
  }
  expect(keys.retained().size).toBe(30)
  expect(log.find(room, Buffer.alloc(32, 29))?.timestampMs).toBe(acceptedMs - 29 * DAY_MS)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 30 })
})

test('after the retention keys and entries are gone', async () => {
  const { log, store, keys } = await open()
  await log.record(room, tag, entry)
  await log.deleteBefore(acceptedMs + 30 * DAY_MS)
  expect(log.find(room, tag)).toEqual(entry)
  await log.deleteBefore(acceptedMs + 31 * DAY_MS)
  expect(log.find(room, tag)).toBeUndefined()
  expect(keys.retained().size).toBe(0)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 0 })
})

test('an entry that was changed on the disk is none', async () => {
  const { log, store } = await open()
  await log.record(room, tag, entry)
  await store.write('UPDATE relay_log SET sealed = zeroblob(length(sealed))')
  expect(log.find(room, tag)).toBeUndefined()
})

test('neither sender nor tag stands in the log', async () => {
  const { log, store } = await open()
  await log.record(room, tag, entry)
  const [row] = store.all('SELECT entry, sealed FROM relay_log')
  for (const secret of [Buffer.from(alice), tag, entry.serverFrank])
    for (const value of Object.values(row ?? {}))
      expect(Buffer.from(value as Uint8Array).includes(secret)).toBe(false)
})
