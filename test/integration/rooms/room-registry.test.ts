import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RoomRegistry } from '../../../src/rooms/room-registry.ts'
import { roomsMigrations } from '../../../src/rooms/migrations.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { groupOf } from '../../support/mls-members.ts'
import { commitHandshake, newRoom, proposalsHandshake } from '../../support/rooms.ts'
import { tempDir } from '../../support/temp-dir.ts'

const users = ['alice', 'bob', 'carol'].map((name) => `mimi://${name[0]}.example/u/${name}`)
const room = 'mimi://a.example/r/clubhouse'

const openRooms = (path: string) => openStore({ path, migrations: roomsMigrations })

function members() {
  const [alice, bob, carol] = groupOf(users)
  if (!alice || !bob || !carol) throw new Error('no group')
  return { alice, bob, carol }
}

describe('a room', () => {
  test('is created once, found and asked for its participants', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice } = members()
    expect(registry.find(room)).toBeUndefined()
    expect(registry.isParticipant(room, users[0] ?? '')).toBe(false)
    const state = await registry.create(newRoom(alice))
    expect(registry.find(room)).toBe(state)
    expect(state.treeHash).toEqual(alice.context.treeHash)
    expect(registry.isParticipant(room, users[1] ?? '')).toBe(true)
    expect(registry.isParticipant(room, 'mimi://d.example/u/dave')).toBe(false)
    await expect(registry.create(newRoom(alice))).rejects.toThrow('room-exists')
    expect(() => registry.stage('mimi://a.example/r/other', proposalsHandshake())).toThrow(
      'room-unknown',
    )
  })

  test('that two create at once is created once', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice } = members()
    const outcomes = await Promise.allSettled([
      registry.create(newRoom(alice)),
      registry.create(newRoom(alice)),
    ])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  test('with a broken tree is not created', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice } = members()
    const broken = { ...newRoom(alice), ratchetTree: newRoom(members().alice).ratchetTree }
    await expect(registry.create(broken)).rejects.toThrow('invalid-signature')
    expect(registry.find(room)).toBeUndefined()
  })

  test('changes when a commit is accepted, not before', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice } = members()
    await registry.create(newRoom(alice))
    const staged = registry.stage(room, commitHandshake(alice.commit()))
    expect(registry.find(room)?.epoch).toBe(1n)
    alice.applyPendingCommit()
    await registry.accept(staged)
    expect(registry.find(room)).toMatchObject({ epoch: 2n, treeHash: alice.context.treeHash })
    await expect(registry.accept(staged)).rejects.toThrow('wrong-epoch')
  })

  test('accepts one commit per epoch', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice, bob } = members()
    await registry.create(newRoom(alice))
    const [one, other] = [alice, bob].map((member) =>
      registry.stage(room, commitHandshake(member.commit())),
    )
    if (!one || !other) throw new Error('nothing staged')
    const outcomes = await Promise.allSettled([registry.accept(one), registry.accept(other)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(registry.find(room)?.epoch).toBe(2n)
  })

  test('keeps proposals that come between the staging of a commit and its acceptance from harm', async () => {
    await using store = await openRooms(join(tempDir(), 'rooms.db'))
    const registry = new RoomRegistry(store)
    const { alice, bob } = members()
    await registry.create(newRoom(alice))
    const commit = registry.stage(room, commitHandshake(alice.commit()))
    const waiting = registry.stage(room, proposalsHandshake(bob.proposeUpdate()))
    await registry.accept(waiting)
    expect(registry.find(room)?.pendingProposals).toHaveLength(1)
    await registry.accept(commit)
    expect(registry.find(room)).toMatchObject({ epoch: 2n, pendingProposals: [] })
  })
})

describe('after a restart', () => {
  test('the room stands in its newest epoch and follows on', async () => {
    const path = join(tempDir(), 'rooms.db')
    const { alice, bob } = members()
    {
      await using store = await openRooms(path)
      const registry = new RoomRegistry(store)
      await registry.create(newRoom(alice))
      await registry.accept(registry.stage(room, commitHandshake(alice.commit())))
      bob.receiveCommit(alice.applyPendingCommit().message)
    }
    await using store = await openRooms(path)
    const registry = new RoomRegistry(store)
    expect(registry.find(room)).toMatchObject({ epoch: 2n, suite: 'identified' })
    await registry.accept(registry.stage(room, commitHandshake(bob.commit())))
    expect(registry.find(room)?.epoch).toBe(3n)
  })

  test('proposals still wait, and a commit over them is followed', async () => {
    const path = join(tempDir(), 'rooms.db')
    const { alice, bob, carol } = members()
    const leave = carol.propose({ kind: 'self-remove' })
    const update = bob.proposeUpdate()
    {
      await using store = await openRooms(path)
      const registry = new RoomRegistry(store)
      await registry.create(newRoom(alice))
      await registry.accept(registry.stage(room, proposalsHandshake(leave)))
      await registry.accept(registry.stage(room, proposalsHandshake(update, leave)))
    }
    await using store = await openRooms(path)
    const registry = new RoomRegistry(store)
    expect(registry.find(room)?.pendingProposals).toHaveLength(2)
    for (const message of [leave, update]) alice.receiveProposal(message)
    await registry.accept(registry.stage(room, commitHandshake(alice.commit())))
    expect(registry.find(room)?.members).toHaveLength(2)
  })
})

test('rooms that memory has no place for are read back from the store', async () => {
  await using store = await openRooms(join(tempDir(), 'rooms.db'))
  const registry = new RoomRegistry(store, { roomsInMemoryMax: 2 })
  const { alice } = members()
  const names = ['one', 'two', 'three', 'four'].map((name) => `mimi://a.example/r/${name}`)
  for (const name of names) await registry.create(newRoom(alice, name))
  for (const name of names) expect(registry.find(name)).toMatchObject({ room: name, epoch: 1n })
  const [first = ''] = names
  await registry.accept(registry.stage(first, commitHandshake(alice.commit())))
  for (const name of names.slice(1)) registry.find(name)
  expect(registry.find(first)?.epoch).toBe(2n)
})

test('what the store could not write did not happen', async () => {
  const path = join(tempDir(), 'rooms.db')
  const store = await openRooms(path)
  const registry = new RoomRegistry(store)
  const { alice } = members()
  await registry.create(newRoom(alice))
  const staged = registry.stage(room, commitHandshake(alice.commit()))
  await store[Symbol.asyncDispose]()
  await expect(registry.accept(staged)).rejects.toThrow('store-unavailable')
  await using reopened = await openRooms(path)
  expect(new RoomRegistry(reopened).find(room)?.epoch).toBe(1n)
})
