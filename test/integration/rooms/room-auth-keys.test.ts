import { join } from 'node:path'
import { expect, test } from 'vitest'
import { roomGroupInfo } from '../../../src/client/flows/change-room.ts'
import { roomAuthKeyExtension, roomAuthKeyPair } from '../../../src/client/mls/room-auth-key.ts'
import { roomsMigrations } from '../../../src/rooms/migrations.ts'
import { RoomRegistry } from '../../../src/rooms/room-registry.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { encode } from '../../../src/wire/codec.ts'
import { groupInfoCodec } from '../../../src/wire/mls/group-info.ts'
import { groupOf } from '../../support/mls-members.ts'
import { commitHandshake, newRoom } from '../../support/rooms.ts'
import { tempDir } from '../../support/temp-dir.ts'

const users = ['alice', 'bob'].map((name) => `mimi://${name[0]}.example/u/${name}`)
const open = (path: string) => openStore({ path, migrations: roomsMigrations })

test('the key of a room is there from its creation and in its newest epoch, also after a restart', async () => {
  const path = join(tempDir(), 'rooms.db')
  const [alice] = groupOf(users)
  if (!alice) throw new Error('no group')
  const keyOfNow = () => {
    const { publicKey } = roomAuthKeyPair(alice.current)
    return { mlsEpoch: alice.context.epoch, publicKey }
  }
  const groupInfo = alice.groupInfo([roomAuthKeyExtension(alice.current)])
  const created = { ...newRoom(alice), groupInfo: encode(groupInfoCodec, groupInfo) }
  const first = keyOfNow()
  {
    await using store = await open(path)
    const registry = new RoomRegistry(store)
    expect((await registry.create(created)).roomAuthKeys).toEqual([first])
  }
  {
    await using store = await open(path)
    const registry = new RoomRegistry(store)
    expect(registry.find(created.room)?.roomAuthKeys).toEqual([first])
    const staged = alice.commit({ groupInfoExtensions: roomGroupInfo(undefined) })
    await registry.accept(registry.stage(created.room, commitHandshake(staged)))
    alice.applyPendingCommit()
    expect(registry.find(created.room)?.roomAuthKeys).toEqual([keyOfNow(), first])
  }
  await using store = await open(path)
  // The key of the epoch before is forgotten: who still has that one is asked for the newer.
  expect(new RoomRegistry(store).find(created.room)?.roomAuthKeys).toEqual([keyOfNow()])
})
