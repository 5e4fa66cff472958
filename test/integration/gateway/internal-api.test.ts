import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import { message, newRoomUri, useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, holdings, internalPath } from '../../support/gateway-calls.ts'
import { commitBody, messageBody } from '../../support/raw-requests.ts'

// What the delivery service of a.example asks of its gateway.
const clubhouse = useClubhouse()
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const hub = () => clubhouse().federation.provider('a.example')

function post(path: string, body: Buffer | string, headers: Record<string, string> = {}) {
  return callInternal(hub(), path, { body, headers })
}

const requestId = () => ({ 'postern-request-id': randomBytes(8).toString('hex') })

interface OpenApi {
  readonly paths: Record<string, Record<string, object>>
}

async function openApi(): Promise<OpenApi> {
  const { bytes } = await callInternal(hub(), '/internal/v1/openapi.json')
  return JSON.parse(bytes.toString()) as OpenApi
}

test('the OpenAPI document that is served is the one in the repository', async () => {
  const published = JSON.parse(await readFile('docs/internal-api.openapi.json', 'utf8')) as OpenApi
  expect(await openApi()).toEqual(published)
})

test('every operation of the document is served, and nothing beside it', async () => {
  const { paths } = await openApi()
  for (const [path, methods] of Object.entries(paths)) {
    const url = path.replace(/\{\w+\}/, 'x')
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const body = method === 'GET' ? {} : { body: '' }
      const { code } = await callInternal(hub(), url, { method, ...body })
      const isServed = code !== 'method-not-allowed' && code !== 'not-found'
      const isDocumented = methods[method.toLowerCase()] !== undefined
      expect([method, path, isServed]).toEqual([method, path, isDocumented])
    }
  }
  const elsewhere = await callInternal(hub(), '/internal/v1/everything')
  expect([elsewhere.status, elsewhere.code]).toEqual([404, 'not-found'])
})

test('a message with an id that comes again is answered the same and sent once', async () => {
  const { alice, bob } = clubhouse()
  const body = messageBody(alice, room, { text: 'with an id' })
  const path = internalPath('submitMessage', room)
  const id = requestId()
  const [first, second] = await Promise.all([post(path, body, id), post(path, body, id)])
  const before = await holdings(hub(), room)
  const third = await post(path, body, id)
  expect([first.status, second.bytes, third.bytes]).toEqual([200, first.bytes, first.bytes])
  expect(await holdings(hub(), room)).toEqual(before)
  await message(bob, 'with an id')
})

test('a commit with an id that comes again is answered the same, also after the next one', async () => {
  const { alice, room: open } = clubhouse()
  const uri = await open()
  const path = internalPath('update', uri)
  const id = requestId()
  const body = commitBody(alice, uri)
  const first = await post(path, body, id)
  const before = await holdings(hub(), uri)
  const again = await post(path, body, id)
  expect([first.status, again.status, again.bytes]).toEqual([200, 200, first.bytes])
  expect(await holdings(hub(), uri)).toEqual(before)
}, 20_000)

test('an id that was used for another request is refused', async () => {
  const { alice } = clubhouse()
  const path = internalPath('submitMessage', room)
  const id = requestId()
  expect((await post(path, messageBody(alice, room), id)).status).toBe(200)
  const before = await holdings(hub(), room)
  const reused = await post(path, messageBody(alice, room), id)
  expect([reused.status, reused.code]).toEqual([409, 'request-id-reused'])
  expect(await holdings(hub(), room)).toEqual(before)
})

test('a fault is not kept: the same id does better later', async () => {
  const { alice } = clubhouse()
  const uri = newRoomUri()
  const body = messageBody(alice, room)
  const id = requestId()
  const early = await post(internalPath('submitMessage', uri), body, id)
  expect([early.status, early.code]).toEqual([404, 'room-unknown'])
  expect((await post(internalPath('submitMessage', room), body, id)).status).toBe(200)
})

test('a room of another provider cannot be created here, nor one a second time', async () => {
  const { alice } = clubhouse()
  const group = alice.group(room)
  const document = JSON.stringify({
    suite: 'moderated-pseudonyms',
    groupInfo: Buffer.alloc(8).toString('base64'),
    ratchetTree: group.ratchetTree().toString('base64'),
  })
  const foreign = await post(internalPath('rooms', 'mimi://b.example/r/theirs'), document)
  expect([foreign.status, foreign.code]).toEqual([403, 'actor-mismatch'])
  const before = await holdings(hub(), room)
  const again = await post(internalPath('rooms', room), document)
  expect([again.status, again.code]).toEqual([409, 'room-exists'])
  expect(await holdings(hub(), room)).toEqual(before)
})

test('a room whose members are named against its suite is not created, nor one with a group that is none', async () => {
  const uri = newRoomUri()
  const options = { room: uri, name: 'Odd', suite: 'moderated-pseudonyms', pseudonymous: false }
  const create = clubhouse().alice.createRoom(options)
  await expect(create).rejects.toMatchObject({ status: 403, problem: 'disclosure-refused' })
  const bytes = Buffer.alloc(8).toString('base64')
  const document = { suite: 'moderated-pseudonyms', groupInfo: bytes, ratchetTree: bytes }
  const refused = await post(internalPath('rooms', uri), JSON.stringify(document))
  expect(refused.code).toBe('invalid-group-info')
  expect((await callInternal(hub(), internalPath('rooms', uri))).code).toBe('room-unknown')
})

test('a fan-out that is none is refused and queues nothing', async () => {
  const path = internalPath('fanout', room)
  const destinations = { 'postern-destinations': 'b.example,c.example' }
  const before = await holdings(hub(), room)
  for (const body of [Buffer.alloc(0), Buffer.alloc(40, 0xff)])
    expect((await post(path, body, destinations)).code).toBe('malformed-body')
  const named = { 'postern-destinations': 'b.example,not a domain' }
  expect((await post(path, Buffer.alloc(0), named)).code).toBe('invalid-domain')
  expect((await post(internalPath('fanout', newRoomUri()), Buffer.alloc(9))).code).toBe(
    'room-unknown',
  )
  expect(await holdings(hub(), room)).toEqual(before)
})

test('a notification has no business here', async () => {
  const path = internalPath('notify', 'mimi://b.example/r/theirs')
  const refused = await post(path, Buffer.concat([Buffer.alloc(8), messageBytes(), Buffer.of(0)]))
  expect([refused.status, refused.code]).toEqual([501, 'unsupported-operation'])
})

/** An MLSMessage with an application message. */
function messageBytes(): Buffer {
  const body = messageBody(clubhouse().alice, room)
  const sender = clubhouse().alice.participant(room)
  return body.subarray(1, body.length - sender.length - 1)
}
