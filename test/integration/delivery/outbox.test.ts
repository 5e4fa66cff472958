import { expect, test, vi } from 'vitest'
import type { Schedule } from '../../../src/delivery/outbox-limits.ts'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { fakeTime } from '../../support/fake-time.ts'
import { attic, b, c, lobby, openTestStore, startOutbox } from '../../support/outbox.ts'

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
  expect(store.get('SELECT count(*) AS n FROM outbox_destinations')).toEqual({ n: 0 })
})

test('it is on the disk before enqueue resolves', async () => {
  const store = await openTestStore()
  const { enqueue } = await startOutbox({ store })
  await enqueue('one', { peers: [b, c] })
  expect(store.get('SELECT peers FROM outbox_destinations')).toEqual({
    peers: '["b.example","c.example"]',
  })
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

test('a pause goes on to its end where the timer rings before the clock says so', async () => {
  const time = fakeTime()
  let early = 1
  const schedule: Schedule = (run, delayMs) => {
    const ring = time.schedule(run, delayMs - early)
    early = 0
    return ring
  }
  const { attempts, answer, fail, enqueue } = await startOutbox({ clock: time.clock, schedule })
  await enqueue('one')
  await fail('peer-unreachable')
  time.advance(499)
  expect(attempts).toEqual([])
  time.advance(1)
  expect(attempts.map(({ text }) => text)).toEqual(['one'])
  await answer(201)
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

test('what is withdrawn goes to nobody who does not have it yet, also after a restart, and the rest goes on', async () => {
  const store = await openTestStore()
  const first = await startOutbox({ store })
  const tag = Buffer.alloc(32, 1)
  const send = (text: string, marked?: Buffer) =>
    first.outbox.enqueue({ room: lobby, peers: [b, c], bytes: Buffer.from(text), tag: marked })
  await send('one')
  await send('two', tag)
  await send('three', Buffer.alloc(32, 2))
  expect(first.attempts.map(({ peer, text }) => [peer, text])).toEqual([
    [b, 'one'],
    [c, 'one'],
  ])
  expect(await first.outbox.withdraw(attic, tag)).toBe(0)
  expect(await first.outbox.withdraw(lobby, tag)).toBe(2)
  expect(await first.outbox.withdraw(lobby, tag)).toBe(0)
  await first.answer(201)
  expect(first.attempts.map(({ peer, text }) => [peer, text])).toEqual([
    [c, 'one'],
    [b, 'three'],
  ])
  expect(first.events.map(({ kind }) => kind)).toEqual(['delivered', 'withdrawn'])
  await first.outbox.drain(AbortSignal.abort())

  const second = await startOutbox({ store })
  expect(second.attempts.map(({ peer, text }) => [peer, text])).toEqual([
    [c, 'one'],
    [b, 'three'],
  ])
  await second.answer(201)
  await second.answer(201)
  expect(second.attempts.map(({ peer, text }) => [peer, text])).toEqual([[c, 'three']])
})

test('what is withdrawn while a peer is away costs it no attempt when it is back', async () => {
  const { outbox, attempts, fail, answer, enqueue, time } = await startOutbox()
  const tag = Buffer.alloc(32, 1)
  await outbox.enqueue({ room: lobby, peers: [b], bytes: Buffer.from('one'), tag })
  await enqueue('two')
  await fail('peer-unreachable')
  expect(await outbox.withdraw(lobby, tag)).toBe(1)
  time.advance(600_000)
  await vi.waitFor(() => expect(attempts.map(({ text }) => text)).toEqual(['two']))
  await answer(201)
  expect(outbox.counts()).toMatchObject({ waiting: 0, inFlight: 0, bytes: 0, deadLetters: 0 })
})
