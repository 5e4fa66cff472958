import { hash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createStampStore, stampMigrations, type Stamp } from '../../../src/franking/stamp-store.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { acceptedMs, alice, room, testAgent } from '../../support/franking.ts'
import { tempDir } from '../../support/temp-dir.ts'

const agent = testAgent()

function stampOf(text: string, timestampMs = acceptedMs): Stamp {
  const digest = hash('sha256', text, 'buffer')
  const frank = agent.stamp({ room, sender: alice, frankingTag: digest, timestampMs })
  return { room, digest, timestampMs, frank, sequence: 7 }
}

function open(path = join(tempDir(), 'store.db')) {
  return openStore({ path, migrations: stampMigrations })
}

test('a stamp is found again, from memory and after a restart', async () => {
  const path = join(tempDir(), 'store.db')
  const stamp = stampOf('m1')
  {
    await using store = await open(path)
    const stamps = createStampStore({ store })
    expect(await stamps.put(stamp)).toBe(stamp)
    expect(await stamps.find(room, stamp.digest)).toEqual(stamp)
  }
  await using store = await open(path)
  expect(await createStampStore({ store }).find(room, stamp.digest)).toEqual(stamp)
})

test('stamps that fell out of memory come from the disk', async () => {
  await using store = await open()
  const stamps = createStampStore({ store, recentMax: 1 })
  const all = ['m1', 'm2', 'm3'].map((text) => stampOf(text))
  for (const stamp of all) await stamps.put(stamp)
  for (const stamp of all) expect(await stamps.find(room, stamp.digest)).toEqual(stamp)
})

test('a message that was never stamped has none, nor has it in another room', async () => {
  await using store = await open()
  const stamps = createStampStore({ store })
  const stamp = stampOf('m1')
  await stamps.put(stamp)
  expect(await stamps.find(room, stampOf('m2').digest)).toBeUndefined()
  expect(await stamps.find(`${room}x`, stamp.digest)).toBeUndefined()
})

test('a fan-out that comes before the answer waits for the stamp', async () => {
  await using store = await open()
  const stamps = createStampStore({ store })
  const stamp = stampOf('m1')
  stamps.begin(room, stamp.digest)
  const found = stamps.find(room, stamp.digest)
  await stamps.put(stamp)
  expect(await found).toEqual(stamp)
})

test('a refused message keeps nobody waiting', async () => {
  await using store = await open()
  const stamps = createStampStore({ store })
  const { digest } = stampOf('m1')
  stamps.begin(room, digest)
  stamps.begin(room, digest)
  const found = stamps.find(room, digest)
  stamps.abandon(room, digest)
  stamps.abandon(room, digest)
  stamps.abandon(room, digest)
  expect(await found).toBeUndefined()
})

test('a message that is submitted twice keeps its first stamp', async () => {
  await using store = await open()
  const stamps = createStampStore({ store, recentMax: 1 })
  const first = stampOf('m1')
  const second = stampOf('m1', acceptedMs + 1)
  stamps.begin(room, first.digest)
  stamps.begin(room, first.digest)
  const [one, two] = await Promise.all([stamps.put(first), stamps.put(second)])
  expect(one).toEqual(first)
  expect(two).toEqual(first)
  expect(await stamps.find(room, first.digest)).toEqual(first)
})

test('a store that fails rejects the put and leaves nobody waiting', async () => {
  const store = await open()
  const stamps = createStampStore({ store })
  const stamp = stampOf('m1')
  stamps.begin(room, stamp.digest)
  const find = stamps.find(room, stamp.digest).catch((error: unknown) => error)
  await store[Symbol.asyncDispose]()
  await expect(stamps.put(stamp)).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await find).toMatchObject({ code: 'store-unavailable' })
})

test('retention deletes the older stamps', async () => {
  await using store = await open()
  const stamps = createStampStore({ store, recentMax: 1 })
  const old = stampOf('old', acceptedMs - 1)
  const kept = stampOf('kept')
  await Promise.all([stamps.put(old), stamps.put(kept)])
  expect(await stamps.deleteBefore(acceptedMs)).toBe(1)
  expect(await stamps.find(room, old.digest)).toBeUndefined()
  expect(await stamps.find(room, kept.digest)).toEqual(kept)
})
