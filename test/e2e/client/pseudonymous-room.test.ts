import { expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { federationSuite } from '../../support/federation-suite.ts'

const federation = federationSuite(
  ['a.example', 'b.example', 'c.example'].map((domain) => ({ domain })),
)

function connect(one: MimiClient, other: MimiClient): void {
  one.connect(other.connectionCard())
  other.connect(one.connectionCard())
}

function usersOf(client: MimiClient, room: string) {
  return client.members(room).map(({ user, confirmed }) => ({ user, confirmed }))
}

test('in a pseudonymous room members know each other, and nobody else knows them', async () => {
  const room = 'mimi://a.example/r/masked'
  const alice = await federation.client('a.example', 'alice')
  const bob = await federation.client('b.example', 'bob')
  const cathy = await federation.client('c.example', 'cathy')
  for (const client of [bob, cathy]) await client.publishKeyPackages({ pseudonymous: 2 })
  connect(alice, bob)
  connect(bob, cathy)
  await alice.createRoom({ room, name: 'Masked', suite: 'moderated-pseudonyms' })

  expect(await alice.addUser(room, bob.user)).toMatchObject({ kind: 'accepted' })
  await bob.next('joined')
  expect(await bob.addUser(room, cathy.user)).toMatchObject({ kind: 'accepted' })
  await cathy.next('joined')
  await alice.next('room-changed')

  // Alice and Cathy are not connected: each knows the other through Bob, unconfirmed.
  expect(usersOf(alice, room)).toEqual([
    { user: alice.user, confirmed: true },
    { user: bob.user, confirmed: true },
    { user: cathy.user, confirmed: false },
  ])
  expect(usersOf(cathy, room).map(({ user }) => user)).toEqual([alice.user, bob.user, cathy.user])
  for (const { user } of alice.participants(room))
    expect(user).toMatch(/^mimi:\/\/[abc]\.example\/u\/[\da-f]{8}-[\da-f-]{27}$/)

  await cathy.sendText(room, 'who am I?')
  const message = await bob.next('message')
  expect(message).toMatchObject({
    text: 'who am I?',
    sender: { user: cathy.user, participant: cathy.participant(room), confirmed: true },
    evidence: { senderUri: cathy.participant(room) },
  })
  if (message.evidence === undefined) throw new Error('no frank')
  await bob.report(room, [message.evidence], { note: 'a question' })

  // A second device of Cathy gets the room's secret from the first one.
  const { connectionKey } = cathy.connectionCard()
  const tablet = await federation.client('c.example', 'cathy', {
    device: '2',
    extra: { connectionKey },
  })
  const secret = cathy.roomSecret(room)
  if (secret === undefined) throw new Error('no secret')
  tablet.learnRoomSecret(secret)
  expect(await tablet.joinExternally(room)).toMatchObject({ kind: 'accepted' })
  const joined = await bob.next('room-changed')
  expect(joined.added).toMatchObject([{ user: cathy.user, participant: cathy.participant(room) }])
  expect(usersOf(tablet, room).map(({ user }) => user)).toEqual([
    alice.user,
    bob.user,
    cathy.user,
    cathy.user,
  ])

  // Nothing that the providers hold names anybody: neither the group nor the log.
  const bytes = Buffer.concat([
    alice.group(room).ratchetTree(),
    ...alice.group(room).context.extensions.map(({ data }) => data),
  ])
  for (const { user } of [alice, bob, cathy]) {
    expect(bytes.includes(Buffer.from(user))).toBe(false)
    expect(federation.provider('a.example').log()).not.toContain(user)
  }

  // All of Cathy's devices go together, by her real name.
  await alice.next('room-changed')
  expect(await alice.removeUser(room, cathy.user)).toMatchObject({ kind: 'accepted' })
  await cathy.next('removed')
  await tablet.next('removed')
  await bob.next('room-changed')
  expect(usersOf(bob, room).map(({ user }) => user)).toEqual([alice.user, bob.user])
})

test('nobody is added to a pseudonymous room without a connection', async () => {
  const room = 'mimi://a.example/r/strangers'
  const dora = await federation.client('a.example', 'dora')
  const emil = await federation.client('b.example', 'emil')
  await emil.publishKeyPackages({ pseudonymous: 1 })
  await dora.createRoom({ room, name: 'Strangers', suite: 'moderated-pseudonyms' })
  await expect(dora.addUser(room, emil.user)).rejects.toThrow('no-connection')
  expect(dora.members(room)).toHaveLength(1)
})
