import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLogCoverage, logCoverageMigrations } from '../../../src/franking/log-coverage.ts'
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
const relayed = { room, frankingTag: tag, nowMs: acceptedMs, ...entry }

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
  await log.record(relayed)
  expect(log.find(room, tag)).toEqual(entry)
  expect(log.find(`${room}x`, tag)).toBeUndefined()
  expect(log.find(room, Buffer.alloc(32, 3))).toBeUndefined()
})

test('the first entry of a tag stays: a second one cannot use its key again', async () => {
  const { log, store } = await open()
  await log.record(relayed)
  await log.record({ ...relayed, sender: 'mimi://b.example/u/mallory' })
  expect(log.find(room, tag)).toEqual(entry)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 1 })
})

test('any retained day is searched, also with the day key of a restart', async () => {
  const { log, store, keys } = await open()
  for (let day = 0; day < 30; day++) {
    const timestampMs = acceptedMs - day * DAY_MS
    const frankingTag = Buffer.alloc(32, day)
    await log.record({ ...relayed, frankingTag, timestampMs, nowMs: timestampMs })
  }
  expect(keys.retained().size).toBe(30)
  expect(log.find(room, Buffer.alloc(32, 29))?.timestampMs).toBe(acceptedMs - 29 * DAY_MS)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 30 })
})

test('after the retention keys and entries are gone', async () => {
  const { log, store, keys } = await open()
  await log.record(relayed)
  await log.deleteBefore(acceptedMs + 30 * DAY_MS)
  expect(log.find(room, tag)).toEqual(entry)
  await log.deleteBefore(acceptedMs + 31 * DAY_MS)
  expect(log.find(room, tag)).toBeUndefined()
  expect(keys.retained().size).toBe(0)
  expect(store.get('SELECT count(*) AS n FROM relay_log')).toEqual({ n: 0 })
})

test('an entry that was changed on the disk is none', async () => {
  const { log, store } = await open()
  await log.record(relayed)
  await store.write('UPDATE relay_log SET sealed = zeroblob(length(sealed))')
  expect(log.find(room, tag)).toBeUndefined()
})

test('neither sender nor tag stands in the log', async () => {
  const { log, store } = await open()
  await log.record(relayed)
  const [row] = store.all('SELECT entry, sealed FROM relay_log')
  for (const secret of [Buffer.from(alice), tag, entry.serverFrank])
    for (const value of Object.values(row ?? {}))
      expect(Buffer.from(value as Uint8Array).includes(secret)).toBe(false)
})

test("another sender's use of a tag hides nobody's entry", async () => {
  const { log } = await open()
  await log.record({ ...relayed, sender: 'mimi://b.example/u/mallory' })
  await log.record({ ...relayed, nowMs: acceptedMs + DAY_MS })
  expect(log.find(room, tag, alice)).toEqual(entry)
  expect(log.find(room, tag, 'mimi://b.example/u/bob')).toBeUndefined()
})

test('a message that says it is from another day is logged on the day that it came', async () => {
  const { log, keys } = await open()
  const timestampMs = acceptedMs + 1_000 * DAY_MS
  await log.record({ ...relayed, timestampMs })
  expect([...keys.retained().keys()]).toEqual([acceptedMs / DAY_MS])
  expect(log.find(room, tag)?.timestampMs).toBe(timestampMs)
})

test('what came back from the hub keeps the entry of our own sender neither out nor open', async () => {
  const { log, store } = await open()
  await log.record({ ...relayed, sender: '' })
  await log.record(relayed)
  expect(log.find(room, tag)).toEqual(entry)
  expect(log.find(room, tag, alice)).toEqual(entry)
  const sealed = store
    .all('SELECT hex(sealed) AS sealed FROM relay_log')
    .map((row) => row['sealed'])
  expect(new Set(sealed.map((text) => String(text).slice(0, 16))).size).toBe(2)
})

test('what nobody waits for is written all the same, and what is lost is counted', async () => {
  const { log, store } = await open()
  log.note({ ...relayed, sender: '' })
  await expect.poll(() => log.matchOwnLog(room, tag)).toMatchObject({ kind: 'relayed', sender: '' })
  expect(log.matchOwnLog(room, Buffer.alloc(32, 9))).toEqual({ kind: 'not-relayed' })
  await store.write('DROP TABLE relay_log')
  log.note({ ...relayed, frankingTag: Buffer.alloc(32, 9) })
  await expect.poll(() => log.lost()).toBe(1)
})

test('coverage begins once, ends with a message that is not logged, and begins anew', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await openStore({ path, migrations: logCoverageMigrations })
  const coverage = createLogCoverage(store)
  expect(coverage.since(room)).toBeUndefined()
  await coverage.begin(room, 1)
  await coverage.begin(room, 2)
  expect(coverage.since(room)).toBe(1)
  expect(createLogCoverage(store).since(room)).toBe(1)
  await coverage.interrupt(room)
  await coverage.interrupt(room)
  expect(coverage.since(room)).toBeUndefined()
  await coverage.begin(room, 3)
  expect(coverage.since(room)).toBe(3)
})
