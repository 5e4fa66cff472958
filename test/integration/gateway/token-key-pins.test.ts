import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { roleOf } from '../../../src/client/mimi/room-policy.ts'
import { appDataDictionary } from '../../../src/client/mls/dictionary.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { tokenKeysCodec, type IssuerTokenKeys } from '../../../src/wire/mimi/token-keys.ts'
import { componentData, componentIds } from '../../../src/wire/mls/app-data.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import {
  addMember,
  eventually,
  isMessage,
  newRoomUri,
  useClubhouse,
} from '../../support/clubhouse.ts'
import { until } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'
import { keyIdOf, TokenClient } from '../../support/token-client.ts'

const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 30 },
  providers: { 'a.example': issuing, 'b.example': issuing, 'c.example': issuing },
})
const provider = (domain: string) => clubhouse().federation.provider(domain)

/** Ids of an issuer's keys for messages as it publishes them now, in hexadecimal. */
async function liveKeys(domain: string): Promise<readonly string[]> {
  const keys = await new TokenClient(provider(domain).gateway.urls.tokens ?? '').directory()
  return keys
    .filter(({ tokenClass }) => tokenClass === 'message')
    .map(({ tokenKey }) => keyIdOf(tokenKey).toString('hex'))
    .toSorted()
}

/** What a client sees pinned in a room: ids in hexadecimal by issuer. */
function pinnedIn(client: MimiClient, room: string): Readonly<Record<string, readonly string[]>> {
  const { extensions } = client.group(room).context
  const data = componentData(appDataDictionary(extensions), componentIds.tokenKeys)
  if (data === undefined) return {}
  const { entries } = decode(tokenKeysCodec, data)
  return Object.fromEntries(
    entries.map(({ issuer, keyIds }) => [issuer, keyIds.map((id) => id.toString('hex'))]),
  )
}

function pin(...entries: readonly IssuerTokenKeys[]): Proposal {
  const operation = { kind: 'update', update: encode(tokenKeysCodec, { entries }) } as const
  return { kind: 'app-data-update', componentId: componentIds.tokenKeys, operation }
}

const proposed = (room: string) => (event: { kind: string; room?: string; proposal?: string }) =>
  event.kind === 'proposal' && event.room === room && event.proposal === 'app-data-update'

/** Until a client sees these keys pinned. */
async function comesToPin(client: MimiClient, room: string, keys: object): Promise<void> {
  await until(async () => {
    await client.receive()
    return isDeepStrictEqual(pinnedIn(client, room), keys)
  })
}

/** A room in which Bob has written under a pseudonym, and Alice has committed what the hub proposed then. */
async function pinnedRoom(): Promise<string> {
  const { alice, bob, cathy, room } = clubhouse()
  const uri = await room()
  bob.writeUnnamed(uri)
  expect(await bob.sendText(uri, 'first')).toMatchObject({ kind: 'accepted' })
  await eventually(alice, proposed(uri))
  expect(await alice.commitPending(uri)).toMatchObject({ kind: 'accepted' })
  for (const member of [bob, cathy]) await comesToPin(member, uri, pinnedIn(alice, uri))
  return uri
}

/** Another client of b.example, in the room. */
async function newcomer(room: string, extra: object = {}): Promise<MimiClient> {
  const { alice } = clubhouse()
  const name = `user-${randomBytes(4).toString('hex')}`
  const client = await provider('b.example').client(name, { extra })
  await client.publishKeyPackages({ pseudonymous: 1 })
  client.connect(alice.connectionCard())
  alice.connect(client.connectionCard())
  await addMember(alice, client, room)
  return client
}

async function restart(domain: string): Promise<void> {
  await provider(domain).stop()
  await provider(domain).start()
}

async function rotate(domain: string, ...how: readonly string[]): Promise<void> {
  const { socket } = provider(domain).config().listeners.admin
  const args = ['keys', 'rotate', 'token-issuer', ...how, '--socket', socket]
  expect((await runCli(args)).exitCode).toBe(0)
}

test('who asks for a certificate has the keys of its provider pinned, and all members see the same', async () => {
  const { alice, bob, cathy } = clubhouse()
  const room = await pinnedRoom()
  const keys = { 'b.example': await liveKeys('b.example') }
  for (const member of [alice, bob, cathy]) expect(pinnedIn(member, room)).toEqual(keys)
  expect(await bob.sendText(room, 'again')).toMatchObject({ kind: 'accepted' })

  cathy.writeUnnamed(room)
  expect(await cathy.sendText(room, 'me too')).toMatchObject({ kind: 'accepted' })
  await eventually(alice, proposed(room))
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  expect(pinnedIn(alice, room)).toEqual({ ...keys, 'c.example': await liveKeys('c.example') })
}, 60_000)

test('a member cannot pin keys that no signed document states, nor take away what is pinned', async () => {
  const { bob } = clubhouse()
  const room = await pinnedRoom()
  const ids = await liveKeys('b.example')
  const other = { issuer: 'b.example', tokenType: 2, keyIds: [randomBytes(32)] }
  const before = bob.group(room).context.epoch
  expect(await bob.commit(room, () => [pin(other)])).toMatchObject({ kind: 'invalid-proposal' })
  expect(await bob.propose(room, pin())).toMatchObject({ kind: 'invalid-proposal' })
  expect(bob.group(room).context.epoch).toBe(before)
  expect(pinnedIn(bob, room)).toEqual({ 'b.example': ids })
}, 120_000)

test('a room may begin with keys that are stated, and with no others', async () => {
  const { alice } = clubhouse()
  const create = (keyIds: readonly Buffer[]) => {
    const entries = [{ issuer: 'a.example', tokenType: 2, keyIds }]
    const data = encode(tokenKeysCodec, { entries })
    const components = [{ componentId: componentIds.tokenKeys, data }]
    const room = newRoomUri()
    return alice.createRoom({ room, name: 'x', suite: 'moderated-pseudonyms', components })
  }
  await create((await liveKeys('a.example')).map((id) => Buffer.from(id, 'hex')))
  await expect(create([randomBytes(32)])).rejects.toMatchObject({ problem: 'invalid-group-info' })
})

test('where the room does not let the hub change it, nothing is proposed and senders write as before', async () => {
  const { alice, bob } = clubhouse()
  const room = newRoomUri()
  const can = ['canAddOwnClient', 'canSendMessage', 'canAddParticipant'] as const
  const changes = { 0: [2, 4] }
  const roles = [
    roleOf(0, 'nobody'),
    roleOf(2, 'member', { can }),
    roleOf(4, 'admin', { can, changes }),
  ]
  const policy = () => ({ roles })
  await alice.createRoom({ room, name: 'x', suite: 'moderated-pseudonyms', policy })
  await addMember(alice, bob, room)
  bob.writeUnnamed(room)
  expect(await bob.sendText(room, 'unpinned')).toMatchObject({ kind: 'accepted' })
  const events = await eventually(alice, isMessage('unpinned'))
  expect(events.filter(proposed(room))).toEqual([])
  expect(pinnedIn(alice, room)).toEqual({})
}, 60_000)

test('a client commits by itself what waits, at a time that says nothing', async () => {
  const { bob, room: open } = clubhouse()
  const room = await open()
  const time = { aheadMs: 0 }
  const eve = await newcomer(room, { clock: () => Date.now() + time.aheadMs })
  bob.writeUnnamed(room)
  expect(await bob.sendText(room, 'first')).toMatchObject({ kind: 'accepted' })
  await eventually(eve, proposed(room))
  await eve.receive()
  expect(pinnedIn(eve, room)).toEqual({})
  time.aheadMs = TEN_MINUTES_MS
  await eve.receive()
  expect(pinnedIn(eve, room)).toEqual({ 'b.example': await liveKeys('b.example') })
  await comesToPin(bob, room, pinnedIn(eve, room))
}, 60_000)

test('in a room that sleeps through the end of its keys nobody gets a token until members have the new ones', async () => {
  const { alice } = clubhouse()
  const room = await pinnedRoom()
  const before = pinnedIn(alice, room)
  await rotate('b.example', '--now')
  await restart('a.example')
  const dan = await newcomer(room)
  dan.writeUnnamed(room)
  await expect(dan.sendText(room, 'too early')).rejects.toMatchObject({ code: 'unpinned-key' })
  await eventually(alice, proposed(room))
  // What waits outlives a restart too.
  await restart('a.example')
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  const after = { 'b.example': await liveKeys('b.example') }
  expect(after).not.toEqual(before)
  await comesToPin(dan, room, after)
  expect(await dan.sendText(room, 'in time')).toMatchObject({ kind: 'accepted' })
}, 120_000)

test('before a key takes over both are pinned', async () => {
  const { alice } = clubhouse()
  const room = await pinnedRoom()
  await rotate('b.example')
  const both = await liveKeys('b.example')
  expect(both).toHaveLength(2)
  await restart('a.example')
  const dan = await newcomer(room)
  dan.writeUnnamed(room)
  expect(await dan.sendText(room, 'under the old key')).toMatchObject({ kind: 'accepted' })
  await eventually(alice, proposed(room))
  expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  expect(pinnedIn(alice, room)).toEqual({ 'b.example': both })
}, 120_000)

const TEN_MINUTES_MS = 600_000
