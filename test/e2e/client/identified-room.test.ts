import { describe, expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { federationSuite } from '../../support/federation-suite.ts'

const suites = ['moderated-pseudonyms', 'identified']
const extra = { defaultSuites: { asHub: suites, asFollower: suites } }
const policies = 'enterprise'

const federation = federationSuite(
  ['a.example', 'b.example', 'c.example'].map((domain) => ({ domain, extra, policies })),
)

let rooms = 0

/** Alice of a.example, Bob of b.example and Cathy of c.example in a room of a.example. */
async function threeInARoom() {
  const number = ++rooms
  const room = `mimi://a.example/r/room${number}`
  const [alice, bob, cathy] = await Promise.all([
    register('a.example', `alice${number}`),
    register('b.example', `bob${number}`),
    register('c.example', `cathy${number}`),
  ])
  await alice.createRoom({ room, name: 'Clubhouse', suite: 'identified' })
  expect(await alice.addUser(room, bob.user)).toMatchObject({ kind: 'accepted' })
  await bob.next('joined', { room })
  expect(await bob.addUser(room, cathy.user)).toMatchObject({ kind: 'accepted' })
  await cathy.next('joined', { room })
  await alice.next('room-changed', { room })
  return { room, alice, bob, cathy }
}

async function register(domain: string, name: string, device = '1'): Promise<MimiClient> {
  const client = await federation.client(domain, name, { device })
  await client.publishKeyPackages({ basic: 5 })
  return client
}

describe('a room with three providers', () => {
  test('carries a franked message to everybody', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    const sent = await cathy.sendText(room, 'hello all')
    expect(sent).toMatchObject({ kind: 'accepted', evidence: { senderUri: cathy.user } })
    for (const reader of [alice, bob]) {
      const message = await reader.next('message', { room })
      expect(message).toMatchObject({ text: 'hello all', sender: { user: cathy.user } })
      expect(message.evidence).toMatchObject({ senderUri: cathy.user, roomUri: room })
      expect(message).toMatchObject({ messageId: sent.kind === 'accepted' && sent.messageId })
    }
  })

  test('lets a user leave: with proposals, and the next commit of another member', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    expect(await bob.leave(room)).toMatchObject({ kind: 'accepted' })
    await alice.next('proposal', { room })
    await alice.next('proposal', { room })
    expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
    expect(await bob.next('removed', { room })).toMatchObject({ by: { user: alice.user } })
    const change = await cathy.next('room-changed', { room })
    expect(change.removed).toMatchObject([{ user: bob.user }])
    expect(change.participants.map(({ user }) => user)).toEqual([alice.user, cathy.user])
    expect(bob.rooms).toEqual([])
  })

  test('takes up what waits before a member writes on, and who leaves may still write', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    await bob.leave(room)
    await alice.next('proposal', { room })
    await alice.next('proposal', { room })
    expect(await bob.sendText(room, 'good bye')).toMatchObject({ kind: 'accepted' })
    expect(await alice.next('message', { room })).toMatchObject({ text: 'good bye' })
    expect(await alice.sendText(room, 'to those who stay')).toMatchObject({ kind: 'accepted' })
    expect(await bob.next('removed', { room })).toMatchObject({ by: { user: alice.user } })
    const change = await cathy.next('room-changed', { room })
    expect(change.removed).toMatchObject([{ user: bob.user }])
  })

  test('includes what waits, even for a committer who has not read it', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    await bob.leave(room)
    const dave = await register('a.example', `dave${rooms}`)
    expect(await cathy.addUser(room, dave.user)).toMatchObject({ kind: 'accepted' })
    await bob.next('removed', { room })
    await dave.next('joined', { room })
    await alice.next('room-changed', { room })
    expect(alice.group(room).epochAuthenticator).toEqual(cathy.group(room).epochAuthenticator)
    expect(dave.group(room).epochAuthenticator).toEqual(cathy.group(room).epochAuthenticator)
  })

  test('settles commits that are made at the same time', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    const members = [alice, bob, cathy]
    const outcomes = await Promise.all(members.map((member) => member.commitPending(room)))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted'])
    for (const member of members)
      while (member.group(room).context.epoch < 5n) await member.next('room-changed', { room })
    const authenticators = members.map((member) => member.group(room).epochAuthenticator)
    expect(authenticators[1]).toEqual(authenticators[0])
    expect(authenticators[2]).toEqual(authenticators[0])
  })

  test('lets a new client of a participant in by itself', async () => {
    const { room, alice, cathy } = await threeInARoom()
    const tablet = await register('c.example', `cathy${rooms}`, '2')
    expect(await tablet.joinExternally(room)).toMatchObject({ kind: 'accepted' })
    await alice.next('room-changed', { room })
    await tablet.sendText(room, 'from my tablet')
    const message = await alice.next('message', { room })
    expect(message).toMatchObject({ text: 'from my tablet', sender: { user: cathy.user } })
    await cathy.next('room-changed', { room })
    expect(await cathy.next('message', { room })).toMatchObject({ text: 'from my tablet' })
  })

  test('keeps strangers out of its group', async () => {
    const { room } = await threeInARoom()
    const mallory = await register('b.example', `mallory${rooms}`)
    expect(await mallory.joinExternally(room)).toEqual({ kind: 'not-allowed' })
    expect(await mallory.joinExternally('mimi://a.example/r/nowhere')).toMatchObject({
      kind: expect.stringMatching(/^(no-such-room|not-allowed)$/),
    })
  })

  test('removes a user with all its clients, and a ban outlasts it', async () => {
    const { room, alice, bob, cathy } = await threeInARoom()
    expect(await alice.banUser(room, bob.user)).toMatchObject({ kind: 'accepted' })
    await bob.next('removed', { room })
    await cathy.next('room-changed', { room })
    expect(cathy.participants(room)).toContainEqual({ user: bob.user, roleIndex: 1 })
    expect(await bob.joinExternally(room)).toEqual({ kind: 'not-allowed' })
  })
})

test('consent brings the connection and KeyPackages for an immediate add', async () => {
  const alice = await register('a.example', 'alice')
  const bob = await federation.client('b.example', 'bob')
  const room = 'mimi://a.example/r/consent'
  await alice.createRoom({ room, name: 'Asked', suite: 'identified' })
  await alice.requestConsent(bob.user, { room })
  const { entry: request } = await bob.next('consent')
  expect(request).toMatchObject({ consentOperation: 'request', requesterUri: alice.user })
  await bob.grantConsent({ requester: alice.user, room, keyPackages: 1, request })
  const { entry: grant } = await alice.next('consent')
  expect(await alice.addUser(room, bob.user, { grant })).toMatchObject({ kind: 'accepted' })
  expect(await bob.next('joined')).toMatchObject({ room })
})
