import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../src/model/ids.ts'
import {
  createPendingUpdates,
  pendingUpdatesMigrations,
} from '../../../src/pipeline/pending-updates.ts'
import {
  createUnheardMessages,
  unheardMessagesMigrations,
} from '../../../src/pipeline/unheard-messages.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const room = parseMimiUri('mimi://a.example/r/club')
const other = parseMimiUri('mimi://a.example/r/other')
const sender = parseMimiUri('mimi://b.example/u/7d1c')
const update = { room, message: Buffer.from('commit'), body: Buffer.from('the whole request') }
const unheard = { room, digest: Buffer.alloc(32, 3), sender, frankingTag: Buffer.alloc(32, 4) }

const open = (path = join(tempDir(), 'store.db')) =>
  openStore({ path, migrations: [...pendingUpdatesMigrations, ...unheardMessagesMigrations] })

test('an update is pending while it is settled, and not afterwards', async () => {
  await using store = await open()
  const pending = createPendingUpdates(store, () => 1)
  const gate = Promise.withResolvers<{ accepted: boolean }>()
  const settled = pending.during(update, () => gate.promise)
  const found = pending.find(room, update.message)
  gate.resolve({ accepted: true })
  expect(await settled).toEqual({ accepted: true })
  expect(await found).toBeUndefined()
})

test('an update that was accepted is known as such, one that was refused is not', async () => {
  await using store = await open()
  const pending = createPendingUpdates(store, () => 1)
  await pending.during(update, () => Promise.resolve({ accepted: false }))
  expect(pending.wasAccepted(room, update.message)).toBe(false)
  await pending.during(update, () => Promise.resolve({ accepted: true }))
  expect(pending.wasAccepted(room, update.message)).toBe(true)
  expect(pending.wasAccepted(other, update.message)).toBe(false)
})

test('an update whose outcome is not known stays pending over a restart, until it is settled', async () => {
  const path = join(tempDir(), 'store.db')
  {
    await using store = await open(path)
    const pending = createPendingUpdates(store, () => 1)
    const lost = pending.during(update, () => Promise.reject(new Error('lost')))
    await expect(lost).rejects.toThrow('lost')
  }
  await using store = await open(path)
  const pending = createPendingUpdates(store, () => 1)
  expect(await pending.find(room, update.message)).toEqual(update.body)
  expect(await pending.find(other, update.message)).toBeUndefined()
  await pending.end(room, update.message)
  expect(await pending.find(room, update.message)).toBeUndefined()
})

test('what is too old to go out is forgotten', async () => {
  await using store = await open()
  const pending = createPendingUpdates(store, () => 1_000)
  const messages = createUnheardMessages(store, () => 1_000)
  await pending.during(update, () => Promise.reject(new Error('lost'))).catch(() => {})
  await messages.keep(unheard)
  expect([await pending.deleteBefore(1_000), await messages.deleteBefore(1_000)]).toEqual([0, 0])
  expect([await pending.deleteBefore(1_001), await messages.deleteBefore(1_001)]).toEqual([1, 1])
})

test('an unheard message is found in its room, also after a restart', async () => {
  const path = join(tempDir(), 'store.db')
  {
    await using store = await open(path)
    const messages = createUnheardMessages(store, () => 1)
    await messages.keep(unheard)
    await messages.keep(unheard)
  }
  await using store = await open(path)
  const messages = createUnheardMessages(store, () => 1)
  expect(messages.find(room, unheard.digest)).toEqual(unheard)
  expect(messages.find(other, unheard.digest)).toBeUndefined()
  expect(messages.find(room, Buffer.alloc(32))).toBeUndefined()
})
