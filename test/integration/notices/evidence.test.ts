import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { openMessage, messageBytesMax, signMessage } from '../../../src/notices/signed-message.ts'
import { showEvidence } from '../../../src/notices/show-evidence.ts'
import { forwardedBytesMax, forwardEvidence } from '../../../src/reports/forward-evidence.ts'
import { encode } from '../../../src/wire/codec.ts'
import { sealedForHubCodec } from '../../../src/wire/mimi/report-extension.ts'
import {
  evidenceOf,
  homeDomain,
  hubDomain,
  insult,
  openSides,
  orderOf,
  pseudonym,
  room,
  rotateReportKey,
  startMs,
  tagOf,
  type Side,
  type Sides,
} from '../../support/notices.ts'
import { openingKey, openingKeys } from '../../support/reports.ts'

const threat = insult('threat-canary')

/** Home has relayed it. */
function logged({ home }: Sides, message: Buffer, sender: string = pseudonym) {
  home.logged.push({ room, frankingTag: tagOf(message), sender, timestampMs: startMs - 1_000 })
}

/** A notice with evidence goes to home; what home keeps of it, and what it answered. */
async function sent(sides: Sides, ...messages: readonly Buffer[]) {
  const { hub, home } = sides
  const id = await hub.desk.notify(orderOf({ evidence: evidenceOf(...messages) }))
  await hub.sender.sendDue()
  return { id, got: home.received.find(hubDomain, id), answered: hub.sent.find(id) }
}

/** Opens it for Ann, as home's control socket does. */
function shown(side: Side, id: string) {
  const log: string[] = []
  const parts = {
    self: side.domain,
    desk: side.desk,
    openings: {
      admit: ({ name }: { readonly name: string }) => Promise.resolve(void log.push(name)),
    },
    keys: (keyId: string) => (keyId === 'key-1' ? openingKey : undefined),
    onOpened: () => {},
  }
  return { log, opened: showEvidence(parts, { name: 'ann', mfa: true }, id) }
}

test('messages go sealed to the key of the receiver, and its own log verifies them', async () => {
  const sides = await openSides()
  logged(sides, threat)
  const { got, answered } = await sent(sides, threat)
  expect(got).toMatchObject({
    hasEvidence: true,
    ownLogMatch: true,
    check: {
      kind: 'checked',
      leftOut: 0,
      messages: [
        {
          schema: 1,
          frankingTag: tagOf(threat).toString('hex'),
          result: 'verified',
          method: 'relay-log',
          loggedAtMs: startMs - 1_000,
        },
      ],
    },
  })
  expect(answered).toMatchObject({ answer: 'received', ownLogMatch: true })
  expect(answered?.message).toMatchObject({ franking_tags: [tagOf(threat).toString('hex')] })
  for (const { store } of [sides.hub, sides.home]) {
    const kept = JSON.stringify([
      ...store.all('SELECT * FROM notices_sent'),
      ...store.all('SELECT * FROM notices_received'),
    ])
    expect(kept).not.toMatch(/canary/)
    expect(kept).not.toContain(room)
  }
})

test('a message that another of our senders sent is contradicted, and one that we do not know proves nothing', async () => {
  const sides = await openSides()
  const [mine, others, fromHub] = [insult('one'), insult('two'), insult('three')]
  logged(sides, mine)
  logged(sides, others, 'mimi://home.example/u/somebody')
  logged(sides, fromHub, '')
  const { got, answered } = await sent(sides, mine, others, fromHub, threat)
  const results = got?.check?.kind === 'checked' ? got.check.messages : []
  expect(results.map(({ result, method }) => [result, method])).toEqual([
    ['verified', 'relay-log'],
    ['contradicted', 'relay-log'],
    ['unverifiable', 'none'],
    ['unverifiable', 'none'],
  ])
  expect(results[2]?.steps).toContainEqual({ check: 'received-from-hub', outcome: 'passed' })
  expect(answered?.ownLogMatch).toBe(false)
})

test('more than finds a place is left out and counted, and the notice keeps its bound', async () => {
  const sides = await openSides()
  const size = forwardedBytesMax / 4
  const messages = ['a', 'b', 'c', 'd', 'e'].map((letter) => insult(letter.repeat(size)))
  const small = insult('small')
  const { id, got } = await sent(sides, ...messages, small)
  expect(got?.check).toMatchObject({ kind: 'checked', leftOut: 2 })
  const stored = sides.hub.sent.find(id)
  if (stored === undefined) throw new Error('not sent')
  const signed = signMessage(stored.message, sides.hub.signing.key).jws
  expect(signed.length).toBeLessThanOrEqual(messageBytesMax)
  expect(openMessage(Buffer.from(signed)).kind).toBe('opened')
})

test('twenty tags and as many octets as fit are within the bound of a notice', async () => {
  const sides = await openSides()
  const overhead = insult('').length
  const each = Math.floor(forwardedBytesMax / 20) - overhead - 4
  const messages = Array.from({ length: 20 }, (_, index) =>
    insult(String.fromCharCode(97 + index).repeat(each)),
  )
  const { got } = await sent(sides, ...messages)
  expect(got?.check).toMatchObject({ kind: 'checked', leftOut: 0 })
})

test('a message that is too large alone, and a receiver without a key: the tags go and nothing else', async () => {
  const sides = await openSides()
  const large = insult('x'.repeat(forwardedBytesMax))
  const first = await sent(sides, large)
  sides.home.reportKeys.published = undefined
  const second = await sent(sides, threat)
  for (const { got, answered } of [first, second]) {
    expect(got).toMatchObject({ hasEvidence: false, check: undefined })
    expect(got?.message).toHaveProperty('franking_tags')
    expect(answered?.ownLogMatch).toBeUndefined()
  }
})

test('a notice does not wait for evidence that nobody can open now', async () => {
  const sides = await openSides()
  sides.hub.verifier.failure = new GatewayError('verifier-unavailable')
  const { got } = await sent(sides, threat)
  expect(got).toMatchObject({ hasEvidence: false })
  expect(got?.message).toHaveProperty('franking_tags')
})

test('evidence to a key that was rotated since still opens; to one that is gone it does not', async () => {
  const sides = await openSides()
  logged(sides, threat)
  const { hub, home, wire } = sides
  const { deliver } = wire
  let rotate = () => rotateReportKey(home.reportKeys)
  wire.deliver = (from, message) => {
    rotate()
    return deliver(from, message)
  }
  const kept = await sent(sides, threat)
  expect(kept.got?.check?.kind).toBe('checked')
  rotate = () => {
    home.reportKeys.open = []
  }
  const gone = await sent(sides, threat)
  expect(gone.got).toMatchObject({ check: { kind: 'unreadable', reason: 'unknown-key' } })
  expect(gone.got?.ownLogMatch).toBeUndefined()
  expect(hub.state(gone.id)).toBe('received')
})

/** Home gets a notice with this evidence; what it finds. */
async function received(sides: Sides, sealedEvidence: Buffer, noticeId = 'ntc-0123456789abcdef') {
  const { hub, home } = sides
  const message = {
    type: 'notice',
    notice_id: noticeId,
    from: hubDomain,
    issued_at: new Date(startMs).toISOString(),
    subject_pseudonym: pseudonym,
    category: 'harassment',
    verification: 'frank',
    requested_action: 'none',
    sealed_evidence: sealedEvidence.toString('base64url'),
  } as const
  await home.desk.receive(hubDomain, Buffer.from(signMessage(message, hub.signing.key).jws))
  const { check } = home.received.find(hubDomain, noticeId) ?? {}
  return check?.kind === 'unreadable' ? check.reason : check?.kind
}

/** Evidence of the hub's for home, in a notice of this id. */
function sealedFor(
  { home }: Sides,
  messages: readonly Buffer[],
  change: { noticeId?: string; from?: string; room?: string } = {},
): Buffer {
  const { sealed } = evidenceOf(...messages)
  const { noticeId = 'ntc-0123456789abcdef', from = hubDomain, room: where = room } = change
  const key = home.reportKeys.published
  if (key === undefined) throw new Error('no key')
  const notice = { noticeId, from, to: homeDomain }
  const asked = { reportId: 'rep-1', room: where, evidence: sealed, key, notice }
  const forwarded = forwardEvidence(asked, openingKeys)
  if (forwarded.kind !== 'sealed') throw new Error(forwarded.kind)
  return forwarded.sealed
}

test.each([
  ['as it should be', {}, 'checked'],
  ['of another notice', { noticeId: 'ntc-fedcba9876543210' }, 'does-not-open'],
  ['of another hub', { from: 'c.example' }, 'does-not-open'],
  ['of another room', { room: 'mimi://hub.example/r/other' }, 'room-mismatch'],
])('evidence %s', async (_, change, expected) => {
  const sides = await openSides()
  expect(await received(sides, sealedFor(sides, [threat], change))).toBe(expected)
})

test.each([
  [
    'of another sender',
    insult('x', { senderUri: 'mimi://home.example/u/x' }),
    'alleged-abuser-mismatch',
  ],
  ['without a sender', insult('x', { senderUri: undefined }), 'sender-missing'],
  ['that is no message', Buffer.from('words'), 'malformed-content'],
])('a message %s makes evidence unreadable', async (_, message, expected) => {
  const sides = await openSides()
  expect(await received(sides, sealedFor(sides, [message]))).toBe(expected)
})

test('octets that nobody sealed are unreadable, and the notice stands', async () => {
  const sides = await openSides()
  expect(await received(sides, Buffer.from('nothing'))).toBe('malformed')
  const foreign = {
    keyId: 'report-key-1',
    kemOutput: Buffer.alloc(32, 9),
    ciphertext: Buffer.alloc(64),
  }
  const bytes = encode(sealedForHubCodec, foreign)
  expect(await received(sides, bytes, 'ntc-fedcba9876543210')).toBe('does-not-open')
  expect(sides.home.desk.listReceived({ limit: 10 })).toHaveLength(2)
})

test('what takes the reading process down is kept as it came; where there is none the hub tries again', async () => {
  const sides = await openSides()
  const bytes = sealedFor(sides, [threat])
  const { home } = sides
  home.verifier.failure = new GatewayError('verifier-unavailable', { facts: { reason: 'busy' } })
  await expect(received(sides, bytes)).rejects.toMatchObject({ code: 'verifier-unavailable' })
  expect(home.desk.listReceived({ limit: 1 })).toEqual([])
  home.verifier.failure = new GatewayError('verifier-unavailable', { facts: { reason: 'killed' } })
  expect(await received(sides, bytes)).toBe('killed')
})

test('a moderator reads it once that is logged, and not after the notice was withdrawn', async () => {
  const sides = await openSides()
  const { hub, home } = sides
  const { id } = await sent(sides, threat)
  home.reportKeys.open = openingKeys.open
  const gone = shown(home, id)
  await expect(gone.opened).rejects.toMatchObject({
    code: 'key-unavailable',
    facts: { reason: 'unknown-key' },
  })
  home.reportKeys.published = { ...openingKeys.seal, id: 'key-1' }
  const second = await sent(sides, threat)
  const { log, opened } = shown(home, second.id)
  expect(await opened).toMatchObject({
    from: hubDomain,
    subject: pseudonym,
    room,
    leftOut: 0,
    messages: [{ texts: ['threat-canary'], frankingTag: tagOf(threat).toString('hex') }],
  })
  expect(JSON.stringify(await opened)).not.toMatch(/note-canary|reporter-canary/)
  expect(log).toEqual(['ann'])
  await hub.desk.retract(second.id)
  await hub.sender.sendDue()
  await expect(shown(home, second.id).opened).rejects.toMatchObject({ code: 'not-found' })
})
