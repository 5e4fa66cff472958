import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { b, c, lobby, openTestStore, startOutbox } from '../../support/outbox.ts'

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
  expect(store.all('SELECT body_id FROM outbox_destinations')).toHaveLength(1)
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
  const store = await openTestStore()
  const { outbox, answer, enqueue, time } = await startOutbox({ store, limits: { deadMax: 2 } })
  for (const name of ['1', '2', '3']) {
    await enqueue(name)
    await answer(400)
    time.advance(50)
  }
  await outbox.drain(new AbortController().signal)
  expect(outbox.deadLetters().map(({ bodyId }) => bodyId)).toEqual([3, 2])
  expect(outbox.counts().deadLetters).toBe(2)
  expect(store.all('SELECT id FROM outbox_bodies ORDER BY id')).toEqual([{ id: 2 }, { id: 3 }])
})

test('a dead letter keeps its body until it is too old', async () => {
  const store = await openTestStore()
  const { outbox, answer, enqueue, time } = await startOutbox({
    store,
    limits: { deadAgeMsMax: 60_000 },
  })
  await enqueue('one', { peers: [b, c] })
  await answer(400)
  await answer(201)
  await outbox.drain(new AbortController().signal)
  expect(store.get('SELECT count(*) AS n FROM outbox_bodies')).toEqual({ n: 1 })
  expect(store.get('SELECT count(*) AS n FROM outbox_destinations')).toEqual({ n: 0 })
  time.advance(60_001)
  await outbox.purge()
  expect(store.get('SELECT count(*) AS n FROM outbox_bodies')).toEqual({ n: 0 })
  expect(outbox.deadLetters()).toEqual([])
})
