import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  certificateMigrations,
  createCertificateStore,
} from '../../../src/senders/certificate-store.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const day = 86_400
const room = 'mimi://a.example/r/club'
const provider = 'b.example'
const place = { epochStart: 20_000 * day, room, pseudonym: Buffer.alloc(16, 1) }
const certificate = { ...place, provider, publicKey: Buffer.alloc(91, 2) }

async function openAt(path: string) {
  const store = await openStore({ path, migrations: certificateMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return createCertificateStore(store)
}

const open = () => openAt(join(tempDir(), 'store.db'))

test('an admitted certificate is found in its room and epoch only, also after a restart', async () => {
  const path = join(tempDir(), 'store.db')
  const certificates = await openAt(path)
  await certificates.admit(certificate)
  for (const each of [certificates, await openAt(path)]) {
    expect(each.find(place)).toEqual(certificate)
    expect(each.find({ ...place, room: `${room}2` })).toBeUndefined()
    expect(each.find({ ...place, epochStart: place.epochStart + day })).toBeUndefined()
    expect(each.find({ ...place, pseudonym: Buffer.alloc(16, 9) })).toBeUndefined()
  }
})

test('the first certificate of a pseudonym stays, and counts once', async () => {
  const certificates = await open()
  await certificates.admit(certificate)
  await certificates.admit({ ...certificate, publicKey: Buffer.alloc(91, 3) })
  expect(certificates.find(place)).toEqual(certificate)
  expect(certificates.count({ epochStart: place.epochStart, room, provider })).toBe(1)
})

test('pseudonyms are counted for each room, epoch and provider', async () => {
  const path = join(tempDir(), 'store.db')
  const certificates = await openAt(path)
  for (let n = 0; n < 3; n++)
    await certificates.admit({ ...certificate, pseudonym: Buffer.alloc(16, n) })
  await certificates.admit({
    ...certificate,
    pseudonym: Buffer.alloc(16, 9),
    provider: 'c.example',
  })
  for (const each of [certificates, await openAt(path)]) {
    expect(each.count({ epochStart: place.epochStart, room, provider })).toBe(3)
    expect(each.count({ epochStart: place.epochStart, room, provider: 'c.example' })).toBe(1)
    expect(each.count({ epochStart: place.epochStart, room: `${room}2`, provider })).toBe(0)
  }
})

test('a denial holds at once and after a restart, and ends with its epoch', async () => {
  const path = join(tempDir(), 'store.db')
  const certificates = await openAt(path)
  const denying = certificates.deny(place)
  expect(certificates.isDenied(place)).toBe(true)
  await denying
  const again = await openAt(path)
  expect(again.isDenied(place)).toBe(true)
  expect(again.isDenied({ ...place, room: `${room}2` })).toBe(false)
  await again.dropBefore(place.epochStart + day)
  expect(again.isDenied(place)).toBe(false)
  expect((await openAt(path)).isDenied(place)).toBe(false)
})

test('a denial that is taken back holds no longer, at once and after a restart', async () => {
  const path = join(tempDir(), 'store.db')
  const certificates = await openAt(path)
  const other = { ...place, room: `${room}2` }
  await certificates.deny(place)
  await certificates.deny(other)
  const allowing = certificates.allow(place)
  expect(certificates.isDenied(place)).toBe(false)
  await allowing
  const again = await openAt(path)
  expect([again.isDenied(place), again.isDenied(other)]).toEqual([false, true])
  await again.deny(place)
  expect((await openAt(path)).isDenied(place)).toBe(true)
})

test('an epoch that is over leaves nothing behind', async () => {
  const path = join(tempDir(), 'store.db')
  const certificates = await openAt(path)
  await certificates.admit(certificate)
  const next = { ...certificate, epochStart: place.epochStart + day }
  await certificates.admit(next)
  await certificates.dropBefore(place.epochStart + day)
  const again = await openAt(path)
  expect(again.find(place)).toBeUndefined()
  expect(again.find(next)).toEqual(next)
})

test('of an epoch that is over no certificate is found that was in use, and its denial is gone with it', async () => {
  const certificates = await open()
  await certificates.admit(certificate)
  expect(certificates.find(place)).toEqual(certificate)
  await certificates.deny(place)
  const next = { ...certificate, epochStart: place.epochStart + day }
  await certificates.admit(next)
  await certificates.dropBefore(place.epochStart + day)
  expect(certificates.isDenied(place)).toBe(false)
  expect(certificates.find(place)).toBeUndefined()
  expect(certificates.find(next)).toEqual(next)
})
