import { expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { eventually, message, useClubhouse } from '../../support/clubhouse.ts'
import { until } from '../../support/gateway-calls.ts'
import { comesTo, look, order, undo } from '../../support/sanctions.ts'

const rates = { keyMaterial: { perSecond: 100, burst: 100 } }
const extra = { rates, limits: { outbox: { backoff: { baseMs: 20, maxMs: 100 } } } }
const clubhouse = useClubhouse({
  keyPackages: { pseudonymous: 12 },
  providers: { 'a.example': { extra }, 'b.example': { extra }, 'c.example': { extra } },
})
const hub = () => clubhouse().federation.provider('a.example')

/** The pseudonym under which a client is in a room. */
function pseudonym(client: MimiClient, room: string): string {
  const { members, ownLeafIndex } = client.group(room)
  const leaf = members.find(({ index }) => index === ownLeafIndex)?.leaf
  if (leaf?.credential.kind !== 'pseudonymous') throw new Error('no pseudonym')
  return leaf.credential.userPseudonym.toString()
}

const proposed = (room: string) => (event: { kind: string; room?: string }) =>
  event.kind === 'proposal' && event.room === room

async function ban(client: MimiClient, room: string) {
  const participant = pseudonym(client, room)
  const { sanction, state, note } = await order(hub(), { kind: 'ban', room, participant })
  return { id: sanction.id, state, note, participant }
}

test('a ban refuses the next message at once, is proposed to members, and a commit brings it into the group', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  expect((await bob.sendText(room, 'before')).kind).toBe('accepted')
  const { id, state, participant } = await ban(bob, room)
  expect(state).toBe('waiting-for-commit')
  expect(await bob.sendText(room, 'after')).toEqual({ kind: 'not-allowed' })
  expect(await bob.commitPending(room)).toEqual({ kind: 'not-allowed' })

  for (const member of [alice, cathy]) {
    const proposals = await eventually(member, proposed(room))
    expect(proposals).toContainEqual({ kind: 'proposal', room, proposal: 'remove', by: undefined })
    expect(member.group(room).pendingProposals).toHaveLength(2)
  }
  expect(await cathy.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), id, 'in-group-state')

  const entry = ({ user }: { user: string }) => user === participant
  expect(cathy.group(room).participants.find(entry)).toMatchObject({ roleIndex: 1 })
  await eventually(alice, (event) => event.kind === 'room-changed' && event.room === room)
  expect(alice.group(room).participants.find(entry)).toMatchObject({ roleIndex: 1 })
  expect(alice.group(room).members).toHaveLength(2)
  await eventually(bob, (event) => event.kind === 'removed' && event.room === room)
}, 60_000)

test('a member that writes commits the ban first', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  const { id } = await ban(bob, room)
  await eventually(alice, proposed(room))
  expect((await alice.sendText(room, 'among ourselves')).kind).toBe('accepted')
  await comesTo(hub(), id, 'in-group-state')
  expect(alice.group(room).members).toHaveLength(2)
  await message(cathy, 'among ourselves')
  await eventually(bob, (event) => event.kind === 'removed' && event.room === room)
}, 60_000)

test('of two members that write at once one commits, the other follows, and both are heard', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  const { id } = await ban(bob, room)
  for (const member of [alice, cathy]) await eventually(member, proposed(room))
  const { epoch } = alice.group(room).context
  const texts = ['from alice', 'from cathy'] as const
  const sent = await Promise.all([alice.sendText(room, texts[0]), cathy.sendText(room, texts[1])])
  expect(sent.map(({ kind }) => kind)).toEqual(['accepted', 'accepted'])
  await comesTo(hub(), id, 'in-group-state')
  await message(cathy, texts[0])
  await message(alice, texts[1])
  for (const member of [alice, cathy]) expect(member.group(room).context.epoch).toBe(epoch + 1n)
}, 60_000)

test('whoever is to go does not commit that, and is refused', async () => {
  const { bob, room: open } = clubhouse()
  const room = await open()
  const { id } = await ban(bob, room)
  await eventually(bob, proposed(room))
  expect(await bob.sendText(room, 'not so fast')).toEqual({ kind: 'not-allowed' })
  expect((await look(hub(), id)).state).toBe('waiting-for-commit')
}, 60_000)

test('an unban gives the role back, and whoever was banned joins again by itself', async () => {
  const { alice, bob, room: open } = clubhouse()
  const room = await open()
  const { id, participant } = await ban(bob, room)
  await eventually(alice, proposed(room))
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), id, 'in-group-state')
  await eventually(bob, (event) => event.kind === 'removed' && event.room === room)

  const unban = await undo(hub(), id)
  expect(unban).toMatchObject({
    sanction: { kind: 'unban', undoes: id },
    state: 'waiting-for-commit',
  })
  expect((await look(hub(), id)).state).toBe('undone')
  await eventually(alice, proposed(room))
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), unban.sanction.id, 'in-group-state')
  const entry = alice.group(room).participants.find(({ user }) => user === participant)
  expect(entry).toMatchObject({ roleIndex: 2 })
  expect(alice.group(room).members).toHaveLength(2)
}, 60_000)

test('two bans at once are both in the next commit', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  const bans = await Promise.all([ban(bob, room), ban(cathy, room)])
  expect(bans.map(({ state }) => state)).toEqual(['waiting-for-commit', 'waiting-for-commit'])
  await until(async () => {
    await alice.receive()
    return alice.group(room).pendingProposals.length === 4
  })
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  for (const { id } of bans) await comesTo(hub(), id, 'in-group-state')
  expect(alice.group(room).members).toHaveLength(1)
}, 60_000)

test('a ban outlives a restart, before and after the commit', async () => {
  const { alice, bob, cathy, room: open } = clubhouse()
  const room = await open()
  const { id } = await ban(bob, room)
  await hub().stop()
  await hub().start()
  expect(await bob.sendText(room, 'after the restart')).toEqual({ kind: 'not-allowed' })
  expect((await look(hub(), id)).state).toBe('waiting-for-commit')
  await eventually(alice, proposed(room))
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  await comesTo(hub(), id, 'in-group-state')
  await hub().stop()
  await hub().start()
  expect((await look(hub(), id)).state).toBe('in-group-state')
  expect((await cathy.sendText(room, 'still here')).kind).toBe('accepted')
}, 60_000)

test('whom nobody knows is banned at the hub, and the sanction says why no further', async () => {
  const { room: open } = clubhouse()
  const room = await open()
  const participant = 'mimi://b.example/u/nobody-here'
  expect(await order(hub(), { kind: 'ban', room, participant })).toMatchObject({
    state: 'enforced-at-hub',
    note: 'not-a-participant',
  })
}, 60_000)

test('who is banned may report, and leaves when it likes', async () => {
  const { alice, bob, room: open } = clubhouse()
  const room = await open()
  expect((await alice.sendText(room, 'reportable')).kind).toBe('accepted')
  const { evidence } = await message(bob, 'reportable')
  if (evidence === undefined) throw new Error('no evidence')
  await ban(bob, room)
  expect(await bob.report(room, [evidence])).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(await bob.propose(room, { kind: 'self-remove' })).toMatchObject({ kind: 'accepted' })
}, 60_000)
