import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { frankStruct } from '../../../src/franking/frank-struct.ts'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { createFrankingAgent } from '../../../src/franking/franking-agent.ts'
import { createReportVerifier } from '../../../src/franking/verify-report.ts'
import { createSecretKey } from 'node:crypto'
import { encode } from '../../../src/wire/codec.ts'
import {
  reportExtensionCodec,
  reportExtensionComponent,
  reportTokenCodec,
  reportTokenComponent,
} from '../../../src/wire/mimi/report-extension.ts'
import {
  acceptedMs,
  alice,
  ed25519Key,
  room,
  testAgent,
  textContent,
} from '../../support/franking.ts'
import { abusive, openDesk, reportExchange } from '../../support/reports.ts'

const content = textContent('abusive text')
const DAY_MS = 86_400_000
const MEBIBYTE = 1_048_576

function padded(padding: number) {
  return reportExchange({
    messages: [abusive(content)],
    abuseExtensions: { componentData: [{ componentId: 0xff00, data: Buffer.alloc(padding) }] },
  })
}

/** A report of exactly so many octets: the padding stands in an extension that nobody knows. */
function sized(bytes: number) {
  const some = 1_000_000
  return padded(some + bytes - padded(some).bytes.length)
}

test('1 MiB is taken, and one octet more is not', async () => {
  const { desk } = await openDesk()
  const whole = sized(MEBIBYTE)
  expect(whole.bytes).toHaveLength(MEBIBYTE)
  expect(await desk.receive(whole)).toMatchObject({ result: 'verified' })
  await expect(desk.receive(sized(MEBIBYTE + 1))).rejects.toMatchObject({ code: 'body-too-large' })
  expect(desk.list()).toHaveLength(1)
})

test('10,000 identical reports make one row, with messages or without', async () => {
  const { desk, store } = await openDesk()
  const note = { note: Buffer.from('again and again') }
  for (const report of [reportExchange({ messages: [abusive(content)] }), reportExchange(note)]) {
    const first = await desk.receive(report)
    for (let batch = 0; batch < 100; batch += 1) {
      const receipts = await Promise.all(Array.from({ length: 100 }, () => desk.receive(report)))
      expect(new Set(receipts.map(({ id }) => id))).toEqual(new Set([first.id]))
    }
  }
  expect(desk.list()).toHaveLength(2)
  expect(store.get('SELECT count(*) AS n FROM report_messages')).toEqual({ n: 1 })
}, 120_000)

function messageAt(timestampMs: number) {
  const frankingTag = readApplicationData(content)?.frankingTag ?? Buffer.alloc(32)
  const frank = testAgent().stamp({ room, sender: alice, frankingTag, timestampMs })
  return {
    messageContent: content,
    frank: frankStruct(frank),
    acceptedTimestamp: BigInt(timestampMs),
  }
}

const stranger = createFrankingAgent({
  domain: 'other.example',
  ciphersuite: 1,
  signingKey: ed25519Key(randomBytes(32)),
  master: createSecretKey(randomBytes(32)),
})

function foreign() {
  const frankingTag = readApplicationData(content)?.frankingTag ?? Buffer.alloc(32)
  const stamped = { room, sender: alice, frankingTag, timestampMs: acceptedMs }
  return { ...abusive(content), frank: frankStruct(stranger.stamp(stamped)) }
}

function ofOtherRoom() {
  const frankingTag = readApplicationData(content)?.frankingTag ?? Buffer.alloc(32)
  const elsewhere = 'mimi://hub.example/r/other'
  const stamped = { room: elsewhere, sender: alice, frankingTag, timestampMs: acceptedMs }
  return { ...abusive(content), frank: frankStruct(testAgent().stamp(stamped)) }
}

function ofSuite(suite: number) {
  const message = abusive(content)
  return { ...message, frank: { ...message.frank, frankingSignatureCiphersuite: suite } }
}

test.each([
  ['from the future', messageAt(acceptedMs + 10 * 60_000), 'time-out-of-range'],
  ['from before the retention', messageAt(acceptedMs - 31 * DAY_MS), 'time-out-of-range'],
  [
    'from the end of time',
    { ...abusive(content), acceptedTimestamp: 2n ** 64n - 1n },
    'time-out-of-range',
  ],
  ['with a frank of another hub', foreign(), 'frank-not-ours'],
  ['with a frank of another room', ofOtherRoom(), 'frank-not-ours'],
  [
    'with the frank of another message',
    abusive(content, textContent('other')),
    'frank-swap-suspected',
  ],
  ['with another suite', ofSuite(2), 'signature-invalid'],
])('a message %s is taken, unverifiable, and says why', async (_, message, anomaly) => {
  const { desk } = await openDesk({ facts: { createdAtMs: 0 } })
  const { id, result } = await desk.receive(reportExchange({ messages: [message] }))
  expect(result).toBe('unverifiable')
  expect((await desk.show(id))?.checks).toMatchObject([{ anomaly, method: 'none' }])
})

test('a suite that the room never used does not verify', async () => {
  const { desk } = await openDesk({ facts: { ciphersuites: [2] } })
  const { id } = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  expect((await desk.show(id))?.checks).toMatchObject([{ anomaly: 'suite-not-of-room' }])
})

function external(contentHash: Buffer) {
  return {
    cardinality: 'external',
    disposition: 6,
    language: '',
    contentType: 'image/png',
    url: 'https://assets.example/1',
    expires: 0,
    size: 9,
    encAlg: 1,
    key: Buffer.alloc(16),
    nonce: Buffer.alloc(12),
    aad: Buffer.alloc(0),
    hashAlg: 1,
    contentHash,
    description: '',
    filename: '',
  } as const
}

test('an attachment without a hash is marked as not verifiable, one with a hash is not', async () => {
  const attached = textContent('', {
    body: {
      cardinality: 'multi',
      disposition: 1,
      language: '',
      partSemantics: 'processAll',
      parts: [external(Buffer.alloc(32, 1)), external(Buffer.alloc(0))],
    },
  })
  const { desk } = await openDesk()
  const { id, result } = await desk.receive(reportExchange({ messages: [abusive(attached)] }))
  expect(result).toBe('verified')
  const proof: unknown = JSON.parse((await desk.show(id))?.checks[0]?.proof ?? '')
  expect(proof).toMatchObject({ attachments: 2, unverifiableAttachments: 1 })
})

test('a swapped frank is charged to the path once, however often it is reported', async () => {
  const verify = createReportVerifier({
    agent: testAgent(),
    clock: () => acceptedMs,
    retentionMs: DAY_MS,
    relayed: () => ({ timestampMs: acceptedMs, sequence: 3n }),
  })
  const { desk } = await openDesk({ verify })
  const report = reportExchange({ messages: [abusive(content, textContent('other'))] })
  expect(await desk.receive(report)).toMatchObject({ result: 'verified' })
  await desk.receive(report)
  expect(desk.pathAnomalies()).toEqual([
    {
      provider: 'c.example',
      anomaly: 'frank-swapped-in-transit',
      count: 1,
      newestMs: acceptedMs + 60_000,
    },
  ])
})

function spam(reportingUser: string, frankingTag = Buffer.alloc(32, 1)) {
  const empty = Buffer.alloc(0)
  const extension = { code: 'spam', consentFlags: 0, reporterProof: empty, sealedMessages: empty }
  return reportExchange({
    reportingUser,
    abuseExtensions: {
      componentData: [
        {
          componentId: reportExtensionComponent,
          data: encode(reportExtensionCodec, { ...extension, mlsEvidence: empty }),
        },
        { componentId: reportTokenComponent, data: encode(reportTokenCodec, { frankingTag }) },
      ],
    },
  })
}

test('spam without content counts distinct reporters, and each copy once', async () => {
  const { desk, store } = await openDesk({ relayedAtMs: () => acceptedMs })
  const users = ['one', 'two', 'three'].map((name) => `mimi://c.example/u/${name}`)
  for (const user of [...users, ...users])
    expect(await desk.receive(spam(user))).toMatchObject({ category: 'spam', duplicate: false })
  expect(desk.spamCounts()).toMatchObject([{ room, reporters: 3, copies: 1 }])
  await desk.receive(spam('', Buffer.alloc(32, 2)))
  expect(desk.spamCounts()).toMatchObject([{ reporters: 4, copies: 2 }])
  // No report is kept of it, and nothing that shows the message.
  expect(desk.list()).toEqual([])
  expect(
    store.all('SELECT hex(copy) AS copy FROM spam_copies').map(({ copy }) => copy),
  ).not.toContain(Buffer.alloc(16, 1).toString('hex'))
})

test.each([
  ['that nobody relayed', undefined],
  ['of more than 7 days ago', acceptedMs - 7 * DAY_MS],
])('spam %s is answered the same and counts nothing', async (_, atMs) => {
  const { desk } = await openDesk({ relayedAtMs: () => atMs })
  const receipt = await desk.receive(spam('mimi://c.example/u/one'))
  expect(receipt.id).toMatch(/^spm-/)
  expect(desk.spamCounts()).toEqual([])
})

test('spam is forgotten after 7 days', async () => {
  let nowMs = acceptedMs
  const { desk } = await openDesk({ relayedAtMs: () => nowMs, clock: () => nowMs })
  await desk.receive(spam('mimi://c.example/u/one'))
  nowMs += 7 * DAY_MS
  await desk.forgetSpam()
  expect(desk.spamCounts()).toHaveLength(1)
  nowMs += 1
  await desk.forgetSpam()
  expect(desk.spamCounts()).toEqual([])
})

test('a report stands as received until somebody works on it', async () => {
  const { desk } = await openDesk()
  const { id, receivedAtMs } = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  expect(desk.status({ report: id, issuedAtMs: receivedAtMs })).toBe('received')
  const working = await openDesk({ progress: () => 'decided:action_taken' })
  const taken = await working.desk.receive(reportExchange({ messages: [abusive(content)] }))
  const receipt = { report: taken.id, issuedAtMs: 0 }
  expect(working.desk.status(receipt)).toBe('decided:action_taken')
})

test.each([
  ['a report that is not kept', 'rep-unknown', 14],
  ['spam without content', 'spm-unknown', 7],
])('%s stands as received until it would be forgotten', async (_, report, days) => {
  let nowMs = acceptedMs
  const { desk } = await openDesk({ clock: () => nowMs })
  const receipt = { report, issuedAtMs: acceptedMs }
  nowMs += days * 86_400_000 - 1
  expect(desk.status(receipt)).toBe('received')
  nowMs += 1
  expect(desk.status(receipt)).toBeUndefined()
})
