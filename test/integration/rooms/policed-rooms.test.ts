import { beforeAll, describe, expect, test } from 'vitest'
import { proposalRequest } from '../../../src/client/mimi/handshake.ts'
import {
  operationalParameters,
  preauthorize,
  roleOf,
  type RoomPolicyOptions,
} from '../../../src/client/mimi/room-policy.ts'
import type { HubKeys } from '../../../src/client/ds-connection.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { hubSigner } from '../../../src/protocols/mimi/seal-group-info.ts'
import { decode } from '../../../src/wire/codec.ts'
import { updateRoomResponseCodec } from '../../../src/wire/mimi/update.ts'
import { framedContentTbs } from '../../../src/wire/mls/framing.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import { signWithLabel } from '../../../src/wire/mls/sign-with-label.ts'
import { changeRole } from '../../../src/client/mimi/participant-changes.ts'
import { eventually, newRoomUri } from '../../support/clubhouse.ts'
import { callInternal, callPeer, holdings, internalPath } from '../../support/gateway-calls.ts'
import { policedFederation, testRoles } from '../../support/policed-rooms.ts'
import { messageBody } from '../../support/raw-requests.ts'

const { federation, hub, person } = policedFederation()

let alice: MimiClient

beforeAll(async () => {
  alice = await federation.client('a.example', 'alice')
}, 30_000)

interface People {
  readonly room: string
  /** A moderator, and a member. */
  readonly bob: MimiClient
  readonly carol: MimiClient
}

/** A room of Alice with these roles, the hub preauthorized, a moderator and a member. */
async function roomWith(policy: RoomPolicyOptions = {}): Promise<People> {
  const room = newRoomUri()
  const [bob, carol] = [await person('b.example'), await person('c.example')]
  const withHub = ({ externalSender }: HubKeys): RoomPolicyOptions => ({
    roles: testRoles,
    preauthorized: [preauthorize(externalSender.credential, roleOf(5, 'hub'))],
    ...policy,
  })
  await alice.createRoom({ room, name: 'Policed', suite: 'identified', policy: withHub })
  for (const [one, roleIndex] of [[bob, 3] as const, [carol, 2] as const]) {
    expect(await alice.addUser(room, one.user, { roleIndex })).toMatchObject({ kind: 'accepted' })
    await one.next('joined', { room })
  }
  await eventually(bob, (event) => event.kind === 'room-changed' && event.room === room)
  return { room, bob, carol }
}

const notAllowed = { kind: 'not-allowed' }
const accepted = { kind: 'accepted' }

/** Runs what is refused, and sees that the hub holds what it held. */
async function unchanged(room: string, work: () => Promise<unknown>): Promise<void> {
  const before = await holdings(hub(), room)
  await work()
  expect(await holdings(hub(), room)).toEqual(before)
}

describe('roles', () => {
  test('decide who adds, removes, bans and promotes', async () => {
    const { room, bob, carol } = await roomWith()
    const dora = await person('b.example')
    await unchanged(room, async () => {
      expect(await carol.addUser(room, dora.user)).toMatchObject(notAllowed)
      expect(await carol.removeUser(room, bob.user)).toMatchObject(notAllowed)
      expect(await carol.banUser(room, bob.user)).toMatchObject(notAllowed)
      expect(await carol.setRole(room, carol.user, 4)).toMatchObject(notAllowed)
      expect(await bob.setRole(room, carol.user, 3)).toMatchObject(notAllowed)
      expect(await bob.banUser(room, alice.user)).toMatchObject(notAllowed)
    })
    expect(await bob.addUser(room, dora.user)).toMatchObject(accepted)
    await dora.next('joined', { room })
    expect(await bob.banUser(room, carol.user)).toMatchObject(accepted)
    await carol.next('removed', { room })
    expect(alice.rooms).toContain(room)
  })

  test('decide who sends', async () => {
    const silent = testRoles.map((role) =>
      role.roleIndex === 2 ? roleOf(2, 'reader', { can: ['canAddOwnClient'] }) : role,
    )
    const { room, bob, carol } = await roomWith({ roles: silent })
    expect(await bob.sendText(room, 'from the stage')).toMatchObject(accepted)
    await unchanged(room, async () => {
      expect(await carol.sendText(room, 'from the hall')).toMatchObject(notAllowed)
    })
  })

  test('decide who reports by name', async () => {
    const { room, bob, carol } = await roomWith()
    const sent = await bob.sendText(room, 'rude')
    if (sent.kind !== 'accepted' || sent.evidence === undefined) throw new Error('no evidence')
    const { evidence } = sent
    await expect(carol.report(room, [evidence], { named: true })).rejects.toMatchObject({
      status: 403,
      problem: 'not-permitted',
    })
    await carol.report(room, [evidence])
  })

  test('let whoever is banned send nothing, join nothing and come back never', async () => {
    const { room, bob, carol } = await roomWith()
    const body = messageBody(carol, room)
    expect(await bob.banUser(room, carol.user)).toMatchObject(accepted)
    await carol.next('removed', { room })
    await unchanged(room, async () => {
      const { identity } = federation.provider('c.example')
      const answer = await callPeer(hub(), {
        as: identity,
        from: 'c.example',
        operation: 'submitMessage',
        target: room,
        body,
        headers: { 'mimi-metadata-suite': 'identified' },
      })
      // protocol, notAllowed
      expect([...answer.body]).toEqual([1, 1])
      expect(await carol.joinExternally(room)).not.toMatchObject(accepted)
      expect(await bob.addUser(room, carol.user)).toMatchObject(notAllowed)
    })
  })

  test('outlive a restart of the hub', async () => {
    const { room, bob, carol } = await roomWith()
    await hub().stop()
    await hub().start()
    await unchanged(room, async () => {
      expect(await carol.banUser(room, bob.user)).toMatchObject(notAllowed)
    })
    expect(await bob.banUser(room, carol.user)).toMatchObject(accepted)
  }, 30_000)
})

describe('the hub', () => {
  test('bans by proposals of its own, where the room has preauthorized it', async () => {
    const { room, bob, carol } = await roomWith()
    const ban = [changeRole(bob.participants(room), carol.user, 1), removal(bob, room, carol)]
    expect(await hubProposes(bob, room, ban)).toBe('success')
    await eventually(bob, (event) => event.kind === 'proposal')
    expect(await bob.commitPending(room)).toMatchObject(accepted)
    await carol.next('removed', { room })
    expect(bob.participants(room)).toContainEqual({ user: carol.user, roleIndex: 1 })
  })

  test('may not where it is not preauthorized', async () => {
    const { room, bob, carol } = await roomWith({ preauthorized: [] })
    const ban = [changeRole(bob.participants(room), carol.user, 1), removal(bob, room, carol)]
    await unchanged(room, async () => {
      expect(await hubProposes(bob, room, ban)).toBe('notAllowed')
    })
  })
})

describe('the operational policy', () => {
  test('shuts the room to external commits', async () => {
    const operational = operationalParameters({ externalCommitAllowed: false })
    const { room, carol } = await roomWith({ operational })
    const name = carol.user.split('/').at(-1) ?? ''
    const second = await federation.client('c.example', name, { device: '2' })
    await unchanged(room, async () => {
      expect(await second.joinExternally(room)).toMatchObject(notAllowed)
    })
  })

  test('sets how messages are padded; clients do', async () => {
    const appMessagePolicy = { epochTolerance: 0, padToSize: 768, maxGenerationsSkipahead: 10 }
    const { room, bob, carol } = await roomWith({
      operational: operationalParameters({ appMessagePolicy }),
    })
    expect(await bob.sendText(room, 'padded')).toMatchObject(accepted)
    const { identity } = federation.provider('c.example')
    const submit = (body: Buffer) =>
      callPeer(hub(), {
        as: identity,
        from: 'c.example',
        operation: 'submitMessage',
        target: room,
        body,
        headers: { 'mimi-metadata-suite': 'identified' },
      })
    // Padded to 256 as for any other room.
    expect([...(await submit(messageBody(carol, room))).body]).toEqual([1, 1])
  })

  test('sets how old messages may be', async () => {
    const appMessagePolicy = { epochTolerance: 0, padToSize: 0, maxGenerationsSkipahead: 10 }
    const { room, bob, carol } = await roomWith({
      operational: operationalParameters({ appMessagePolicy }),
    })
    const late = messageBody(carol, room)
    expect(await bob.commitPending(room)).toMatchObject(accepted)
    const { identity } = federation.provider('c.example')
    const answer = await callPeer(hub(), {
      as: identity,
      from: 'c.example',
      operation: 'submitMessage',
      target: room,
      body: late,
      headers: { 'mimi-metadata-suite': 'identified' },
    })
    // protocol, epochTooOld
    expect([...answer.body.subarray(0, 2)]).toEqual([1, 2])
  })
})

test('an open room lets everybody in, with the role that it gives', async () => {
  const open = testRoles.map((role) =>
    role.roleIndex === 0
      ? roleOf(0, 'nobody', { can: ['canOpenJoin'], changes: { 0: [2] } })
      : role,
  )
  const { room } = await roomWith({ roles: open })
  const dora = await person('b.example')
  await unchanged(room, async () => {
    expect(await dora.joinExternally(room, { roleIndex: 4 })).toMatchObject(notAllowed)
  })
  expect(await dora.joinExternally(room)).toMatchObject(accepted)
  expect(await dora.sendText(room, 'hello')).toMatchObject(accepted)
  const closed = await roomWith()
  expect(await dora.joinExternally(closed.room)).not.toMatchObject(accepted)
})

function removal(member: MimiClient, room: string, { user }: MimiClient): Proposal {
  const found = member.members(room).find(({ participant }) => participant === user)
  if (found === undefined) throw new Error('no such member')
  return { kind: 'remove', removed: found.leafIndex }
}

/** What the gateway says to proposals that its own delivery service hands in, signed by the hub. */
async function hubProposes(member: MimiClient, room: string, proposals: readonly Proposal[]) {
  const keys = await loadKeys(hub().config().keysDirectory, Date.now)
  const { privateKey } = hubSigner(keys.active('hub-signing').key, 'a.example')
  const { context } = member.group(room)
  const messages = proposals.map((proposal) => {
    const content = {
      groupId: context.groupId,
      epoch: context.epoch,
      sender: { kind: 'external', senderIndex: 0 },
      authenticatedData: Buffer.alloc(0),
      content: { kind: 'proposal', proposal },
    } as const
    const tbs = framedContentTbs({ wireFormat: 1, content }, context)
    const signature = signWithLabel({ cipherSuite: 1, privateKey }, 'FramedContentTBS', tbs)
    return { content, signature, confirmationTag: undefined, membershipTag: undefined }
  })
  const [first, ...more] = messages
  if (first === undefined) throw new Error('no proposal')
  const body = proposalRequest([first, ...more])
  const answer = await callInternal(hub(), internalPath('update', room), { body })
  return decode(updateRoomResponseCodec, answer.bytes).responseCode
}
