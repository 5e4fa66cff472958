import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { startReferenceDs } from '../../../src/reference-ds/start.ts'
import { tempDir } from '../../support/temp-dir.ts'
import {
  DsClient,
  MEMBER_ROLE,
  newGroup,
  pseudonymousIdentity,
  submission,
  submitOutcome,
} from '../../support/ds-client.ts'
import { dsNetwork } from '../../support/ds-network.ts'
import { alice, bob, clubhouse, smallRoom } from '../../support/ds-room.ts'

const a1 = 'mimi://a.example/d/a1'

test('a client registers once, and only for a user of the own provider', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  const again = (user: string, device: string) =>
    client.post('clients', JSON.stringify({ user, client: device }))
  expect(await codeOf(again(alice, a1))).toEqual([409, 'client-exists'])
  expect(await codeOf(again(bob, 'mimi://a.example/d/a2'))).toEqual([400, 'invalid-uri'])
  expect(await codeOf(again(alice, 'mimi://b.example/d/a2'))).toEqual([400, 'invalid-uri'])
  expect(await codeOf(again(a1, 'mimi://a.example/d/a2'))).toEqual([400, 'invalid-uri'])
  expect(await codeOf(again('alice', 'phone'))).toEqual([400, 'invalid-uri'])
})

test('a registration with a field that is not known, or no JSON at all, is malformed', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  const document = { user: alice, client: 'mimi://a.example/d/a2', isAdmin: true }
  const malformed = [400, 'malformed-body']
  expect(await codeOf(client.post('clients', JSON.stringify(document)))).toEqual(malformed)
  expect(await codeOf(client.post('clients', '{'))).toEqual(malformed)
  const profile = { ...document, isAdmin: undefined, profile: { __proto__: null, shoe: '42' } }
  expect(await codeOf(client.post('clients', JSON.stringify(profile)))).toEqual(malformed)
})

test('nothing but registration is open without the token', async () => {
  const network = await dsNetwork('a.example')
  const stranger = new DsClient(network, alice, a1)
  const unauthenticated = [401, 'unauthenticated']
  expect(await codeOf(stranger.call('GET', 'events'))).toEqual(unauthenticated)
  expect(await codeOf(stranger.call('GET', 'hubKeys'))).toEqual(unauthenticated)
  expect(await codeOf(stranger.post('keyPackages', ''))).toEqual(unauthenticated)
  expect(await codeOf(stranger.post('rooms/x', ''))).toEqual(unauthenticated)
  expect(await codeOf(stranger.call('DELETE', 'rooms/x'))).toEqual(unauthenticated)
  expect(await codeOf(stranger.operation('update', clubhouse, Buffer.alloc(0)))).toEqual(
    unauthenticated,
  )
})

test('the token is not in the store, and the store is readable by its owner only', async () => {
  const storePath = join(tempDir(), 'ds.sqlite')
  const options = {
    domain: 'a.example',
    storePath,
    gatewayUrl: 'http://127.0.0.1:9',
    clock: () => 0,
  }
  await using ds = await startReferenceDs(options)
  const answer = await fetch(`${ds.clientUrl}/client/v1/clients`, {
    method: 'POST',
    body: JSON.stringify({ user: alice, client: a1 }),
  })
  const { token } = (await answer.json()) as { token: string }
  expect(statSync(storePath).mode & 0o777).toBe(0o600)
  using database = new DatabaseSync(storePath, { readOnly: true })
  const rows = database.prepare('SELECT * FROM ds_clients').all()
  expect(rows).toHaveLength(1)
  expect(Object.values(rows[0] ?? {}).map(String)).not.toContain(token)
})

test('a client cannot send under the name of another user, and not without being a member', async () => {
  const room = await smallRoom()
  const eve = await new DsClient(
    room.network,
    'mimi://b.example/u/eve',
    'mimi://b.example/d/e',
  ).register()
  const forged = submission(room.bob.group, 'mimi://b.example/u/eve')
  expect(await codeOf(room.bob.client.operation('submitMessage', clubhouse, forged))).toEqual([
    403,
    'not-yours',
  ])
  const outside = submission(room.bob.group, bob)
  expect(await codeOf(eve.operation('submitMessage', clubhouse, outside))).toEqual([
    403,
    'not-a-member',
  ])
})

test('a pseudonym belongs to the first user who uses it, in the first room that it is used in', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  const pseudonym = 'mimi://a.example/u/5a0b'
  const group = newGroup(pseudonymousIdentity(pseudonym, 'mimi://a.example/d/77'), {
    [pseudonym]: MEMBER_ROLE,
  })
  expect((await client.createRoom(clubhouse, group)).status).toBe(201)
  expect(
    submitOutcome(await client.operation('submitMessage', clubhouse, submission(group, pseudonym))),
  ).toMatchObject({ statusCode: 'accepted' })

  const garden = 'mimi://a.example/r/garden'
  expect(await codeOf(client.createRoom(garden, group))).toEqual([403, 'not-yours'])
  const mallory = await new DsClient(
    network,
    'mimi://a.example/u/m',
    'mimi://a.example/d/m',
  ).register()
  expect(await codeOf(mallory.createRoom(garden, group))).toEqual([403, 'not-yours'])
  const named = { user: pseudonym, client: 'mimi://a.example/d/m2' }
  expect(await codeOf(client.post('clients', JSON.stringify(named)))).toEqual([
    409,
    'pseudonym-taken',
  ])
})

test('a room whose creator is no participant, or whose GroupInfo is broken, is refused', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  const without = newGroup(pseudonymousIdentity('mimi://a.example/u/1', 'mimi://a.example/d/1'), {
    [alice]: MEMBER_ROLE,
  })
  expect(await codeOf(client.createRoom(clubhouse, without))).toEqual([422, 'invalid-group-info'])
  const document = { suite: 'identified', groupInfo: 'AAAA', ratchetTree: 'AA==' }
  const broken = client.operation('rooms', clubhouse, Buffer.from(JSON.stringify(document)))
  expect(await codeOf(broken)).toEqual([422, 'invalid-group-info'])
  const elsewhere = client.createRoom('mimi://b.example/r/x', without)
  expect(await codeOf(elsewhere)).toEqual([400, 'invalid-uri'])
})

test('a body that is no MIMI struct, and a route that does not exist, are answered as problems', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  for (const operation of ['keyMaterial', 'update', 'submitMessage', 'groupInfo'])
    expect(await codeOf(client.operation(operation, clubhouse, Buffer.of(9)))).toEqual([
      400,
      'malformed-body',
    ])
  expect(await codeOf(client.operation('notify', clubhouse, Buffer.of(9)))).toEqual([
    501,
    'unsupported-operation',
  ])
  expect(await codeOf(client.operation('nothing', clubhouse, Buffer.of(9)))).toEqual([
    404,
    'not-found',
  ])
  expect(await codeOf(client.call('GET', 'events?after=-1'))).toEqual([400, 'malformed-body'])
  const path = { operation: 'reportAbuse', target: clubhouse }
  expect((await network.upstream('a.example', path, Buffer.of(9))).status).toBe(501)
})

test('the gateway that cannot be reached is answered 502, and its own answers are passed on', async () => {
  const network = await dsNetwork('a.example')
  const client = await new DsClient(network, alice, a1).register()
  expect((await client.call('GET', 'hubKeys')).status).toBe(200)
  network.failing.set('a.example', 429)
  expect((await client.call('GET', 'hubKeys')).status).toBe(429)
  network.stopGateway('a.example')
  expect(await codeOf(client.call('GET', 'hubKeys'))).toEqual([502, 'gateway-unreachable'])
})

test('the gateway finds the delivery service healthy', async () => {
  const network = await dsNetwork('a.example')
  const answer = await fetch(`${network.ds('a.example').upstreamUrl}/healthz`)
  expect(answer.status).toBe(200)
})

async function codeOf(answer: Promise<{ status: number; bytes: Buffer }>) {
  const { status, bytes } = await answer
  const { code } = JSON.parse(bytes.toString()) as { code: string }
  return [status, code]
}
