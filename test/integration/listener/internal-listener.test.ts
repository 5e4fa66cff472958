import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { answerMigrations, AnswerStore } from '../../../src/delivery/answer-store.ts'
import { InternalListener } from '../../../src/listener/internal-listener.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import {
  codeOf,
  echoHandlers,
  internalOperations,
  internalRequest,
  startInternalListener,
} from '../../support/internal-listener.ts'
import { tempDir } from '../../support/temp-dir.ts'

const room = encodeURIComponent('mimi://a.example/r/lobby')

function askOnce(port: number, body: string) {
  const headers = { 'postern-request-id': 'ds-1' }
  return internalRequest({ port, path: `/internal/v1/update/${room}`, headers, body })
}

async function answerStore(clock = () => 1_000, countMax = 1_000) {
  const store = await openStore({
    path: join(tempDir(), 'answers.db'),
    migrations: answerMigrations,
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return new AnswerStore({ store, clock, countMax })
}

test.for(internalOperations.map(({ operation }) => operation))(
  '%s reaches the pipeline with its decoded target, bytes and request id',
  async (operation) => {
    const { port } = await startInternalListener()
    const reply = await internalRequest({
      port,
      path: `/internal/v1/${operation}/${room}`,
      headers: { 'postern-request-id': 'ds-1' },
      body: 'body',
    })
    expect([reply.status, reply.text]).toEqual([
      200,
      `${operation} mimi://a.example/r/lobby ds-1 body`,
    ])
  },
)

test('a room is created from base64, and shown as the gateway follows it', async () => {
  const view = {
    room: 'mimi://a.example/r/lobby',
    suite: 'identified',
    epoch: 7n,
    ciphersuite: 1,
    treeHash: Buffer.from('tree'),
    confirmedTranscriptHash: Buffer.from('hash'),
    participants: [{ user: 'mimi://a.example/u/alice', roleIndex: 2 }],
  }
  const { port } = await startInternalListener({
    handlers: { ...echoHandlers, findRoom: (wanted) => (wanted === view.room ? view : undefined) },
  })
  const created = await internalRequest({
    port,
    path: `/internal/v1/rooms/${room}`,
    body: JSON.stringify({ suite: 'identified', groupInfo: 'AAE=', ratchetTree: '' }),
  })
  expect(created.status).toBe(201)
  expect(JSON.parse(created.text)).toEqual({ room: view.room, epoch: 1, suite: 'identified' })
  const shown = await internalRequest({ port, method: 'GET', path: `/internal/v1/rooms/${room}` })
  expect(JSON.parse(shown.text)).toEqual({
    ...view,
    epoch: 7,
    treeHash: 'dHJlZQ==',
    confirmedTranscriptHash: 'aGFzaA==',
  })
  const unknown = await internalRequest({
    port,
    method: 'GET',
    path: '/internal/v1/rooms/mimi%3A%2F%2Fa.example%2Fr%2Fx',
  })
  expect([unknown.status, codeOf(unknown)]).toEqual([404, 'room-unknown'])
})

test.for([
  ['no JSON', '{'],
  ['an unknown member', '{"suite":"x","groupInfo":"","ratchetTree":"","extra":1}'],
  ['a poisoned prototype', '{"suite":"x","groupInfo":"","ratchetTree":"","__proto__":{"x":1}}'],
  ['a missing member', '{"suite":"x","groupInfo":""}'],
  ['another type', '{"suite":1,"groupInfo":"","ratchetTree":""}'],
  ['base64url', '{"suite":"x","groupInfo":"_-8=","ratchetTree":""}'],
  ['base64 without padding', '{"suite":"x","groupInfo":"AAE","ratchetTree":""}'],
  ['an array', '[]'],
])('a room document with %s is refused and nothing of it is repeated', async ([, body]) => {
  const { port } = await startInternalListener()
  const reply = await internalRequest({
    port,
    path: `/internal/v1/rooms/${room}`,
    body: body ?? '',
  })
  expect([reply.status, codeOf(reply)]).toEqual([400, 'malformed-body'])
  expect(reply.text).not.toContain('extra')
})

test('a fan-out names its followers in a header, and none means our own clients only', async () => {
  const { port } = await startInternalListener()
  const path = `/internal/v1/fanout/${room}`
  const both = await internalRequest({
    port,
    path,
    headers: { 'postern-destinations': 'b.example, C.example' },
    body: 'x',
  })
  expect(both.text).toBe('mimi://a.example/r/lobby b.example+c.example x')
  const none = await internalRequest({
    port,
    path,
    headers: { 'postern-destinations': '' },
    body: 'x',
  })
  expect(none.text).toBe('mimi://a.example/r/lobby  x')
  const bad = await internalRequest({
    port,
    path,
    headers: { 'postern-destinations': 'b.example,,' },
  })
  expect([bad.status, codeOf(bad)]).toEqual([400, 'invalid-domain'])
})

test('hub keys, sanctions, the OpenAPI document and health answer', async () => {
  const { port } = await startInternalListener()
  const get = (path: string) => internalRequest({ port, method: 'GET', path })
  expect(JSON.parse((await get('/internal/v1/hub-keys?ciphersuite=7')).text)).toEqual({
    frankingAgent: 'Bw==',
    externalSender: 'c2VuZGVy',
  })
  expect(codeOf(await get('/internal/v1/hub-keys'))).toBe('malformed-request')
  expect(codeOf(await get('/internal/v1/hub-keys?ciphersuite=65536'))).toBe('malformed-request')
  expect(JSON.parse((await get('/internal/v1/sanctions?after=3')).text)).toEqual({ sanctions: [] })
  expect(JSON.parse((await get('/internal/v1/openapi.json')).text)).toMatchObject({
    openapi: '3.1.1',
  })
  expect(JSON.parse((await get('/healthz')).text)).toEqual({ status: 'ok' })
})

test('a target of another kind, an unknown path and a wrong method are problems', async () => {
  const { port } = await startInternalListener()
  const user = encodeURIComponent('mimi://a.example/u/alice')
  expect(codeOf(await internalRequest({ port, path: `/internal/v1/fanout/${user}` }))).toBe(
    'invalid-uri',
  )
  expect(codeOf(await internalRequest({ port, path: '/internal/v1/other/x' }))).toBe('not-found')
  const wrong = await internalRequest({
    port,
    method: 'DELETE',
    path: `/internal/v1/rooms/${room}`,
  })
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, GET'])
})

test('a page in a browser is not served', async () => {
  const { port } = await startInternalListener()
  const path = `/internal/v1/update/${room}`
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
    expect(codeOf(await internalRequest({ port, path, headers }))).toBe('not-admitted')
})

test('a repeated request id gives the first answer, also after a restart, and does nothing twice', async () => {
  const answers = await answerStore()
  let done = 0
  const operation = () => {
    done += 1
    return Promise.resolve({ status: 201, bytes: Buffer.from(`answer ${done}`) })
  }
  const handlers = { ...echoHandlers, operation }
  const first = await startInternalListener({ handlers, answers })
  expect((await askOnce(first.port, 'x')).text).toBe('answer 1')
  expect((await askOnce(first.port, 'x')).text).toBe('answer 1')
  const second = await startInternalListener({ handlers, answers })
  const repeated = await askOnce(second.port, 'x')
  expect([repeated.status, repeated.text, done]).toEqual([201, 'answer 1', 1])
  const reused = await askOnce(second.port, 'y')
  expect([reused.status, codeOf(reused)]).toEqual([409, 'request-id-reused'])
})

test('a repetition while the first is under way waits for it', async () => {
  const entered = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  let done = 0
  const { port } = await startInternalListener({
    answers: await answerStore(),
    handlers: {
      ...echoHandlers,
      operation: async () => {
        done += 1
        entered.resolve()
        await release.promise
        return { status: 200, bytes: Buffer.from('once') }
      },
    },
  })
  const ask = () =>
    internalRequest({
      port,
      path: `/internal/v1/update/${room}`,
      headers: { 'postern-request-id': 'ds-2' },
    })
  const first = ask()
  await entered.promise
  const second = ask()
  release.resolve()
  expect([(await first).text, (await second).text, done]).toEqual(['once', 'once', 1])
})

test('a fault is not kept, so the next attempt may do better', async () => {
  const results = [new GatewayError('upstream-timeout'), undefined]
  const { port } = await startInternalListener({
    answers: await answerStore(),
    handlers: {
      ...echoHandlers,
      operation: () => {
        const fault = results.shift()
        return fault === undefined
          ? Promise.resolve({ status: 200, bytes: Buffer.from('better') })
          : Promise.reject(fault)
      },
    },
  })
  const ask = () =>
    internalRequest({
      port,
      path: `/internal/v1/update/${room}`,
      headers: { 'postern-request-id': 'ds-3' },
    })
  expect((await ask()).status).toBe(504)
  expect((await ask()).text).toBe('better')
})

test('answers are kept for 24 hours', async () => {
  let now = 1_000
  const answers = await answerStore(() => now)
  await answers.put('id', {
    digest: Buffer.alloc(32),
    answer: { status: 200, bytes: Buffer.from('x') },
  })
  now += 86_399_999
  expect(answers.find('id')?.answer.bytes.toString()).toBe('x')
  now += 1
  expect(answers.find('id')).toBeUndefined()
})

test('an unusable request id is refused', async () => {
  const { port } = await startInternalListener()
  const reply = await internalRequest({
    port,
    path: `/internal/v1/update/${room}`,
    headers: { 'postern-request-id': 'a b' },
  })
  expect([reply.status, codeOf(reply)]).toEqual([400, 'malformed-request'])
})

test('a Unix socket has mode 0600, replaces a dead one, and spares a live one and a file', async () => {
  const path = join(tempDir(), 'internal.sock')
  const { listener } = await startInternalListener({}, { kind: 'socket', path })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(
    (await internalRequest({ socketPath: path, method: 'GET', path: '/healthz' })).status,
  ).toBe(200)
  await expect(startInternalListener({}, { kind: 'socket', path })).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  await listener[Symbol.asyncDispose]()
  await startInternalListener({}, { kind: 'socket', path })
  const file = join(tempDir(), 'precious')
  writeFileSync(file, 'x')
  await expect(startInternalListener({}, { kind: 'socket', path: file })).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
})

test('plain HTTP is not offered beyond this machine', async () => {
  const listener = new InternalListener({
    handlers: echoHandlers,
    operations: internalOperations,
    clock: () => 0,
  })
  await expect(listener.listen({ kind: 'tcp', host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
})

test('a body beyond the bound of its operation is refused', async () => {
  const { port } = await startInternalListener()
  const reply = await internalRequest({
    port,
    path: `/internal/v1/update/${room}`,
    body: Buffer.alloc(65_537),
  })
  expect([reply.status, codeOf(reply)]).toEqual([413, 'body-too-large'])
})
