import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { MlsGroup } from '../../../src/client/mls/mls-group.ts'
import { createEpochRecord } from '../../../src/rooms/epoch-record.ts'
import { roomsMigrations } from '../../../src/rooms/migrations.ts'
import { RoomRegistry } from '../../../src/rooms/room-registry.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { encode } from '../../../src/wire/codec.ts'
import { groupContextCodec } from '../../../src/wire/mls/group-info.ts'
import { groupOf } from '../../support/mls-members.ts'
import { commitHandshake, newRoom } from '../../support/rooms.ts'
import { tempDir } from '../../support/temp-dir.ts'

const users = ['mimi://a.example/u/alice', 'mimi://b.example/u/bob'] as const
const room = 'mimi://a.example/r/clubhouse'

async function open(keeps = true) {
  const [alice, bob] = groupOf(users)
  if (alice === undefined || bob === undefined) throw new Error('no group')
  const path = join(tempDir(), 'rooms.db')
  const store = await openStore({ path, migrations: roomsMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const epochs = createEpochRecord(store, () => keeps)
  const registry = new RoomRegistry(store, { epochs })
  await registry.create(newRoom(alice))
  const commit = async () => {
    const staged = alice.commit()
    await registry.accept(registry.stage(room, commitHandshake(staged)))
    alice.applyPendingCommit()
    bob.receiveCommit(staged.message)
  }
  return { alice, bob, store, epochs, commit }
}

const contextHash = ({ context }: MlsGroup) =>
  createHash('sha256').update(encode(groupContextCodec, context)).digest()

function leaf(group: MlsGroup, leafIndex: number) {
  const signatureKey = group.members[leafIndex]?.leaf.signatureKey ?? Buffer.alloc(0)
  return { epoch: group.context.epoch, leafIndex, signatureKey, user: users[leafIndex] ?? '' }
}

test('each epoch’s GroupContext and leaves are remembered, also the first one’s', async () => {
  const { alice, bob, epochs, commit } = await open()
  const first = { epoch: alice.context.epoch, hash: contextHash(alice), bob: leaf(bob, 1) }
  await commit()
  await commit()
  expect(epochs.contextHash(room, first.epoch)).toEqual(first.hash)
  expect(epochs.contextHash(room, alice.context.epoch)).toEqual(contextHash(bob))
  expect(epochs.contextHash(room, alice.context.epoch + 1n)).toBeUndefined()
  expect(epochs.hadLeaf(room, first.bob)).toBe(true)
  expect(epochs.hadLeaf(room, leaf(alice, 0))).toBe(true)
  expect(epochs.hadLeaf(room, leaf(bob, 1))).toBe(true)
})

test('a leaf counts with its key, its user and its place only', async () => {
  const { bob, epochs } = await open()
  const known = leaf(bob, 1)
  expect(epochs.hadLeaf(room, known)).toBe(true)
  const others = [
    { ...known, user: users[0] },
    { ...known, signatureKey: leaf(bob, 0).signatureKey },
    { ...known, leafIndex: 0 },
    { ...known, leafIndex: 7 },
    { ...known, epoch: known.epoch - 1n },
  ]
  for (const other of others) expect(epochs.hadLeaf(room, other)).toBe(false)
  expect(epochs.hadLeaf('mimi://a.example/r/other', known)).toBe(false)
})

test('where nothing is kept nothing is written', async () => {
  const { store, epochs, bob, commit } = await open(false)
  await commit()
  expect(epochs.hadLeaf(room, leaf(bob, 1))).toBe(false)
  for (const table of ['room_epochs', 'room_leaves'])
    expect(store.get(`SELECT count(*) AS n FROM ${table}`)).toEqual({ n: 0 })
})

test('only the newest epochs are kept, with the leaves that they still have', async () => {
  const { bob, store, epochs, commit } = await open()
  for (let count = 0; count < 290; count += 1) await commit()
  const { n } = store.get('SELECT count(*) AS n FROM room_epochs') ?? {}
  expect(Number(n)).toBeLessThanOrEqual(256 + 16)
  expect(epochs.contextHash(room, 1n)).toBeUndefined()
  // Bob's leaf is as old as the room, and is still in the newest epoch.
  expect(epochs.hadLeaf(room, leaf(bob, 1))).toBe(true)
}, 60_000)
