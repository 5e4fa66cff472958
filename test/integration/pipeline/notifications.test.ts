import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  createNotifications,
  notificationsMigrations,
} from '../../../src/pipeline/notifications.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const digest = Buffer.alloc(32, 1)
const nothing = () => Promise.resolve()
const open = (path = join(tempDir(), 'store.db')) =>
  openStore({ path, migrations: notificationsMigrations })

test('many at once are one run, and all wait for it', async () => {
  await using store = await open()
  const notifications = createNotifications(store, () => 1)
  const gate = Promise.withResolvers<void>()
  let runs = 0
  const process = () => {
    runs += 1
    return gate.promise
  }
  const outcomes = [1, 2, 3].map(() => notifications.once(digest, process))
  gate.resolve()
  expect(await Promise.all(outcomes)).toEqual(['processed', 'duplicate', 'duplicate'])
  expect(runs).toBe(1)
})

test('what was processed is known after a restart, until it is forgotten', async () => {
  const path = join(tempDir(), 'store.db')
  {
    await using store = await open(path)
    const notifications = createNotifications(store, () => 1_000)
    expect(await notifications.once(digest, nothing)).toBe('processed')
  }
  await using store = await open(path)
  const notifications = createNotifications(store, () => 2_000)
  expect(await notifications.once(digest, nothing)).toBe('duplicate')
  expect(await notifications.deleteBefore(1_000)).toBe(0)
  expect(await notifications.deleteBefore(1_001)).toBe(1)
  expect(await notifications.once(digest, nothing)).toBe('processed')
})

test('a run that fails is forgotten, for whoever waited too', async () => {
  await using store = await open()
  const notifications = createNotifications(store, () => 1)
  const gate = Promise.withResolvers<void>()
  const first = notifications.once(digest, () => gate.promise)
  const second = notifications.once(digest, () => gate.promise)
  gate.reject(new Error('no'))
  const settled = await Promise.allSettled([first, second])
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await notifications.once(digest, nothing)).toBe('processed')
})
