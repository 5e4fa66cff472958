import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { roomGroupInfo } from '../../../src/client/flows/change-room.ts'
import { commitRequest } from '../../../src/client/mimi/handshake.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { roomAuthKeyPair } from '../../../src/client/mls/room-auth-key.ts'
import { decode } from '../../../src/wire/codec.ts'
import { updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'
import { addMember, eventually, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, callPeer, internalPath } from '../../support/gateway-calls.ts'
import { hostileProvider } from '../../support/hostile-provider.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 30 },
  providers: { 'a.example': issuing, 'b.example': issuing },
})
/** A second user of Bob's provider. */
let bella: MimiClient

beforeAll(async () => {
  const { alice, federation } = clubhouse()
  bella = await federation.provider('b.example').client('bella')
  await bella.publishKeyPackages({ pseudonymous: 10 })
  bella.connect(alice.connectionCard())
  alice.connect(bella.connectionCard())
}, 60_000)

const provider = (domain: string) => clubhouse().federation.provider(domain)
const hostile = () => hostileProvider(provider('b.example'), provider('a.example'))

/** What a client may smuggle: its own messages, with the proof of the epoch that it is in. */
function ownOf(client: MimiClient, room: string) {
  const group = client.group(room)
  return { room, group, epoch: group.current }
}

async function follow(client: MimiClient, room: string): Promise<void> {
  await eventually(client, (event) => event.kind === 'room-changed' && event.room === room)
}

test('members speak in every epoch, also after the hub was started again', async () => {
  const { alice, bob, room } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  const say = async () => (await bob.sendText(uri, `hello ${randomUUID()}`)).kind
  expect(await say()).toBe('accepted')
  expect(await say()).toBe('accepted')
  expect((await alice.commitPending(uri)).kind).toBe('accepted')
  // Bob does not know of the commit yet: he is told, reads it and proves himself in the new epoch.
  expect(await say()).toBe('accepted')
  await provider('a.example').stop()
  await provider('a.example').start()
  expect(await say()).toBe('accepted')
  expect((await bob.commitPending(uri)).kind).toBe('accepted')
  expect(await say()).toBe('accepted')
}, 30_000)

test('who joins by itself speaks, and so do those who were there', async () => {
  const { bob, federation, room } = clubhouse()
  const uri = await room()
  const phone = await federation.provider('b.example').client('bob', { device: 'phone' })
  const secret = bob.roomSecret(uri)
  if (secret === undefined) throw new Error('no secret')
  phone.learnRoomSecret(secret)
  expect((await phone.joinExternally(uri)).kind).toBe('accepted')
  for (const client of [phone, bob]) {
    client.writeUnnamed(uri)
    expect((await client.sendText(uri, 'here')).kind).toBe('accepted')
  }
}, 30_000)

test('whom its provider lets speak without being in the room is refused by the hub', async () => {
  const { bob, room } = clubhouse()
  const uri = await room()
  const elsewhere = newRoomUri().replace('a.example', 'b.example')
  await bella.createRoom({ room: elsewhere, name: 'Other', suite: 'moderated-pseudonyms' })
  const { group } = ownOf(bella, elsewhere)
  const { epoch } = bob.group(uri).context
  const claimed = { ...group.current, groupContext: { ...group.context, epoch } }
  const { smuggle } = hostile()
  expect(await smuggle('bella', { room: uri, group, epoch: claimed })).toBe('membership-unproven')
  // The same way is open to a member.
  expect(await smuggle('bob', ownOf(bob, uri))).toBe('accepted')
}, 30_000)

test('whom a commit has removed is refused from then on', async () => {
  const { alice, bob, room } = clubhouse()
  const uri = await room()
  await addMember(alice, bella, uri)
  await follow(bob, uri)
  const before = ownOf(bella, uri)
  const { smuggle } = hostile()
  expect(await smuggle('bella', before)).toBe('accepted')
  expect((await alice.removeUser(uri, bella.user)).kind).toBe('accepted')
  expect(await smuggle('bella', before)).toBe('membership-unproven')
  const { epoch } = alice.group(uri).context
  const guessed = { ...before.epoch, groupContext: { ...before.epoch.groupContext, epoch } }
  expect(await smuggle('bella', { ...before, epoch: guessed })).toBe('membership-unproven')
  bob.writeUnnamed(uri)
  expect((await bob.sendText(uri, 'still here')).kind).toBe('accepted')
}, 30_000)

test('a follower cannot swap the key that its user gives with a commit', async () => {
  const { bob, room } = clubhouse()
  const uri = await room()
  const group = bob.group(uri)
  const staged = group.commit({ groupInfoExtensions: roomGroupInfo(undefined) })
  const body = commitRequest(staged)
  const at = body.indexOf(roomAuthKeyPair(staged.next).publicKey)
  expect(at).toBeGreaterThan(0)
  const swapped = Buffer.from(body)
  randomBytes(32).copy(swapped, at)
  const relay = async (bytes: Buffer) => {
    const reply = await callPeer(provider('a.example'), {
      as: provider('b.example').identity,
      from: 'b.example',
      operation: 'update',
      target: uri,
      body: bytes,
    })
    return decode(updateRoomResponseCodec, reply.body).responseCode
  }
  expect(await relay(swapped)).toBe('notAllowed')
  expect(await relay(body)).toBe('success')
  group.applyPendingCommit()
  bob.writeUnnamed(uri)
  expect((await bob.sendText(uri, 'with my own key')).kind).toBe('accepted')
}, 30_000)

test('where the last committer gave no key, the operator decides', async () => {
  const { alice, bob, room } = clubhouse()
  const uri = await room()
  const group = alice.group(uri)
  const body = commitRequest(group.commit())
  const path = internalPath('update', uri)
  expect((await callInternal(provider('a.example'), path, { body })).status).toBe(200)
  group.applyPendingCommit()
  await follow(bob, uri)
  bob.writeUnnamed(uri)
  expect((await bob.sendText(uri, 'nobody asks')).kind).toBe('accepted')
  const restart = async (membershipProof: string) => {
    await provider('a.example').stop()
    await provider('a.example').start({ rooms: { membershipProof } })
  }
  await restart('always')
  await expect(bob.sendText(uri, 'refused')).rejects.toMatchObject({
    problem: 'membership-unproven',
  })
  // Any commit that brings a key repairs it.
  expect((await bob.commitPending(uri)).kind).toBe('accepted')
  expect((await bob.sendText(uri, 'proven')).kind).toBe('accepted')
  await restart('where-possible')
}, 30_000)
