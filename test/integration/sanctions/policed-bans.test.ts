import { beforeAll, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import {
  operationalParameters,
  preauthorize,
  roleOf,
  type RoomPolicyOptions,
} from '../../../src/client/mimi/room-policy.ts'
import { eventually, newRoomUri } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { policedFederation, testRoles } from '../../support/policed-rooms.ts'
import { comesTo, look, order, undo } from '../../support/sanctions.ts'

const { federation, hub, person } = policedFederation()

let alice: MimiClient

beforeAll(async () => {
  alice = await federation.client('a.example', 'alice')
}, 30_000)

const hubRole = roleOf(5, 'hub', {
  can: ['canRemoveParticipant', 'canBan', 'canUnban'],
  changes: { 1: [2, 3], 2: [0, 1], 3: [0, 1], 4: [1] },
})
const roles = testRoles.map((role) => (role.roleIndex === 5 ? hubRole : role))

/** A room of Alice with a moderator and a member; the hub may ban unless the policy says otherwise. */
async function roomWith(policy: RoomPolicyOptions = {}) {
  const room = newRoomUri()
  const [bob, carol] = [await person('b.example'), await person('c.example')]
  await alice.createRoom({
    room,
    name: 'Policed',
    suite: 'identified',
    policy: ({ externalSender }) => ({
      roles,
      preauthorized: [preauthorize(externalSender.credential, hubRole)],
      ...policy,
    }),
  })
  for (const [one, roleIndex] of [[bob, 3] as const, [carol, 2] as const]) {
    expect(await alice.addUser(room, one.user, { roleIndex })).toMatchObject({ kind: 'accepted' })
    await one.next('joined', { room })
  }
  await eventually(bob, (event) => event.kind === 'room-changed' && event.room === room)
  return { room, bob, carol }
}

const ban = ({ user }: MimiClient, room: string) =>
  order(hub(), { kind: 'ban', room, participant: user })

const waitingAtHub = (room: string) =>
  rows(hub(), 'reference-ds.sqlite')(
    'SELECT hex(ref) AS ref FROM ds_pending_proposals WHERE room = ? ORDER BY position',
    room,
  )

const notAllowed = { kind: 'not-allowed' }
const accepted = { kind: 'accepted' }

async function commitAs(member: MimiClient, room: string): Promise<void> {
  expect(await member.commitPending(room)).toMatchObject(accepted)
}

test('a preauthorised hub bans and unbans with the room, and whoever was banned comes back by itself', async () => {
  const { room, bob, carol } = await roomWith()
  const { sanction, state } = await ban(bob, room)
  expect(state).toBe('waiting-for-commit')
  expect(await bob.sendText(room, 'no more')).toMatchObject(notAllowed)
  await commitAs(alice, room)
  await comesTo(hub(), sanction.id, 'in-group-state')
  await bob.next('removed', { room })
  expect(await bob.joinExternally(room)).not.toMatchObject(accepted)
  expect(await alice.setRole(room, bob.user, 2)).toMatchObject(notAllowed)

  const unban = await undo(hub(), sanction.id)
  expect(unban.state).toBe('waiting-for-commit')
  await commitAs(alice, room)
  await comesTo(hub(), unban.sanction.id, 'in-group-state')
  const entry = alice.group(room).participants.find(({ user }) => user === bob.user)
  expect(entry).toEqual({ user: bob.user, roleIndex: 3 })
  expect(alice.group(room).members).toHaveLength(2)
  expect(await bob.joinExternally(room)).toMatchObject(accepted)
  expect(await bob.sendText(room, 'back')).toMatchObject(accepted)
  await eventually(carol, (event) => event.kind === 'message' && event.text === 'back')
}, 60_000)

test.each([
  ['does not know the hub', { preauthorized: [] }],
  ['lets the hub do nothing', { roles: testRoles.filter(({ roleIndex }) => roleIndex !== 5) }],
  [
    'takes no proposals from outside',
    { operational: operationalParameters({ externalProposalAllowed: false }) },
  ],
])(
  'in a room that %s a ban stays with the hub and says so',
  async (_, policy) => {
    const { room, bob, carol } = await roomWith(policy)
    expect(await ban(bob, room)).toMatchObject({ state: 'enforced-at-hub', note: 'room-policy' })
    expect(waitingAtHub(room)).toEqual([])
    expect(await bob.sendText(room, 'no more')).toMatchObject(notAllowed)
    expect(await carol.sendText(room, 'still fine')).toMatchObject(accepted)
    await commitAs(alice, room)
  },
  60_000,
)

test('what would leave a room without the admin that it must have is not proposed: it would stop every commit', async () => {
  const withAdmin = roles.map((role) =>
    role.roleIndex === 4 ? { ...role, minimumParticipantsConstraint: 1 } : role,
  )
  const { room, bob } = await roomWith({ roles: withAdmin })
  expect(await ban(alice, room)).toMatchObject({ state: 'enforced-at-hub', note: 'room-policy' })
  expect(waitingAtHub(room)).toEqual([])
  expect(await bob.commitPending(room)).toMatchObject(accepted)
}, 60_000)

test('proposals that a join has ended are made again in the epoch after it', async () => {
  const { room, bob, carol } = await roomWith()
  const { sanction } = await ban(bob, room)
  const before = waitingAtHub(room)
  expect(before).toHaveLength(2)
  const second = await federation.client('c.example', carol.user.split('/').at(-1) ?? '', {
    device: '2',
  })
  expect(await second.joinExternally(room)).toMatchObject(accepted)
  await until(() => waitingAtHub(room).length === 2)
  expect(waitingAtHub(room)).not.toEqual(before)
  await comesTo(hub(), sanction.id, 'waiting-for-commit')
  await commitAs(alice, room)
  await comesTo(hub(), sanction.id, 'in-group-state')
  expect(await carol.sendText(room, 'one less')).toMatchObject(accepted)
}, 60_000)

test('a member that bans the same participant itself takes up what waits', async () => {
  const { room, bob } = await roomWith()
  const { sanction } = await ban(bob, room)
  await eventually(alice, (event) => event.kind === 'proposal' && event.room === room)
  expect(await alice.banUser(room, bob.user)).toMatchObject(accepted)
  await comesTo(hub(), sanction.id, 'in-group-state')
}, 60_000)

test('an unban before the commit waits for the ban to pass, and lifts it in the next epoch', async () => {
  const { room, bob } = await roomWith()
  const { sanction } = await ban(bob, room)
  const unban = await undo(hub(), sanction.id)
  expect(unban).toMatchObject({ state: 'enforced-at-hub', note: 'proposal-in-the-way' })
  expect((await look(hub(), sanction.id)).state).toBe('undone')
  expect(await bob.sendText(room, 'allowed again')).toMatchObject(accepted)
  await commitAs(alice, room)
  await comesTo(hub(), unban.sanction.id, 'waiting-for-commit')
  await commitAs(alice, room)
  await comesTo(hub(), unban.sanction.id, 'in-group-state')
  const entry = alice.group(room).participants.find(({ user }) => user === bob.user)
  expect(entry).toEqual({ user: bob.user, roleIndex: 3 })
}, 60_000)
