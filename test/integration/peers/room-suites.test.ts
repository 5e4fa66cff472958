import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { RoomSuites, roomSuitesMigrations } from '../../../src/peers/room-suites.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { tempDir } from '../../support/temp-dir.ts'

const room = parseMimiUri('mimi://a.example/r/club')
const open = (path: string) => openStore({ path, migrations: roomSuitesMigrations })

test('the suite that a hub has announced for a room is known after a restart', async () => {
  const path = join(tempDir(), 'store.db')
  {
    await using store = await open(path)
    const suites = new RoomSuites(store)
    expect(suites.find(room)).toBeUndefined()
    await suites.announce(room, 'moderated-pseudonyms')
    expect(suites.find(room)).toBe('moderated-pseudonyms')
  }
  await using store = await open(path)
  expect(new RoomSuites(store).find(room)).toBe('moderated-pseudonyms')
})

test('the newest announcement counts', async () => {
  const path = join(tempDir(), 'store.db')
  await using store = await open(path)
  const suites = new RoomSuites(store)
  for (const suite of ['identified', 'identified', 'bare-minimum'])
    await suites.announce(room, suite)
  expect(suites.find(room)).toBe('bare-minimum')
  expect(new RoomSuites(store).find(room)).toBe('bare-minimum')
})
