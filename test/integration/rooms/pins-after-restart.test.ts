import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  builtInSuites as clientSuites,
  pinComponent,
} from '../../../src/client/mimi/metadata-suites.ts'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { roomsMigrations } from '../../../src/rooms/migrations.ts'
import { RoomRegistry } from '../../../src/rooms/room-registry.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { encode } from '../../../src/wire/codec.ts'
import { componentIds, componentListCodec } from '../../../src/wire/mls/app-data.ts'
import { componentUpdate, policedRoom } from '../../support/policed-rooms.ts'
import { commitHandshake, newRoom } from '../../support/rooms.ts'
import { tempDir } from '../../support/temp-dir.ts'

const suites = builtInSuites(declarations)
const required = encode(componentListCodec, {
  components: [componentIds.appComponents, componentIds.metadataRequirements],
})

/** A room that pins `identified`, strictly. */
function pinnedMembers() {
  return policedRoom(
    { alice: 4, bob: 3, carol: 2 },
    {
      components: [
        { componentId: componentIds.appComponents, data: required },
        pinComponent(clientSuites, 'identified'),
      ],
    },
  )
}

const open = (path: string) => openStore({ path, migrations: roomsMigrations })

test('a pin, the suite that it names later, and the roles survive a restart', async () => {
  const path = join(tempDir(), 'rooms.db')
  const members = pinnedMembers()
  const alice = members.member('alice')
  const { room, suite: _, ...created } = newRoom(alice)
  const { data } = pinComponent(clientSuites, 'compliance')
  {
    await using store = await open(path)
    const registry = new RoomRegistry(store, { suites })
    expect((await registry.create({ room, ...created })).suite).toBe('identified')
    const proposals = [componentUpdate(componentIds.metadataRequirements, data)]
    await registry.accept(registry.stage(room, commitHandshake(alice.commit({ proposals }))))
    members.member('carol').receiveCommit(alice.applyPendingCommit().message)
  }
  await using store = await open(path)
  const registry = new RoomRegistry(store, { suites })
  const found = registry.find(room)
  expect(found).toMatchObject({ suite: 'compliance', pin: { mode: 'strict', suite: 4 }, epoch: 2n })
  const kick = members.member('carol').commit({
    proposals: [{ kind: 'remove', removed: members.indexOf('bob') }],
  })
  expect(() => registry.stage(room, commitHandshake(kick))).toThrow('not-permitted')
  expect(registry.find(room)).toBe(found)
})

test('a room is not created under a suite other than the pinned one, nor without any', async () => {
  await using store = await open(join(tempDir(), 'rooms.db'))
  const registry = new RoomRegistry(store, { suites })
  const { suite: _, ...unnamed } = newRoom(pinnedMembers().member('alice'))
  await expect(registry.create({ ...unnamed, suite: 'compliance' })).rejects.toThrow(
    'suite-unavailable',
  )
  const { suite: __, ...plain } = newRoom(policedRoom({ alice: 4 }).member('alice'))
  await expect(registry.create(plain)).rejects.toThrow('suite-unavailable')
  expect(registry.list(10)).toEqual([])
})
