import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadDayKeys } from '../../../src/keys/day-keys.ts'
import {
  createSubmitLog,
  submissionTag,
  submitLogMigrations,
} from '../../../src/senders/submit-log.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY_MS = 86_400_000
const now = 20_000 * DAY_MS
const tag = Buffer.alloc(32, 1)
const account = Buffer.from('a handle of the account')

async function open() {
  const directory = tempDir()
  const path = join(directory, 'store.db')
  const store = await openStore({ path, migrations: submitLogMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const keys = await loadDayKeys(join(directory, 'days'))
  return { path, store, keys, log: createSubmitLog(store, keys) }
}

test('the account of a message is found by its franking tag and by nothing else', async () => {
  const { log } = await open()
  await log.record(tag, account, now)
  expect(log.find(tag)).toEqual(account)
  expect(log.find(Buffer.alloc(32, 2))).toBeUndefined()
})

test('the stored rows of one account have nothing in common, and do not hold it', async () => {
  const { log, store, path } = await open()
  await log.record(tag, account, now)
  await log.record(Buffer.alloc(32, 2), account, now)
  const rows = store.all('SELECT entry, sealed FROM submit_log')
  const [first, second] = rows.map((row) => Buffer.from(row['sealed'] as Uint8Array))
  expect(rows).toHaveLength(2)
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false)
  expect(first?.length).toBe(second?.length)
  const files = [path, `${path}-wal`].map((file) => readFileSync(file))
  expect(files.every((bytes) => !bytes.includes(account))).toBe(true)
})

test('after 30 days the key of the day is gone, and with it the entry', async () => {
  const { log, store, keys } = await open()
  await log.record(tag, account, now)
  await log.deleteBefore(now + 30 * DAY_MS)
  expect(log.find(tag)).toEqual(account)
  await log.deleteBefore(now + 31 * DAY_MS)
  expect(log.find(tag)).toBeUndefined()
  expect(keys.retained().size).toBe(0)
  expect(store.all('SELECT * FROM submit_log')).toEqual([])
})

test('a submission is kept for its hub alone: another provider that saw the tag finds nothing', () => {
  const frankingTag = Buffer.alloc(32, 7)
  const tags = ['a.example', 'c.example'].map((hub) => submissionTag({ hub, frankingTag }))
  expect(tags[0]?.equals(tags[1] ?? frankingTag)).toBe(false)
  expect(submissionTag({ hub: 'a.example', frankingTag })).toEqual(tags[0])
})
