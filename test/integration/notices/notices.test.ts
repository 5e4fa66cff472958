import { expect, test } from 'vitest'
import { openMessage } from '../../../src/notices/signed-message.ts'
import { homeDomain, hubDomain, openSides, orderOf, room, startMs } from '../../support/notices.ts'

const DAY_MS = 86_400_000

test('a notice is sent, acknowledged over a signature, answered and listed on both sides', async () => {
  const { hub, home, clock } = await openSides()
  const id = await hub.desk.notify(orderOf())
  expect(hub.state(id)).toBe('queued')
  await hub.sender.sendDue()
  expect(hub.state(id)).toBe('received')

  const [got] = home.desk.listReceived({ limit: 10 })
  expect(got?.notice).toMatchObject({ peer: hubDomain, id, state: 'received', hasEvidence: false })
  expect(got?.notice.message).toMatchObject({
    distinct_reporters: '2-4',
    time_bucket: '2027-01-16T10',
    requested_action: 'review_account',
  })

  clock.nowMs += 3_600_000
  await home.desk.answer(id, { state: 'under_review' })
  await home.sender.sendDue()
  expect(hub.state(id)).toBe('under_review')
  await home.desk.answer(id, { state: 'actioned', actionClass: 'suspend' })
  await home.sender.sendDue()
  expect(hub.state(id)).toBe('actioned')
  expect(hub.desk.findSent(id)).toMatchObject({
    actionClass: 'suspend',
    answeredAtMs: startMs + 3_600_000,
    policies: ['r3-sender-notice'],
  })
  expect(home.desk.listSent({ limit: 10 }).map(({ notice }) => notice.queued)).toEqual([
    false,
    false,
  ])
})

test('the provider learns a digest of the room, the same each time and another for each provider', async () => {
  const { hub, home, other } = await openSides()
  await hub.desk.notify(orderOf())
  await hub.desk.notify(orderOf())
  await hub.desk.notify(orderOf({ room: 'mimi://hub.example/r/other' }))
  await hub.desk.notify(orderOf({ peer: other.domain, subject: 'mimi://c.example/u/cathy' }))
  await hub.sender.sendDue()
  const digests = (side: typeof home) =>
    side.desk
      .listReceived({ limit: 10 })
      .map(({ notice }) => notice.message.type === 'notice' && notice.message.room_digest)
  const [elsewhere, second, first] = digests(home)
  expect(first).toBe(second)
  expect(elsewhere).not.toBe(first)
  expect(digests(other)[0]).not.toBe(first)
  const stored = home.store.all('SELECT payload FROM notices_received')
  expect(JSON.stringify(stored)).not.toContain(room)
})

test('the same notice again gets the first answer, also after another one was given', async () => {
  const { hub, home, wire } = await openSides()
  const answers: string[] = []
  const { deliver } = wire
  const sent: Buffer[] = []
  wire.deliver = async (from, message) => {
    sent.push(message.bytes)
    const answer = await deliver(from, message)
    answers.push(answer.bytes.toString())
    return answer
  }
  const id = await hub.desk.notify(orderOf())
  await hub.sender.sendDue()
  await home.desk.answer(id, { state: 'no_action' })
  await home.sender.sendDue()
  expect(hub.state(id)).toBe('no_action')
  const again = await home.desk.receive(hubDomain, sent[0] ?? Buffer.alloc(0))
  expect(again).toBe(answers[0])
  expect(home.desk.listReceived({ limit: 10 })).toHaveLength(1)
  const opened = openMessage(Buffer.from(again ?? ''))
  expect(opened).toMatchObject({ message: { state: 'received', in_reply_to: id } })
})

test('many copies of one notice at the same time are one notice with one answer', async () => {
  const { hub, home, wire } = await openSides()
  let bytes: Buffer = Buffer.alloc(0)
  wire.deliver = (_, message) => {
    ;({ bytes } = message)
    return Promise.resolve({ status: 503, bytes: Buffer.alloc(0) })
  }
  await hub.desk.notify(orderOf())
  await hub.sender.sendDue()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => home.desk.receive(hubDomain, bytes)),
  )
  expect(new Set(answers).size).toBe(1)
  expect(home.desk.listReceived({ limit: 10 })).toHaveLength(1)
})

test('a lost answer is got again: the notice is sent until somebody signs for it', async () => {
  const { hub, wire, clock } = await openSides()
  const { deliver } = wire
  let losses = 3
  wire.deliver = async (from, message) => {
    const answer = await deliver(from, message)
    return losses-- > 0 ? { status: 502, bytes: Buffer.alloc(0) } : answer
  }
  const id = await hub.desk.notify(orderOf())
  for (let turn = 0; turn < 4; turn++) {
    await hub.sender.sendDue()
    clock.nowMs += 60_000
  }
  expect(hub.state(id)).toBe('received')
  expect(hub.sent.find(id)?.attempts).toBe(3)
})

test('nothing is sent before its pause is over, and pauses grow up to an hour', async () => {
  const { hub, wire, clock } = await openSides()
  const sentAt: number[] = []
  wire.deliver = () => {
    sentAt.push(clock.nowMs - startMs)
    return Promise.resolve({ status: 503, bytes: Buffer.alloc(0) })
  }
  await hub.desk.notify(orderOf())
  for (; clock.nowMs < startMs + DAY_MS; clock.nowMs += 10_000) await hub.sender.sendDue()
  const pauses = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0))
  expect(pauses[0]).toBeLessThanOrEqual(10_000)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(3_610_000)
  expect(pauses.at(-1)).toBeGreaterThan(1_700_000)
})

test('a peer that never answers is unanswered at the deadline, and an answer after it still counts', async () => {
  const { hub, home, wire, clock } = await openSides()
  const { deliver } = wire
  const id = await hub.desk.notify(orderOf())
  const never = await hub.desk.notify(orderOf({ about: 'rep-2' }))
  let attempts = 0
  wire.deliver = (from, message) => {
    attempts += 1
    return attempts === 1 ? deliver(from, message) : Promise.reject(new Error('gone'))
  }
  await hub.sender.sendDue()
  clock.nowMs += 4 * DAY_MS
  const before = attempts
  await hub.sender.sendDue()
  expect(attempts).toBe(before)
  expect([hub.state(id), hub.state(never)]).toEqual(['unanswered', 'unanswered'])
  expect(hub.desk.scorecards()).toMatchObject([
    { peer: homeDomain, sent: 2, inTime: 0, late: 0, unanswered: 2, medianAnswerMs: undefined },
  ])
  wire.deliver = deliver
  await home.desk.answer(id, { state: 'rejected' })
  await home.sender.sendDue()
  expect(hub.state(id)).toBe('rejected')
  expect(hub.desk.scorecards()).toMatchObject([
    { sent: 2, inTime: 0, late: 1, unanswered: 1, medianAnswerMs: 4 * DAY_MS, actionedShare: 0 },
  ])
})

test('a retraction follows its notice and withdraws it, once', async () => {
  const { hub, home } = await openSides()
  const id = await hub.desk.notify(orderOf())
  await hub.sender.sendDue()
  await hub.desk.retract(id, 'appeal')
  expect(hub.state(id)).toBe('retracted')
  await expect(hub.desk.retract(id)).rejects.toMatchObject({ code: 'malformed-request' })
  await hub.sender.sendDue()
  const [got] = home.desk.listReceived({ limit: 1 })
  expect(got?.notice.withdrawnAtMs).toBe(startMs)
  await expect(home.desk.answer(id, { state: 'actioned' })).rejects.toMatchObject({
    code: 'malformed-request',
  })
  expect(hub.desk.scorecards()).toMatchObject([{ sent: 0 }])
})

test('a notice that is taken back before it went out is not sent any more', async () => {
  const { hub, home } = await openSides()
  const id = await hub.desk.notify(orderOf())
  await hub.desk.retract(id)
  await hub.sender.sendDue()
  expect(home.desk.listReceived({ limit: 10 })).toEqual([])
  const [retraction] = hub.desk.listSent({ limit: 1 })
  expect(retraction?.notice).toMatchObject({ queued: false, refusedStatus: 404 })
})

test('what waits survives the process that queued it', async () => {
  const { hub, home } = await openSides()
  const id = await hub.desk.notify(orderOf())
  await hub.sender.stop()
  await hub.sender.sendDue()
  expect(home.desk.listReceived({ limit: 10 })).toEqual([])
  expect(hub.sent.due(startMs).map((notice) => notice.id)).toEqual([id])
})

test('the median, the share and the counts of a scorecard are of what was answered', async () => {
  const { hub, home, clock } = await openSides()
  const ids = await Promise.all(['a', 'b', 'c'].map((about) => hub.desk.notify(orderOf({ about }))))
  await hub.sender.sendDue()
  for (const [index, id] of ids.entries()) {
    clock.nowMs = startMs + (index + 1) * 3_600_000
    await home.desk.answer(id, { state: index === 0 ? 'actioned' : 'no_action' })
    await home.sender.sendDue()
  }
  expect(hub.desk.scorecards()).toEqual([
    {
      peer: homeDomain,
      sent: 3,
      inTime: 3,
      late: 0,
      unanswered: 0,
      open: 0,
      refused: 0,
      medianAnswerMs: 7_200_000,
      actionedShare: 1 / 3,
      strikesUpheld: 0,
      received: 0,
    },
  ])
  expect(home.desk.scorecards()).toMatchObject([{ peer: hubDomain, sent: 0, received: 3 }])
})

test('notices are forgotten after half a year', async () => {
  const { hub, home, clock } = await openSides()
  await hub.desk.notify(orderOf())
  await hub.sender.sendDue()
  clock.nowMs += 181 * DAY_MS
  expect([await hub.desk.deleteExpired(), await home.desk.deleteExpired()]).toEqual([1, 1])
  expect(home.desk.listReceived({ limit: 1 })).toEqual([])
})

test('a peer may send sixty messages at once, then one a second', async () => {
  const { home, clock } = await openSides()
  for (let count = 0; count < 60; count++) home.desk.admit(hubDomain)
  expect(() => home.desk.admit(hubDomain)).toThrow('rate-limited')
  expect(() => home.desk.admit(homeDomain)).not.toThrow()
  clock.nowMs += 1_000
  expect(() => home.desk.admit(hubDomain)).not.toThrow()
})
