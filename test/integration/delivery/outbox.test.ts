import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { outboxMigrations } from '../../../src/delivery/outbox-migrations.ts'
import type { Notify, OutboxEvent } from '../../../src/delivery/outbox-sender.ts'
import { Outbox, type OutboxOptions } from '../../../src/delivery/outbox.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { openStore, type Store } from '../../../src/sqlite/store.ts'
import { fakeTime } from '../../support/fake-time.ts'
import { tempDir } from '../../support/temp-dir.ts'

const lobby = parseMimiUri('mimi://a.example/r/lobby')
const attic = parseMimiUri('mimi://a.example/r/attic')
const b = parseProviderDomain('b.example')
const c = parseProviderDomain('c.example')

type Answer = { status: number; retryAfterMs?: number }

async function openTestStore(path = join(tempDir(), 'outbox.db')): Promise<Store> {
  const store = await openStore({ path, migrations: outboxMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

/** An outbox whose attempts the test answers: `attempts` are those that are out. */
async function startOutbox(options: Partial<OutboxOptions> = {}) {
  const time = fakeTime()
  const attempts: (Notify & {
    text: string
    answer: (answer: Answer) => void
    fail: (error: Error) => void
  })[] = []
  const events: OutboxEvent[] = []
  const outbox = new Outbox({
    store: options.store ?? (await openTestStore()),
    clock: time.clock,
    schedule: time.schedule,
    randomness: () => Buffer.alloc(4, 0xff),
    onEvent: (event) => events.push(event),
    send: (notify) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const text = notify.bytes.toString()
      attempts.push({ ...notify, text, answer: resolve, fail: reject })
      notify.signal.addEventListener('abort', () => reject(new GatewayError('draining')))
      return promise
    },
    ...options,
  })
  await outbox.start()
  onTestFinished(() => outbox[Symbol.asyncDispose]())
  /** Answers the oldest attempt that is out, and lets the outbox act on it. */
  const answer = async (status: number, retryAfterMs?: number) => {
    attempts.shift()?.answer({ status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    await setImmediate()
  }
  const fail = async (code: 'peer-unreachable' | 'peer-timeout') => {
    attempts.shift()?.fail(new GatewayError(code))
    await setImmediate()
  }
  const enqueue = (text: string, { peers = [b], room = lobby } = {}) =>
    outbox.enqueue({ room, peers, bytes: Buffer.from(text), suite: 'identified' })
  return { outbox, time, attempts, events, answer, fail, enqueue }
}

test('a body goes to each peer once, with its suite, and is forgotten when all have it', async () => {
  const store = await openTestStore()
  const { outbox, attempts, answer, enqueue, time } = await startOutbox({ store })
  expect(await enqueue('one', { peers: [b, c, b] })).toEqual({ queued: 2, overflowed: [] })
  expect(attempts.map(({ peer, text, suite, room }) => [peer, text, suite, room])).toEqual([
    [b, 'one', 'identified', lobby],
    [c, 'one', 'identified', lobby],
  ])
  await answer(201)
  await answer(200)
  expect(outbox.counts()).toMatchObject({ waiting: 0, inFlight: 0, bytes: 0, deadLetters: 0 })
  time.advance(50)
  await vi.waitFor(() =>
    expect(store.get('SELECT count(*) AS n FROM outbox_bodies')).toEqual({ n: 0 }),
  )
  expect(store.get('SELECT count(*) AS n FROM outbox_deliveries')).toEqual({ n: 0 })
})

test('it is on the disk before enqueue resolves', async () => {
  const store = await openTestStore()
  const { enqueue } = await startOutbox({ store })
  await enqueue('one', { peers: [b, c] })
  expect(store.get('SELECT count(*) AS n FROM outbox_deliveries')).toEqual({ n: 2 })
})

test('a room is delivered to a peer in order, one body at a time, and rooms do not wait for each other', async () => {
  const { attempts, answer, enqueue } = await startOutbox()
  await Promise.all([enqueue('l1'), enqueue('l2'), enqueue('a1', { room: attic }), enqueue('l3')])
  expect(attempts.map(({ text }) => text)).toEqual(['l1', 'a1'])
  await answer(201)
  expect(attempts.map(({ text }) => text)).toEqual(['a1', 'l2'])
  await answer(201)
  await answer(201)
  expect(attempts.map(({ text }) => text)).toEqual(['l3'])
})

test('a retry sends the same bytes after a growing delay, and the lane waits for it', async () => {
  const { attempts, answer, enqueue, time } = await startOutbox()
  await enqueue('l1')
  await enqueue('l2')
  await answer(500)
  expect(attempts).toEqual([])
  time.advance(499)
  expect(attempts).toEqual([])
  time.advance(1)
  expect(attempts.map(({ text }) => text)).toEqual(['l1'])
  await answer(500)
  time.advance(999)
  expect(attempts).toEqual([])
  time.advance(1)
  await answer(201)
  expect(attempts.map(({ text }) => text)).toEqual(['l2'])
})

test.for([408, 425, 429, 500, 502, 503])(
  '%i is tried again, not before Retry-After',
  async (status) => {
    const { attempts, answer, enqueue, time } = await startOutbox()
    await enqueue('one')
    await answer(status, 30_000)
    time.advance(29_999)
    expect(attempts).toEqual([])
    time.advance(1)
    expect(attempts).toHaveLength(1)
  },
)

test.for([302, 400, 401, 403, 404, 410, 413, 422])(
  '%i is final: a dead letter, and the lane goes on',
  async (status) => {
    const { outbox, attempts, answer, enqueue, time, events } = await startOutbox()
    await enqueue('l1')
    await enqueue('l2')
    await answer(status)
    expect(attempts.map(({ text }) => text)).toEqual(['l2'])
    expect(outbox.counts().deadLetters).toBe(1)
    time.advance(50)
    await vi.waitFor(() =>
      expect(outbox.deadLetters()).toMatchObject([
        { peer: b, room: lobby, reason: 'rejected', status },
      ]),
    )
    expect(events).toMatchObject([{ kind: 'dead', reason: 'rejected' }])
  },
)

test('a body that a peer never takes is a dead letter after its attempts, and the lane goes on', async () => {
  const { outbox, attempts, answer, fail, enqueue, time } = await startOutbox({
    limits: { attemptsMax: 3 },
  })
  await enqueue('poison')
  await enqueue('good')
  await answer(500)
  time.advance(1_000)
  await fail('peer-timeout')
  time.advance(2_000)
  await answer(502)
  expect(attempts.map(({ text }) => text)).toEqual(['good'])
  expect(outbox.counts()).toMatchObject({ waiting: 1, deadLetters: 1 })
})

test('a peer that is down is probed with one request, costs no attempts, and recovers at full width', async () => {
  const { outbox, attempts, fail, answer, enqueue, time } = await startOutbox({
    limits: { attemptsMax: 2 },
  })
  const rooms = [lobby, attic, parseMimiUri('mimi://a.example/r/cellar')]
  for (const room of rooms) await enqueue(room, { room })
  expect(attempts).toHaveLength(3)
  await fail('peer-unreachable')
  await fail('peer-unreachable')
  await fail('peer-unreachable')
  time.advance(500)
  expect(attempts).toHaveLength(1)
  await fail('peer-unreachable')
  time.advance(999)
  expect(attempts).toHaveLength(0)
  time.advance(1)
  await fail('peer-unreachable')
  time.advance(2_000)
  await answer(201)
  expect(attempts).toHaveLength(2)
  await answer(201)
  await answer(201)
  expect(outbox.counts()).toMatchObject({ waiting: 0, deadLetters: 0 })
})

test('one peer that is down does not hold up another', async () => {
  const { attempts, fail, answer, enqueue } = await startOutbox()
  await enqueue('one', { peers: [b, c] })
  await fail('peer-unreachable')
  await answer(201)
  await enqueue('two', { peers: [b, c] })
  expect(attempts.map(({ peer, text }) => [peer, text])).toEqual([[c, 'two']])
})

test('what is older than the outbox keeps is a dead letter without another attempt', async () => {
  const { outbox, attempts, answer, enqueue, time } = await startOutbox({
    limits: { ageMsMax: 60_000 },
  })
  await enqueue('old')
  await enqueue('older')
  await answer(503, 60_001)
  time.advance(60_001)
  await vi.waitFor(() => expect(outbox.counts().deadLetters).toBe(2))
  expect(attempts).toEqual([])
})

test('a full outbox refuses with queue-full, and a full peer overflows into a dead letter', async () => {
  const { outbox, enqueue } = await startOutbox({
    limits: { deliveriesMax: 3, deliveriesPerPeerMax: 1, bytesMax: 10 },
  })
  await enqueue('1')
  expect(await enqueue('2', { peers: [b, c] })).toEqual({ queued: 1, overflowed: [b] })
  expect(await enqueue('3')).toEqual({ queued: 0, overflowed: [b] })
  await expect(enqueue('4', { peers: [b, c] })).rejects.toMatchObject({ code: 'queue-full' })
  await expect(enqueue('x'.repeat(9))).rejects.toMatchObject({ code: 'queue-full' })
  expect(outbox.counts()).toMatchObject({ waiting: 2, bytes: 2, deadLetters: 2 })
  expect(outbox.deadLetters().map(({ reason, peer }) => [reason, peer])).toEqual([
    ['overflow', b],
    ['overflow', b],
  ])
})

test('an outbox takes up what a killed process left, in order, with the same bytes', async () => {
  const store = await openTestStore()
  const first = await startOutbox({ store })
  const body = Buffer.from([0, 255, 128, 13, 10])
  await first.outbox.enqueue({ room: lobby, peers: [b, c], bytes: body })
  await first.enqueue('l2')
  // No drain: what the first outbox knew dies with it.
  const second = await startOutbox({ store })
  expect(
    second.attempts.map(({ peer, bytes, suite }) => [peer, bytes.equals(body), suite]),
  ).toEqual([
    [b, true, undefined],
    [c, true, undefined],
  ])
  await second.answer(201)
  expect(second.attempts.map(({ text }) => text)).toContain('l2')
  expect(second.outbox.counts()).toMatchObject({ waiting: 2 })
})

test('what was delivered and written down is not repeated after a restart', async () => {
  const store = await openTestStore()
  const first = await startOutbox({ store })
  await first.enqueue('one', { peers: [b, c] })
  await first.answer(201)
  await first.outbox.drain(AbortSignal.abort())
  const second = await startOutbox({ store })
  expect(second.attempts.map(({ peer }) => peer)).toEqual([c])
  await second.answer(201)
  await second.outbox.drain(new AbortController().signal)
  expect(store.get('SELECT count(*) AS n FROM outbox_bodies')).toEqual({ n: 0 })
})

test('bodies that do not fit into memory are read again when they are sent', async () => {
  const { attempts, answer, enqueue } = await startOutbox({ limits: { memoryBytesMax: 4 } })
  await Promise.all([enqueue('1234'), enqueue('5678'), enqueue('9')])
  for (const text of ['1234', '5678', '9']) {
    expect(attempts.map((attempt) => attempt.text)).toEqual([text])
    await answer(201)
  }
})

test('a drain begins nothing, waits for what is out and writes it down', async () => {
  const store = await openTestStore()
  const { outbox, attempts, enqueue } = await startOutbox({ store })
  await enqueue('l1')
  await enqueue('l2')
  const drained = outbox.drain(new AbortController().signal)
  attempts[0]?.answer({ status: 201 })
  await drained
  expect(attempts).toHaveLength(1)
  expect(store.all('SELECT body_id FROM outbox_deliveries')).toHaveLength(1)
})

test('a peer gets at most its share of connections', async () => {
  const { attempts, answer, enqueue } = await startOutbox({ limits: { inFlightPerPeerMax: 2 } })
  for (const name of ['x', 'y', 'z'])
    await enqueue(name, { room: parseMimiUri(`mimi://a.example/r/${name}`) })
  expect(attempts.map(({ text }) => text)).toEqual(['x', 'y'])
  await answer(201)
  expect(attempts.map(({ text }) => text)).toEqual(['y', 'z'])
})

test('a store that fails refuses the fan-out and nothing is sent', async () => {
  const store = await openTestStore()
  const { outbox, attempts, enqueue } = await startOutbox({ store })
  await store[Symbol.asyncDispose]()
  await expect(enqueue('one')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(attempts).toEqual([])
  expect(outbox.counts()).toMatchObject({ waiting: 0, bytes: 0 })
})

test('dead letters are bounded, the oldest go first', async () => {
  const { outbox, answer, enqueue, time } = await startOutbox({ limits: { deadMax: 2 } })
  for (const name of ['1', '2', '3']) {
    await enqueue(name)
    await answer(400)
    time.advance(50)
  }
  await outbox.drain(new AbortController().signal)
  expect(outbox.deadLetters().map(({ bodyId }) => bodyId)).toEqual([3, 2])
  expect(outbox.counts().deadLetters).toBe(2)
})
