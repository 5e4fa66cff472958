import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { signJws } from '../../../src/metadata/requirements/jws.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { messageBytesMax } from '../../../src/notices/signed-message.ts'
import {
  epochStart,
  handOver,
  homeDomain,
  hubDomain,
  openSides,
  orderOf,
  otherDomain,
  pseudonym,
  startMs,
  tagA,
  type Sides,
} from '../../support/notices.ts'

const DAY_MS = 86_400_000
const at = (ms: number) => new Date(ms).toISOString()

const notice = {
  type: 'notice',
  notice_id: 'ntc-0123456789abcdef',
  from: hubDomain as string,
  issued_at: at(startMs),
  subject_pseudonym: pseudonym as string,
  category: 'spam',
  verification: 'frank',
  requested_action: 'none',
  answer_by: at(startMs + DAY_MS),
}
const strike = {
  type: 'strike',
  notice_id: 'ntc-0123456789abcdef',
  from: hubDomain as string,
  issued_at: at(startMs),
  subject_pseudonym: pseudonym as string,
  category: 'spam',
  franking_tags: [tagA],
  severity: 'low',
  epoch_start: epochStart,
}

function signed(payload: unknown, key: KeyObject, typ = 'mimi-moderation-notice+jws'): Buffer {
  return Buffer.from(signJws(payload, typ, key).jws)
}

/** What home makes of it as a message of the hub's, and that nothing is kept of what is refused. */
async function refusal(sides: Sides, bytes: Buffer) {
  const outcome = await sides.home.desk.receive(hubDomain, bytes).then(
    () => 'taken',
    (error: unknown) => {
      if (!(error instanceof GatewayError)) throw error
      return [error.code, error.facts['reason'] ?? error.facts['part']].filter(Boolean).join(' ')
    },
  )
  expect(sides.home.desk.listReceived({ limit: 10 })).toHaveLength(outcome === 'taken' ? 1 : 0)
  return outcome
}

test.each([
  ['a notice that is as it should be', {}, 'taken'],
  ['of another sender than the peer', { from: otherDomain }, 'notice-invalid from'],
  [
    'about a user of another provider',
    { subject_pseudonym: 'mimi://c.example/u/x' },
    'notice-invalid subject',
  ],
  ['about a room', { subject_pseudonym: 'mimi://home.example/r/x' }, 'notice-invalid subject'],
  ['about no URI', { subject_pseudonym: 'mimi://home.example' }, 'notice-invalid subject'],
  ['of a kind that nobody knows', { type: 'warning' }, 'notice-invalid kind'],
  ['with a member too many', { note: '<script>' }, 'notice-invalid schema'],
  ['of a category that nobody knows', { category: 'annoying' }, 'notice-invalid schema'],
  ['without verification', { verification: undefined }, 'notice-invalid schema'],
  ['with a deadline in the past', { answer_by: at(startMs - 1) }, 'notice-invalid deadline'],
  [
    'with a deadline in a year',
    { answer_by: at(startMs + 366 * DAY_MS) },
    'notice-invalid deadline',
  ],
  ['with a deadline that is no time', { answer_by: 'tomorrow' }, 'notice-invalid schema'],
  ['of tomorrow', { issued_at: at(startMs + DAY_MS) }, 'notice-early'],
  ['of yesterday', { issued_at: at(startMs - DAY_MS) }, 'taken'],
  ['of last year', { issued_at: at(startMs - 366 * DAY_MS) }, 'notice-invalid stale'],
  ['with an id too short', { notice_id: 'short' }, 'notice-invalid schema'],
])('a notice %s', async (_, change, expected) => {
  const sides = await openSides()
  const payload = JSON.parse(JSON.stringify({ ...notice, ...change })) as unknown
  expect(await refusal(sides, signed(payload, sides.hub.signing.key))).toBe(expected)
})

test.each([
  ['as it should be', {}, 'taken'],
  ['of next week', { epoch_start: epochStart + 7 * 86_400 }, 'notice-invalid epoch'],
  ['of two months ago', { epoch_start: epochStart - 60 * 86_400 }, 'notice-invalid epoch'],
  ['that begins at noon', { epoch_start: epochStart + 43_200 }, 'notice-invalid schema'],
  ['without a tag', { franking_tags: [] }, 'notice-invalid schema'],
  ['with a tag cut short', { franking_tags: [tagA.slice(2)] }, 'notice-invalid schema'],
  [
    'with many tags',
    { franking_tags: Array.from({ length: 21 }, () => tagA) },
    'notice-invalid schema',
  ],
])('a strike %s', async (_, change, expected) => {
  const sides = await openSides()
  const bytes = signed({ ...strike, ...change }, sides.hub.signing.key)
  expect(await refusal(sides, bytes)).toBe(expected)
})

test('a forged signature, one of another peer and one of nobody are refused', async () => {
  const sides = await openSides()
  const { hub, other } = sides
  const good = signed(notice, hub.signing.key).toString()
  const dot = good.lastIndexOf('.')
  const forged = `${good.slice(0, dot)}.${Buffer.alloc(64, 7).toString('base64url')}`
  expect(await refusal(sides, Buffer.from(forged))).toBe('invalid-signature notice')
  expect(await refusal(sides, signed(notice, other.signing.key))).toBe(
    'key-unavailable not-in-document',
  )
  const { privateKey } = generateKeyPairSync('ed25519')
  expect(await refusal(sides, signed(notice, privateKey))).toBe('key-unavailable not-in-document')
})

test('a notice of the hub’s that another peer brings is refused', async () => {
  const { hub, home } = await openSides()
  const bytes = signed(notice, hub.signing.key)
  await expect(home.desk.receive(otherDomain, bytes)).rejects.toMatchObject({
    code: 'notice-invalid',
    facts: { reason: 'from' },
  })
})

test('what is no canonical JWS of ours is refused before anything is looked up', async () => {
  const sides = await openSides()
  const { key } = sides.hub.signing
  for (const [bytes, expected] of [
    [Buffer.alloc(0), 'malformed-body not-jws'],
    [randomBytes(100), 'malformed-body not-jws'],
    [Buffer.alloc(messageBytesMax + 1, 0x41), 'malformed-body too-large'],
    [signed(notice, key, 'mimi-metadata-requirements+jws'), 'malformed-body bad-header'],
    [signed([[[[]]]], key), 'malformed-body too-deep'],
    [signed('notice', key), 'notice-invalid kind'],
    [signed({ ...notice, type: ['notice'] }, key), 'notice-invalid kind'],
  ] as const)
    expect(await refusal(sides, bytes)).toBe(expected)
})

test('an id that stood for another notice is refused, and the first one stays', async () => {
  const { hub, home } = await openSides()
  await home.desk.receive(hubDomain, signed(notice, hub.signing.key))
  const other = signed({ ...notice, category: 'harassment' }, hub.signing.key)
  await expect(home.desk.receive(hubDomain, other)).rejects.toMatchObject({ code: 'notice-reused' })
  expect(home.desk.findReceived(notice.notice_id)?.message.category).toBe('spam')
})

test('answers and retractions of notices that were never sent between the two are refused', async () => {
  const sides = await openSides()
  const { hub, home, other } = sides
  const id = await home.desk.notify(orderOf({ peer: hubDomain, subject: 'mimi://hub.example/u/x' }))
  const head = { notice_id: 'ntc-fedcba9876543210', issued_at: at(startMs) }
  const answer = { ...head, type: 'answer', in_reply_to: id, state: 'actioned' }
  const byOther = signed({ ...answer, from: otherDomain }, other.signing.key)
  await expect(home.desk.receive(otherDomain, byOther)).rejects.toMatchObject({
    code: 'notice-unknown',
  })
  expect(home.state(id)).toBe('queued')
  const unknown = { ...answer, from: hubDomain, in_reply_to: 'ntc-0000000000000000' }
  expect(await refusal(sides, signed(unknown, hub.signing.key))).toBe('notice-unknown')
  const retract = { ...head, from: hubDomain, type: 'retract', in_reply_to: id }
  expect(await refusal(sides, signed(retract, hub.signing.key))).toBe('notice-unknown')
})

test('a peer that answers nonsense has not answered: the notice waits, and is lost to nobody', async () => {
  const { hub, home, wire, clock } = await openSides()
  const { deliver } = wire
  const id = await hub.desk.notify(orderOf())
  const claim = { ...notice, type: 'answer', from: homeDomain, state: 'actioned' }
  const {
    subject_pseudonym: _s,
    category: _c,
    verification: _v,
    requested_action: _r,
    answer_by: _b,
    ...rest
  } = claim
  const nonsense: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('<html>'),
    signed(notice, home.signing.key),
    // An answer to another notice, and one that somebody else signed.
    signed({ ...rest, in_reply_to: 'ntc-0000000000000000' }, home.signing.key),
    signed({ ...rest, in_reply_to: id }, hub.signing.key),
    signed({ ...rest, from: hubDomain, in_reply_to: id }, home.signing.key),
  ]
  for (const bytes of nonsense) {
    wire.deliver = () => Promise.resolve({ status: 200, bytes })
    await hub.sender.sendDue()
    expect(hub.state(id)).toBe('queued')
    clock.nowMs += 3_600_000
  }
  expect(hub.sent.find(id)?.attempts).toBe(nonsense.length)
  expect(hub.log.filter((line) => line.startsWith('fault'))).toEqual([])
  wire.deliver = deliver
  await hub.sender.sendDue()
  expect(hub.state(id)).toBe('received')
})

test('a gateway that knows no notices is not asked again', async () => {
  const { hub, wire } = await openSides()
  const id = await hub.desk.notify(orderOf())
  wire.deliver = () => Promise.resolve({ status: 404, bytes: Buffer.alloc(0) })
  await hub.sender.sendDue()
  expect(hub.state(id)).toBe('refused')
  expect(hub.sent.find(id)).toMatchObject({ queued: false, refusedStatus: 404 })
})

test('an older answer does not replace a newer one, and what is final stays final', async () => {
  const { hub, home, clock } = await openSides()
  const id = await hub.desk.notify(orderOf())
  await hub.sender.sendDue()
  const answer = (state: string, issuedMs: number, number: number) =>
    signed(
      {
        type: 'answer',
        notice_id: `ntc-000000000000000${number}`,
        from: homeDomain,
        issued_at: at(issuedMs),
        in_reply_to: id,
        state,
      },
      home.signing.key,
    )
  clock.nowMs += 60_000
  await hub.desk.receive(homeDomain, answer('actioned', startMs + 50_000, 1))
  await hub.desk.receive(homeDomain, answer('no_action', startMs + 40_000, 2))
  await hub.desk.receive(homeDomain, answer('under_review', startMs + 55_000, 3))
  expect(hub.state(id)).toBe('actioned')
  await hub.desk.receive(homeDomain, answer('no_action', startMs + 55_000, 4))
  expect(hub.state(id)).toBe('no_action')
})

test('our clock a day ahead and back again loses nothing', async () => {
  const { hub, wire, clock } = await openSides()
  const { deliver } = wire
  const id = await hub.desk.notify(orderOf())
  wire.deliver = () => Promise.resolve({ status: 503, bytes: Buffer.alloc(0) })
  clock.nowMs = startMs + DAY_MS
  await hub.sender.sendDue()
  clock.nowMs = startMs
  wire.deliver = deliver
  await hub.sender.sendDue()
  expect(hub.state(id)).toBe('received')
})

test('a notice of a peer whose clock is a day ahead is taken when its time has come', async () => {
  const { hub, home, clock } = await openSides()
  const bytes = signed(
    { ...notice, issued_at: at(startMs + DAY_MS), answer_by: at(startMs + 2 * DAY_MS) },
    hub.signing.key,
  )
  const early = await handOver(home, hubDomain, bytes)
  expect([early.status, early.bytes.toString()]).toEqual([425, 'notice-early'])
  clock.nowMs += DAY_MS
  expect((await handOver(home, hubDomain, bytes)).status).toBe(200)
})

test('sealed evidence is kept sealed, apart from what is shown', async () => {
  const { hub, home } = await openSides()
  const evidence = randomBytes(1_000).toString('base64url')
  await home.desk.receive(
    hubDomain,
    signed({ ...notice, sealed_evidence: evidence }, hub.signing.key),
  )
  const found = home.desk.findReceived(notice.notice_id)
  expect(found?.hasEvidence).toBe(true)
  expect(JSON.stringify(found)).not.toContain(evidence)
})
